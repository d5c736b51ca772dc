"""The events of a cluster in ECS have the shape that the API's document states."""

import json
from datetime import UTC, datetime

from stack.live import cluster_events
from stack.live.event import Event
from tests import conformance
from tests.unit.stack.rollouts.test_cluster_state import look, revision, running, state

AT = datetime(2030, 4, 2, tzinfo=UTC)
WEB = {'image': 'registry:5000/web:1', 'desired_count': 2}


def faults(name: str, event: Event) -> list[str]:
    content = json.loads(event.text(values=True))
    return [f'{fault.json_path}: {fault.message[:200]}' for fault in conformance.validator(name).iter_errors(content)]


def test_a_rollout_and_a_cluster_event_have_their_shape():
    current = state(revision('r1', web=WEB))
    look(current, running(running=1))
    look(current, running(), minutes=3)
    assert not faults('RolloutEvent', cluster_events.rollout(current, ['web'], AT))
    assert not faults('ClusterEvent', cluster_events.cluster(current, AT, covers_since='r0'))


def test_a_desired_event_has_its_shape():
    before, after = revision('r1', web=WEB), revision('r2', web={**WEB, 'image': 'registry:5000/web:2'})
    assert not faults('DesiredEvent', cluster_events.desired(before, after))


def test_a_key_without_a_schema_is_found():
    assert faults('ThawedEvent', Event('thawed', 'staging', {'by': None, 'extra': 1}, at=AT))
