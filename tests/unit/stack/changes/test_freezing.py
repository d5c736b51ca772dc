"""Freezes and quarantines of several replicas: in force from the revision that names them, everywhere, or nowhere."""

import asyncio
import random
from typing import Any

import pytest

from stack.changes.change_request import ChangeRequest
from stack.errors import Frozen, NotFound, NysaError, OutcomeUnknown, RevisionConflict
from stack.state.revisions import Origin, decode
from tests.asynchronous import asynchronous
from tests.fake_s3 import World, down, expired, refused, throttled
from tests.replicas import Replica, turns


def request(message: str = '', **more: Any) -> ChangeRequest:
    return ChangeRequest(Origin('kim', 'test', message), **more)


def document(tag: int) -> dict[str, Any]:
    return {'services': [{'web': {'image': f'web:{tag}', 'desired_count': 1}}]}


async def change(replica: Replica, tag: int, **more: Any) -> Any:
    return await replica.states.replace('prod', document(tag), request(f'change {tag}', **more))


async def freeze(replica: Replica, **more: Any) -> Any:
    return await replica.context.freezing.freeze('prod', request(**more), 'freeze', None)


async def thaw(replica: Replica, **more: Any) -> Any:
    return await replica.context.freezing.thaw('prod', request('thaw', **more))


async def replicas(world: World, number: int = 2) -> list[Replica]:
    made = [Replica(world) for _ in range(number)]
    await made[0].states.create('prod', document(0), request('create'))
    await made[0].settled()
    return made


@asynchronous
async def test_a_thaw_that_is_refused_in_the_end_was_never_believed():
    world = World()
    here, there, third = await replicas(world, 3)
    frozen = await freeze(here)
    held = here.aws.hold('PutObject', 'prod')
    lifting = asyncio.create_task(thaw(here, expected=frozen.revision.id))
    await held.reached.wait()
    with pytest.raises(Frozen):
        await change(there, 1)
    await change(there, 2, override='it must be')
    held.go.set()
    with pytest.raises(RevisionConflict):
        await lifting
    for replica in (here, there, third):
        assert await replica.frozen('prod')
        with pytest.raises(Frozen):
            await change(replica, 3)


@pytest.mark.parametrize('key', ['guards', 'prod', 'copy'])
@pytest.mark.parametrize('after', [False, True])
@asynchronous
async def test_a_process_that_dies_anywhere_leaves_a_freeze_or_none(key: str, after: bool):
    world = World()
    here, there = await replicas(world)

    def dies(operation: str, at: str) -> bool:
        of = {'guards': at.startswith('nysa/guards/prod/'), 'prod': at == 'prod', 'copy': at == 'nysa/guards/prod'}
        return operation == 'PutObject' and of[key]

    held = here.aws.hold_where(dies, after=after)
    dying = asyncio.create_task(freeze(here))
    await held.reached.wait()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    is_named = bool(world.current('prod').metadata.get('nysa-guards'))
    assert is_named == ((key, after) not in {('guards', False), ('guards', True), ('prod', False)})
    for replica in (there, Replica(world)):
        assert await replica.frozen('prod') == is_named
    world.store('prod', b'{"services": []}')
    for replica in (there, Replica(world)):
        assert await replica.frozen('prod') == is_named, 'what another program writes leaves it in force'


@asynchronous
async def test_another_program_that_stores_the_same_again_lifts_no_freeze():
    world = World()
    here, there = Replica(world), Replica(world)
    body = b'{"services": [{"web": {"image": "web:1", "desired_count": 1}}]}'
    world.store('prod', body)
    await there.store.read('prod')
    await freeze(here)
    world.store('prod', body)
    with pytest.raises(Frozen):
        await there.states.change_service('prod', 'web', request(), {'image_tag': '2'})


@asynchronous
async def test_without_versions_a_freeze_outlives_what_another_program_writes():
    world = World()
    here, there = await replicas(world)
    await freeze(here)
    del world.objects['prod'][:]
    world.store('prod', b'{"services": []}').id = 'null'
    assert await there.frozen('prod')
    await thaw(there)
    assert not await here.frozen('prod')


@asynchronous
async def test_an_interrupted_removal_is_completed_by_the_next_who_comes():
    world = World()
    here, there = await replicas(world)
    here.aws.fail(lambda *_: any(operation == 'DeleteObject' for operation, _ in here.aws.calls), times=100)
    with pytest.raises(NysaError):
        await here.states.remove('prod', request('remove'))
    assert world.current('prod') is not None
    with pytest.raises(NotFound):
        await there.states.change_service('prod', 'web', request(), {'image_tag': '2'})
    assert world.current('prod') is None
    await there.states.restore('prod', request('restore'))
    rows = (await there.context.history.page('prod', 10)).rows
    assert [(row['changes'][0]['did']['verb'], row['removed']) for row in rows] == [
        ('restore', False),
        ('remove cluster', True),
        ('create', False),
    ]


@asynchronous
async def test_a_removal_that_s3_refuses_is_withdrawn():
    world = World()
    here, there = await replicas(world)
    here.aws.fail(lambda operation, key: operation == 'DeleteObject', times=100)
    with pytest.raises(NysaError) as caught:
        await here.states.remove('prod', request('remove'))
    assert caught.value.consequence == 'prod stays managed.'
    assert (await there.states.read('prod')).document == document(0)
    await there.states.change_service('prod', 'web', request(), {'image_tag': '2'})
    rows = (await there.context.history.page('prod', 10)).rows
    assert not any(row['removed'] for row in rows)


@pytest.mark.parametrize('seed', range(40))
@asynchronous
async def test_freezes_changes_and_lost_answers_in_any_order(seed: int, monkeypatch):
    monkeypatch.setattr('stack.notify.notifier.FIRST_PAUSE_S', 0)
    monkeypatch.setattr('stack.changes.writer.PAUSE_S', 0)
    chance, world = random.Random(seed), World()
    made = await replicas(world)
    for replica in made:
        _delay(replica, chance)
    outcomes: dict[str, bool] = {}

    async def step(number: int, replica: Replica, what: Any, expected: str | None) -> None:
        with_change = ChangeRequest(Origin('kim', 'test', f'step {number}'), expected)
        try:
            if what == 'freeze':
                await replica.context.freezing.freeze('prod', with_change, f'step {number}', None)
            elif what == 'thaw':
                await replica.context.freezing.thaw('prod', with_change)
            else:
                await replica.states.replace('prod', document(what), with_change)
        except NysaError as failed:
            if not isinstance(failed, OutcomeUnknown):
                outcomes[f'step {number}'] = False
        else:
            outcomes[f'step {number}'] = True

    tasks = []
    for number in range(25):
        replica = chance.choice(made)
        what = chance.choice(['freeze', 'thaw', chance.randrange(3), chance.randrange(3)])
        expected = world.current('prod').id if chance.random() < 0.5 else None
        if chance.random() < 0.2:
            error = chance.choice([down, throttled, expired, refused])
            replica.aws.fail(lambda operation, _: operation == 'PutObject', error, after=chance.random() < 0.7)
        tasks.append(asyncio.create_task(step(number, replica, what, expected)))
        await turns(chance.randrange(40))
    await asyncio.gather(*tasks)
    for replica in made:
        replica.aws.clear()
        await replica.settled()
    _check_history(world, outcomes)
    seen = {await replica.frozen('prod') for replica in (*made, Replica(world))}
    assert seen == {_is_frozen(world)}


def _delay(replica: Replica, chance: random.Random) -> None:
    call = replica.aws.call

    async def later(*arguments: Any, **named: Any) -> Any:
        await turns(chance.randrange(12))
        answer = await call(*arguments, **named)
        await turns(chance.randrange(12))
        return answer

    replica.aws.call = later


def _verbs(world: World) -> list[tuple[str, str]]:
    found = []
    for each in world.contents('prod'):
        for one in decode(each.metadata):
            found.append((one.did['verb'], one.origin.message))
    return found


def _is_frozen(world: World) -> bool:
    last = [verb for verb, _ in _verbs(world) if verb in ('freeze', 'thaw')]
    return bool(last) and last[-1] == 'freeze'


def _check_history(world: World, outcomes: dict[str, bool]) -> None:
    """Each accepted step is in the history once, refused ones are not, and nothing is stored in a freeze."""
    steps = [message for _, message in _verbs(world)]
    for step, accepted in outcomes.items():
        assert steps.count(step) == accepted, (step, accepted)
    is_frozen = False
    for verb, message in _verbs(world):
        assert verb in ('freeze', 'thaw') or not is_frozen, f'{message} was stored in a freeze'
        is_frozen = {'freeze': True, 'thaw': False}.get(verb, is_frozen)
    etags = [each.etag for each in world.contents('prod')]
    assert len(set(etags)) == len(etags)
