"""What new subscribers are sent of a cluster that is not loaded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stack.live.facts import Current, Mark
from stack.live.forms import Detail
from stack.live.stand_in import SHARED, StandIn
from stack.live.summary import Summary, summary_of
from stack.rollouts.cluster_state import ClusterState
from stack.state.revisions import Revision

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
MARK = Mark('"e"', AT)
WINDOW = {'cron': '0 12 * * ? *', 'duration': '2h', 'reason': 'lunch'}


def state(body: bytes = b'{"services": [{"web": {"image": "web:1"}}]}') -> ClusterState:
    return ClusterState(Revision('prod', '"e"', 'v1', body, AT), AT)


def summary() -> Summary:
    made = state()
    return summary_of(Current(0, made.revision, made), MARK, AT)


def proven(changed: Summary | None = None) -> StandIn:
    made = StandIn()
    made.prove(changed or summary(), ())
    return made


def test_without_a_proof_there_is_no_event():
    assert StandIn().event(None, AT) is None


def test_the_event_depends_on_what_the_subscriber_knows():
    made = proven()
    assert (made.event(None, AT).type, made.event('v1', AT).type, made.event('v0', AT)) == ('cluster', 'rollout', None)
    assert made.event('v1', AT).content.keys().isdisjoint({'changed_at', 'by', 'message', 'last_change'})


def test_the_event_is_encoded_as_it_is():
    event = proven().event(None, AT)
    assert event.shown(event.content, Detail.SUMMARY) is event.content


def test_subscribers_that_come_together_share_an_event():
    made = proven()
    assert made.event(None, AT) is made.event(None, AT + SHARED / 2)
    assert made.event(None, AT) is not made.event(None, AT + SHARED)


def test_a_cluster_that_changed_has_no_event():
    made = proven()
    made.distrust()
    assert made.event(None, AT) is None


def test_what_a_listing_had_before_a_write_is_not_proven_again():
    made = proven()
    made.distrust(MARK)
    made.prove(summary(), ())
    assert made.event(None, AT) is None
    newer = summary()
    made.prove(replace(newer, proof=newer.proof._replace(etag='"f"')), ())
    assert made.event(None, AT) is not None


def test_a_freeze_ends_by_the_clock():
    made = proven(replace(summary(), freeze={'by': 'kim', 'until': (AT + timedelta(hours=1)).isoformat()}))
    assert made.event(None, AT).content['frozen']['by'] == 'kim'
    assert made.event(None, AT + timedelta(hours=1)).content['frozen'] is None


def test_a_freeze_window_of_the_desired_state_begins_by_the_clock():
    made = proven(replace(summary(), freezes=[WINDOW]))
    assert made.event(None, AT - timedelta(minutes=1)).content['frozen'] is None
    assert made.event(None, AT + timedelta(minutes=1)).content['frozen']['reason'] == 'lunch'
    assert made.event(None, AT).content['freeze_windows']['now']['reason'] == 'lunch'


def test_what_was_sent_is_compared_with_the_state():
    made = proven()
    assert made.revision is None
    assert made.event(None, AT) is not None
    made.was_sent()
    assert (made.revision, made.differs(state(), AT)) == ('v1', False)
    moved = state()
    moved.failing = {'code': 'aws_throttled'}
    assert made.differs(moved, AT)
    made.end()
    assert (made.revision, made.event(None, AT)) == (None, None)
