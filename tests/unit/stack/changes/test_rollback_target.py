"""Which revision a rollback goes back to where the caller names none."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from stack.changes.guards import Quarantine
from stack.changes.rollback_target import Target, Targets
from stack.errors import AwsFailed, Quarantined, Unprocessable
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout import Ending, Goal, Rollout, Verdict, begin, end
from stack.state.revisions import Revision
from tests.unit.stack.rollouts.test_cluster_state import START, revision

WEB = 'registry.example/web'


class World:
    """A history, the oldest revision first; a test states how each rollout ended."""

    def __init__(self, *revisions: Revision):
        self.revisions = list(revisions)
        self.held: list[Quarantine] = []
        self.state = ClusterState(revision('newest'), START)
        self.refusal: AwsFailed | None = None
        for each in revisions:
            self.state.book.leave(each.id)

    def ended(self, name: str, service: str, ending: Ending) -> None:
        goal = Goal(service, name, START, '', 1, START)
        self.state.former[name][service] = end(begin(goal), Verdict(ending, '', START))

    def open(self, name: str, service: str) -> None:
        self.state.former[name][service] = Rollout(Goal(service, name, START, '', 1, START), 'queued', 0, START)

    def hold(self, service: str, image: str) -> None:
        self.held.append(Quarantine(service, image, None, 'ann', START, 'broken', 'r0'))

    # What is asked of the history, of the guards and of what is known of rollouts.

    async def before(self, revision: Revision) -> Revision | None:
        index = [each.id for each in self.revisions].index(revision.id)
        return self.revisions[index - 1] if index else None

    async def quarantined(self, revision: Revision) -> tuple[Quarantine, ...]:
        return tuple(self.held)

    async def digest(self, image: str) -> None:
        return None

    async def states(self, cluster: str) -> ClusterState:
        if self.refusal:
            raise self.refusal
        return self.state

    def choose(self, service: str | None = None) -> Target:
        return asyncio.run(Targets(self, self, self.states).choose(self.revisions[-1], service))


def made(number: int, **images: str) -> Revision:
    services: dict[str, Any] = {name: {'image': f'registry.example/{name}:{tag}'} for name, tag in images.items()}
    return revision(f'r{number}', at=START + timedelta(minutes=number), **services)


def test_the_newest_one_that_succeeded():
    world = World(made(1, web='1'), made(2, web='2'), made(3, web='3'), made(4, web='4'))
    world.ended('r1', 'web', 'succeeded')
    world.ended('r2', 'web', 'succeeded')
    world.ended('r3', 'web', 'rolled-back')
    found = world.choose()
    assert found.revision.id == 'r2'
    assert found.to_json() == {
        'restored': 'r2',
        'restored_because': 'The newest revision whose rollout succeeded.',
        'skipped': [{'revision': 'r3', 'service': 'web', 'reason': 'Its rollout failed.'}],
    }


@pytest.mark.parametrize('ending', ['superseded', None])
def test_one_of_which_no_success_is_known_only_where_there_is_no_other(ending: Ending | None):
    world = World(made(1, web='1'), made(2, web='2'), made(3, web='3'))
    if ending:
        world.ended('r2', 'web', ending)
    else:
        world.open('r2', 'web')
    assert world.choose().revision.id == 'r2'
    world.ended('r1', 'web', 'succeeded')
    assert world.choose().revision.id == 'r1'


def test_each_service_is_judged_by_the_revision_that_changed_it_last():
    world = World(made(1, web='1', api='1'), made(2, web='1', api='2'), made(3, web='2', api='3'))
    world.ended('r1', 'web', 'succeeded')
    world.ended('r2', 'api', 'succeeded')
    assert world.choose().revision.id == 'r2'
    world.ended('r2', 'api', 'aborted')
    assert world.choose().revision.id == 'r1'


def test_what_the_rollback_would_not_change_is_not_judged():
    world = World(made(1, web='1', api='1'), made(2, web='1', api='9'), made(3, web='2', api='9'))
    world.ended('r1', 'web', 'succeeded')
    world.ended('r2', 'api', 'stalled')
    assert world.choose().revision.id == 'r2'


def test_of_one_service_alone():
    world = World(made(1, web='1', api='1'), made(2, web='2', api='1'), made(3, web='3', api='2'))
    world.ended('r1', 'web', 'succeeded')
    world.ended('r2', 'web', 'stalled')
    world.ended('r1', 'api', 'stalled')
    assert world.choose('web').revision.id == 'r1'


def test_never_one_in_quarantine():
    world = World(made(1, web='1'), made(2, web='2'), made(3, web='3'))
    world.ended('r2', 'web', 'succeeded')
    world.hold('web', f'{WEB}:2')
    assert world.choose().revision.id == 'r1'
    world.hold('web', f'{WEB}:1')
    with pytest.raises(Quarantined):
        world.choose()


def test_where_all_failed_the_caller_has_to_name_one():
    world = World(made(1, web='1'), made(2, web='2'))
    world.ended('r1', 'web', 'rolled-back')
    with pytest.raises(Unprocessable, match='Name one in `revision`') as refused:
        world.choose()
    assert refused.value.details() == [{'path': 'r1', 'message': 'web: Its rollout failed.'}]


def test_where_nothing_differs():
    with pytest.raises(Unprocessable, match='differs'):
        World(made(1, web='1'), made(2, web='1')).choose()


def test_without_knowledge_of_rollouts_the_last_other_one():
    world = World(made(1, web='1'), made(2, web='2'), made(3, web='3'))
    world.refusal = AwsFailed('no', 's3:GetObject', 'AccessDenied')
    assert world.choose().revision.id == 'r2'
