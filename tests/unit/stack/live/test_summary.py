"""The persisted summary of one cluster: what it is made of, and what is no such summary."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.live import cluster_events
from stack.live.brief import brief
from stack.live.facts import Current, FreezeReading, Mark
from stack.live.summary import Summary, content_of, load, summary_of
from stack.rollouts.cluster_state import ClusterState
from stack.state.revisions import Revision

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
MARK = Mark('"e"', AT)
SERVICES = [
    {'web': {'image': 'web:1', 'environment': {'PASSWORD': 'hunter2'}}},
    {'job': {'image': 'job:1', 'type': 'task'}},
    {'nightly': {'image': 'job:1', 'type': 'task', 'schedule': {'cron': '0 3 * * *'}}},
]


def state(document: Any = None) -> ClusterState:
    body = json.dumps({'services': SERVICES} if document is None else document).encode()
    return ClusterState(Revision('prod', '"e"', 'v1', body, AT), AT + timedelta(hours=2))


def summary(document: Any = None, mark: Mark | None = MARK, **reading: Any) -> Summary | None:
    made = state(document)
    current = Current(1, made.revision, made, '"r"', FreezeReading(**reading))
    return summary_of(current, mark, AT + timedelta(hours=2))


def test_a_summary_is_the_content_of_the_event_in_that_detail():
    made = state()
    made.schedules = {'nightly': {'state': 'ok'}}
    event = brief(cluster_events.cluster(made, AT).content)
    assert content_of(made, AT) == {k: v for k, v in event.items() if k not in ('type', 'cluster', 'at', 'frozen')}


@pytest.mark.parametrize('document', [None, [], {'services': []}, {'freezes': [{'cron': '* * * * *'}]}])
def test_a_summary_is_what_it_was_after_it_was_stored(document: Any):
    made = summary(document, freeze={'by': 'kim', 'reason': 'why'})
    assert load(made.dump()) == made


def test_a_summary_has_no_values_of_environment_variables():
    assert b'hunter2' not in summary().dump()


def test_what_is_not_the_listed_object_or_under_unknown_guards_has_no_summary():
    assert summary(mark=None) is None
    assert summary(mark=Mark('"other"', AT)) is None
    assert summary(is_known=False) is None
    assert summary_of(Current(1, None), MARK, AT) is None


def content(**changes: Any) -> dict[str, Any]:
    return {'content': {**json.loads(summary().dump())['content'], **changes}}


NO_SUMMARIES = {
    'another field': content(more=1),
    'a code of another length': content(services={'web': 'hi'}),
    'a code of other letters': content(services={'web': 'zzz'}),
    'a code that is no text': content(services={'web': 3}),
    'no services': content(services=None),
    'a state that was observed': content(observed_at='2026-05-04T12:00:00+00:00'),
    'a count that is a text': content(drifted='1'),
    'no revision': content(revision=None),
    'no ETag': {'etag': None},
    'no time': {'modified': 'now'},
    'no cluster': {'cluster': 1},
    'another record': {'record': 1},
    'another freeze': {'freeze': 'yes'},
    'no content': {'content': []},
}


@pytest.mark.parametrize('changes', NO_SUMMARIES.values(), ids=NO_SUMMARIES)
def test_what_is_no_summary_is_refused(changes: dict[str, Any]):
    line = {**json.loads(summary().dump()), **changes}
    with pytest.raises((ValueError, TypeError, KeyError)):
        load(json.dumps(line).encode())


def test_a_field_that_is_missing_is_refused():
    whole = json.loads(summary().dump())
    for name in whole.keys() | whole['content'].keys():
        line = {key: value for key, value in whole.items() if key != name}
        if name in whole['content'] and name not in whole:
            line['content'] = {key: value for key, value in whole['content'].items() if key != name}
        with pytest.raises((ValueError, KeyError)):
            load(json.dumps(line).encode())
