"""The news of proposals: what is published, once, and what is carried out after a replica has ended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.changes.approvers import Account, Decision
from stack.changes.proposal import Proposal, State, read_proposal
from stack.changes.proposal_store import Written
from stack.errors import Conflict
from stack.live.event import Event
from stack.live.proposal_news import CLOCKS_DIFFER_BY, LEFT_AFTER, MOST_MISSED, ProposalNews
from stack.state.revisions import Origin
from tests.asynchronous import asynchronous

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def proposal(**more: Any) -> Proposal:
    made = Proposal(
        id='1-a',
        cluster='prod',
        plan_id='p',
        base='r',
        first='r',
        author=Account('ann', 'token'),
        origin=Origin('ann', 'test'),
        at=NOW,
        expires_at=NOW + timedelta(hours=4),
        needed=(),
        did={'verb': 'change'},
        announce='deploy',
        summary='web: image 1 → 2',
    )
    return replace(made, **more)


class Scene:
    """The proposals of a bucket, what is published of them, and which are carried out again."""

    def __init__(self, *found: Proposal):
        self.found = list(found)
        self.events: list[tuple[str, str]] = []
        self.resumed: list[str] = []
        self.asked: list[datetime] = []
        self.news = ProposalNews(self, self, lambda: NOW)

    async def young(self, cluster: str | None) -> list[Proposal]:
        return [each for each in self.found if cluster in (None, each.cluster)]

    async def written_since(self, at: datetime, most: int) -> Written:
        self.asked.append(at)
        return Written(tuple(self.found[:most]), len(self.found) <= most)

    async def resume(self, left: Proposal) -> None:
        self.resumed.append(left.id)
        raise Conflict('It kept changing.')

    def publish(self, event: Event) -> None:
        self.events.append((event.type, event.content['state']))


@asynchronous
async def test_what_another_replica_did_is_published_once():
    scene = Scene(proposal())
    await scene.news.look()
    assert scene.events == []
    by = Decision(Account('bob', 'token'), NOW)
    for kind, moved in [
        ('approved', proposal(approvals=(by,), serial=1)),
        ('proposal', proposal(renewals=1, serial=2)),
        ('rejected', proposal(state=State.REJECTED, serial=3)),
        ('proposal', proposal(id='2-b', serial=0)),
        ('approved', proposal(id='2-b', state=State.CARRIED_OUT, serial=2)),
    ]:
        scene.found = [moved]
        await scene.news.look_at(['prod', 'stag'])
        await scene.news.look()
        assert scene.events[-1] == (kind, moved.state.value)
    assert len(scene.events) == 5


@asynchronous
async def test_what_this_replica_did_is_published_at_once_and_never_older():
    scene = Scene()
    scene.news.moved(proposal(serial=2, state=State.CARRIED_OUT))
    scene.news.moved(proposal(serial=1))
    assert scene.events == [('approved', 'carried-out')]


@asynchronous
async def test_what_was_left_approved_is_carried_out(caplog: pytest.LogCaptureFixture):
    late = NOW - LEFT_AFTER - timedelta(seconds=1)
    scene = Scene(
        proposal(id='left', state=State.APPROVED, approved_at=late),
        proposal(id='new', state=State.APPROVED, approved_at=NOW),
        proposal(id='open', approved_at=late),
    )
    await scene.news.look()
    assert scene.resumed == ['left']
    assert 'is not carried out' in caplog.text


@asynchronous
async def test_who_was_away_is_sent_the_newest_state_of_what_moved():
    by = Decision(Account('bob', 'token'), NOW)
    scene = Scene(proposal(approvals=(by,), serial=1), proposal(id='2-b', serial=0))
    # This replica has published a newer state than the listing had.
    scene.news.moved(proposal(id='2-b', state=State.REJECTED, serial=1))
    missed = await scene.news.missed_since(NOW + timedelta(seconds=20))
    assert scene.asked == [NOW - CLOCKS_DIFFER_BY]
    assert [(each.type, each.content['id'], each.content['serial']) for each in missed.events] == [
        ('approved', '1-a', 1),
        ('rejected', '2-b', 1),
    ]
    assert missed.is_complete


@asynchronous
async def test_too_many_that_moved_are_not_sent():
    scene = Scene(*(proposal(id=str(number)) for number in range(MOST_MISSED + 1)))
    assert not (await scene.news.missed_since(NOW)).is_complete


def test_a_record_is_read_as_it_was_written():
    by = Decision(Account('bob', 'session', 'idp 7', groups=('web',)), NOW, 'read it')
    stored = proposal(approvals=(by,), restart=NOW, approved_at=NOW, state=State.APPROVED, serial=4)
    assert read_proposal(stored.to_json()) == stored
    assert stored.state_at(stored.expires_at) is State.APPROVED
    assert proposal().state_at(NOW + timedelta(hours=4)) is State.EXPIRED
