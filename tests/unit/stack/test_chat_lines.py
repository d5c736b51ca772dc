"""What a chat is told."""

from typing import Any

import pytest

from stack.chat_lines import ChatLines, duration

VERDICT = {'ending': 'succeeded', 'reason': 'All 2 tasks run.', 'at': 'T', 'failed': False}
TROUBLE = {'kind': 'out-of-memory', 'what': 'A container used too much.', 'advice': 'Raise `memory`.'}


def desired(**changes: Any) -> dict[str, Any]:
    event = {
        'type': 'desired',
        'cluster': 'prod',
        'revision': 'r2',
        'by': 'kim',
        'message': 'faster',
        'summary': 'web: image 1 → 2',
        'deploys': True,
        'did': [{'verb': 'change'}],
        'changes': [{'service': 'web', 'action': 'update', 'changes': []}],
    }
    return event | changes


def rollout(verdict: dict | None = None, **changes: Any) -> dict[str, Any]:
    told = {'revision': 'r2', 'verdict': verdict, 'services': ['web'], 'seconds': 125.4 if verdict else None}
    event = {'type': 'rollout', 'cluster': 'prod', 'rollouts': [told], 'drifted': [], 'services': []}
    return event | changes


def told(*events: dict[str, Any]) -> list[str]:
    lines = ChatLines()
    return [line for event in events for line in lines.of(event)]


def test_one_line_at_the_start_and_one_at_the_end():
    assert told(desired(), rollout(), rollout(), rollout(VERDICT), rollout(VERDICT)) == [
        ':rocket: *prod*: kim rolls out web: image 1 → 2 — faster',
        ':white_check_mark: *prod*: web is rolled out after 2 min 5 s (kim — faster)',
    ]


def test_a_restart_is_called_that():
    change = {'path': 'restarted_at', 'before': None, 'after': '2030-01-01T00:00:00Z'}
    rows = [{'service': name, 'action': 'update', 'changes': [change]} for name in ('api', 'web')]
    assert told(desired(changes=rows)) == [':rocket: *prod*: kim restarts api, web — faster']
    with_tag = [{**rows[0], 'changes': [{'path': 'image', 'before': '1', 'after': '2'}, change]}]
    assert told(desired(changes=with_tag)) == [':rocket: *prod*: kim rolls out web: image 1 → 2 — faster']


def test_a_failure_says_why_and_what_to_do():
    verdict = VERDICT | {'ending': 'rolled-back', 'reason': 'tasks failed to start.', 'failed': True}
    event = rollout(verdict, services=[{'name': 'web', 'trouble': TROUBLE}, {'name': 'api', 'trouble': None}])
    assert told(event) == [
        ':rewind: *prod*: web was rolled back after 2 min 5 s: tasks failed to start. A container used too much. '
        'Raise `memory`.'
    ]


def test_a_stall_that_succeeds_after_all_is_told_twice():
    stalled = rollout(VERDICT | {'ending': 'stalled', 'failed': True})
    assert len(told(stalled, stalled, rollout(VERDICT), rollout(VERDICT))) == 2


@pytest.mark.parametrize(
    ('event', 'line'),
    [
        (desired(did=[{'verb': 'rollback'}]), ':rocket: *prod*: kim rolls back web: image 1 → 2 — faster'),
        (desired(deploys=False, message=None), ':rocket: *prod*: kim stores web: image 1 → 2'),
        (desired(by=None, message=''), ':rocket: *prod*: somebody outside Nysa rolls out web: image 1 → 2'),
        (desired(message='<!here> & now'), ':rocket: *prod*: kim rolls out web: image 1 → 2 — &lt;!here&gt; &amp; now'),
        (
            {'type': 'frozen', 'cluster': 'prod', 'by': 'kim', 'reason': 'launch', 'until': '2030-01-01'},
            ':snowflake: *prod* is frozen until 2030-01-01 (by kim) — launch',
        ),
        ({'type': 'thawed', 'cluster': 'prod', 'by': None}, ':sunny: *prod* takes changes again'),
        (
            {'type': 'deleted', 'cluster': 'prod', 'by': 'kim', 'reason': None},
            ':wastebasket: *prod* is managed no more (by kim)',
        ),
    ],
)
def test_other_lines(event: dict[str, Any], line: str):
    assert told(event) == [line]


@pytest.mark.parametrize(
    'event',
    [
        {'type': 'hello'},
        {'type': 'synced', 'revisions': {}},
        {'type': 'error', 'code': 'x', 'message': 'y'},
        desired(changes=[]),
        desired(changes=[{'service': '', 'action': 'update', 'changes': []}]),
        rollout(),
        rollout(rollouts=[{'revision': 'r1', 'verdict': VERDICT, 'services': [], 'seconds': None}]),
    ],
)
def test_what_is_not_worth_a_line(event: dict[str, Any]):
    assert told(event) == []


def test_drift_is_told_once_until_it_is_mended():
    row = {'name': 'web', 'drift': [{'path': 'image', 'before': 'x', 'after': 'web:2'}]}
    drifted, mended = rollout(drifted=['web'], services=[row]), rollout()
    line = ':warning: *prod*: web is not as wanted: image is x, not web:2'
    assert told(drifted, drifted) == [line]
    assert told(drifted, mended, drifted) == [line, line]


def test_the_value_of_a_variable_is_not_told():
    row = {'name': 'web', 'drift': [{'path': 'environment.KEY', 'before': 'secret', 'after': 'other'}]}
    assert told(rollout(drifted=['web'], services=[row])) == [':warning: *prod*: web is not as wanted: environment.KEY']


def test_what_was_so_before_anybody_listened_is_no_news():
    state = rollout(VERDICT, type='cluster', drifted=['web'])
    assert told(state, rollout(VERDICT, drifted=['web'])) == []


def test_what_happened_while_the_line_was_cut_is_told():
    state = rollout(VERDICT, type='cluster', covers_since='r1')
    assert len(told(state, rollout(VERDICT))) == 1


@pytest.mark.parametrize(('seconds', 'words'), [(0.4, '0 s'), (59.4, '59 s'), (61, '1 min 1 s'), (3725, '1 h 2 min')])
def test_durations(seconds: float, words: str):
    assert duration(seconds) == words
