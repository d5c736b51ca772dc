"""Every verb, with an error at every call to AWS that it makes: its answer is never false, and all replicas agree."""

import copy
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from stack.changes.change_request import ChangeRequest
from stack.errors import AwsFailed, NotFound, NysaError, OutcomeUnknown
from stack.stackfile.editing import Edit
from stack.state.revisions import Origin, decode
from tests.asynchronous import asynchronous
from tests.fake_s3 import World, down, expired, refused, throttled, timed_out
from tests.replicas import Replica, turns

ERRORS = (down, timed_out, throttled, expired, refused)


def document(tag: str = '1', *more: str) -> dict[str, Any]:
    return {'services': [{name: {'image': f'{name}:{tag}', 'desired_count': 1}} for name in ('web', 'worker', *more)]}


def request(message: str = '', **more: Any) -> ChangeRequest:
    return ChangeRequest(Origin('kim', 'test', message), **more)


@dataclass(frozen=True)
class Verb:
    """One verb of the API: `prepare` brings the cluster to where `act` is possible."""

    name: str
    act: Callable[[Replica], Awaitable[Any]]
    prepare: tuple[Callable[[Replica], Awaitable[Any]], ...] = ()


MARK = 'the change in question'


async def create(replica: Replica) -> Any:
    return await replica.states.create('prod', document('1'), request(MARK))


async def managed(replica: Replica) -> Any:
    return await replica.states.create('prod', document('1'), request())


async def changed(replica: Replica) -> Any:
    return await replica.states.replace('prod', document('2'), request())


async def removed(replica: Replica) -> Any:
    return await replica.states.remove('prod', request())


async def frozen(replica: Replica) -> Any:
    return await replica.context.freezing.freeze('prod', request(), 'sale', None)


async def rolled_back(replica: Replica) -> Any:
    return await replica.context.rollback.roll_back('prod', request())


async def a_source(replica: Replica) -> Any:
    return await replica.states.create('staging', document('3'), request())


IS_MANAGED = (managed, changed)

VERBS = [
    Verb('create', create),
    Verb('restore', lambda r: r.states.restore('prod', request(MARK)), (*IS_MANAGED, removed)),
    Verb('replace', lambda r: r.states.replace('prod', document('3'), request(MARK)), IS_MANAGED),
    Verb(
        'replace and destroy',
        lambda r: r.states.replace('prod', {'services': []}, request(MARK), prune=True),
        IS_MANAGED,
    ),
    Verb(
        'replace with the same',
        lambda r: r.states.replace('prod', document('2'), request(MARK)),
        IS_MANAGED,
    ),
    Verb(
        'PUT service', lambda r: r.states.change_service('prod', 'web', request(MARK), {'desired_count': 3}), IS_MANAGED
    ),
    Verb('PATCH', lambda r: r.states.change_services('prod', {'web': Edit(image_tag='4')}, request(MARK)), IS_MANAGED),
    Verb('restart', lambda r: r.states.restart_service('prod', 'web', request(MARK)), IS_MANAGED),
    Verb('DELETE service', lambda r: r.states.remove_service('prod', 'web', request(MARK)), IS_MANAGED),
    Verb('remove', lambda r: r.states.remove('prod', request(MARK)), IS_MANAGED),
    Verb('freeze', lambda r: r.context.freezing.freeze('prod', request(), MARK, None), IS_MANAGED),
    Verb('thaw', lambda r: r.context.freezing.thaw('prod', request(MARK)), (*IS_MANAGED, frozen)),
    Verb('release', lambda r: r.context.freezing.release('prod', 'web', request(), MARK), (*IS_MANAGED, rolled_back)),
    Verb('rollback', lambda r: r.context.rollback.roll_back('prod', request(MARK)), IS_MANAGED),
    Verb('promote', lambda r: r.context.promotion.promote('prod', request(MARK), 'staging'), (*IS_MANAGED, a_source)),
]


async def prepared(verb: Verb) -> World:
    """A world in which the verb can be done, without anything under way."""
    world = World()
    replica = Replica(world)
    for step in verb.prepare:
        await step(replica)
        await replica.settled()
    return world


def made(world: World) -> list[str]:
    """The revisions that record the change in question."""
    return [
        each.id
        for each in world.contents('prod')
        if any(change.origin.message == MARK for change in decode(each.metadata))
    ]


@dataclass
class Case:
    """The call that fails, how, and whether it has taken effect; `rest`: no call after it is answered."""

    number: int
    error: Callable[[str], AwsFailed]
    after: bool
    rest: bool

    def arm(self, replica: Replica) -> None:
        start = len(replica.aws.calls)

        def number() -> int:
            return len(replica.aws.calls) - start - 1

        replica.aws.fail(lambda *_: number() == self.number, self.error, after=self.after)
        if self.rest:
            replica.aws.fail(lambda *_: number() > self.number, down, times=10_000)


async def play(verb: Verb, world: World, case: Case, warm: bool) -> None:
    """Do the verb once with one call failing, and check what was answered against what is stored."""
    replica, other = Replica(world), Replica(world)
    if warm:
        await _known(replica)
        await _known(other)
    before = world.current('prod')
    case.arm(replica)
    outcome, failed = await _answer(verb, replica)
    in_doubt = isinstance(failed, OutcomeUnknown)
    if in_doubt:
        assert failed.message.startswith('It is not known whether')
        assert 'Nothing was changed' not in failed.message
    elif isinstance(failed, AwsFailed) and failed.consequence == 'Nothing was changed.':
        assert world.current('prod') is before
    elif failed is None:
        assert outcome.revision.id in {each.id for each in world.contents('prod')}
    replica.aws.clear()
    await replica.settled()
    recorded = made(world)
    assert len(recorded) <= 1
    if isinstance(failed, AwsFailed) and failed.consequence == 'prod stays managed.':
        assert world.current('prod').body.rstrip() == before.body.rstrip()
    else:
        assert in_doubt or len(recorded) == (failed is None), 'accepted once, or refused and not stored'
    await _agree(world, replica, other)
    await turns()


async def _answer(verb: Verb, replica: Replica) -> tuple[Any, NysaError | None]:
    try:
        return await verb.act(replica), None
    except NysaError as failed:
        return None, failed


async def _known(replica: Replica) -> None:
    try:
        await replica.frozen('prod')
    except NotFound:
        return


async def _agree(world: World, *replicas: Replica) -> None:
    """All replicas, and one that starts now, see the same; what wants to be announced is announced."""
    fresh = Replica(world)
    await fresh.settled()
    seen = []
    for replica in (*replicas, fresh):
        try:
            revision = await replica.store.read('prod')
            seen.append((revision.id, await replica.frozen('prod')))
        except NotFound:
            seen.append((None, False))
    assert len(set(seen)) == 1, seen
    assert (world.current('prod').id if world.current('prod') else None) == seen[0][0]
    wanted = {each.id for each in world.contents('prod') if any(change.announce for change in decode(each.metadata))}
    announced = {each.get('revision') for each in fresh.aws.sent}
    newest = next((each.id for each in reversed(world.contents('prod')) if each.id in wanted), None)
    assert newest is None or world.current('prod') is None or newest in announced


@pytest.mark.parametrize('verb', VERBS, ids=lambda verb: verb.name)
@pytest.mark.parametrize('warm', [True, False], ids=['warm', 'fresh'])
@asynchronous
async def test_the_answer_is_never_false(verb: Verb, warm: bool, monkeypatch):
    monkeypatch.setattr('stack.notify.notifier.FIRST_PAUSE_S', 0)
    world = await prepared(verb)
    for number, operation in enumerate(await _calls_of(verb, copy.deepcopy(world), warm)):
        writes = operation.startswith(('Put', 'Delete'))
        for error, after, rest in itertools.product(ERRORS if writes else (down,), (False, True), (False, True)):
            case = Case(number, error, after, rest)
            try:
                await play(verb, copy.deepcopy(world), case, warm)
            except AssertionError as wrong:
                raise AssertionError(f'{verb.name}: {case}: {wrong}') from wrong


async def _calls_of(verb: Verb, world: World, warm: bool) -> list[str]:
    replica = Replica(world)
    if warm:
        await _known(replica)
    start = len(replica.aws.calls)
    await verb.act(replica)
    assert len(made(world)) == 1
    return [operation for operation, _ in replica.aws.calls[start:]]


@asynchronous
async def test_an_announcement_that_is_pending_is_not_nothing(monkeypatch):
    monkeypatch.setattr('stack.notify.notifier.FIRST_PAUSE_S', 0)
    world = World()
    replica = Replica(world)
    await managed(replica)
    await replica.settled()
    sent = len(replica.aws.sent)
    replica.aws.fail(lambda operation, _: operation == 'SendMessage', times=3)
    replica.aws.fail(lambda operation, _: operation == 'PutObjectTagging')
    outcome = await replica.states.deploy('prod', request())
    assert outcome.announced is False
    replica.aws.clear()
    await replica.settled()
    assert len(replica.aws.sent) > sent
