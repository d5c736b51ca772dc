"""Chat lines of events."""

import json
from typing import Any

import pytest

from stack.chat.chat_lines import MOST_REMEMBERED, ChatLines, duration

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
    row = {'revision': 'r2', 'verdict': verdict, 'services': ['web'], 'seconds': 125.4 if verdict else None}
    event = {'type': 'rollout', 'cluster': 'prod', 'rollouts': [row], 'drifted': [], 'services': []}
    return event | {'observed_at': 'T', 'frozen': None} | changes


def state(**changes: Any) -> dict[str, Any]:
    return rollout(**{'type': 'cluster', 'rollouts': [], 'by': 'kim'} | changes)


SYNCED = {'type': 'synced', 'revisions': {}}
THERE = (state(), SYNCED)


def lines_of(lines: ChatLines, *events: dict[str, Any]) -> list[str]:
    return [line for event in events for line in lines.of(event)]


def posted(*events: dict[str, Any], site: str | None = None) -> list[str]:
    """The lines of events after the first state of a cluster."""
    return lines_of(ChatLines(site), *THERE, *events)


def test_one_line_at_the_start_and_one_at_the_end():
    assert posted(desired(), rollout(), rollout(), rollout(VERDICT), rollout(VERDICT)) == [
        ':rocket: *prod*: kim rolls out web: image 1 → 2 — faster',
        ':white_check_mark: *prod*: web is rolled out after 2 min 5 s (kim: web: image 1 → 2 — faster)',
    ]


def test_lines_link_to_the_control_plane():
    link = '<https://nysa.example.com/cp/clusters/prod/rollout|prod>'
    assert posted(rollout(VERDICT), site='https://nysa.example.com') == [
        f':white_check_mark: *{link}*: web is rolled out after 2 min 5 s'
    ]


def test_a_failure_says_why_and_what_to_do_and_what_runs():
    verdict = VERDICT | {'ending': 'rolled-back', 'reason': 'tasks failed to start.', 'failed': True}
    row = {'name': 'web', 'trouble': TROUBLE, 'deployed': {'image': 'team/web:1'}}
    event = rollout(verdict, services=[row, {'name': 'api', 'trouble': None}])
    assert posted(event) == [
        ':rewind: *prod*: web was rolled back after 2 min 5 s: tasks failed to start. A container used too much. '
        'Raise `memory`. team/web:1 runs again.'
    ]


def test_a_stall_that_succeeds_later_gets_two_lines():
    stalled = rollout(VERDICT | {'ending': 'stalled', 'failed': True})
    assert len(posted(stalled, stalled, rollout(VERDICT), rollout(VERDICT))) == 2


def test_a_retry_gets_lines_for_start_and_end():
    failed = rollout(VERDICT | {'ending': 'rolled-back', 'failed': True})
    first, again, second = posted(failed, rollout(), rollout(), failed)
    assert again == ':rocket: *prod*: web is retried'
    assert first == second


@pytest.mark.parametrize(
    ('event', 'line'),
    [
        (desired(did=[{'verb': 'rollback'}]), ':rocket: *prod*: kim rolls back web: image 1 → 2 — faster'),
        (desired(deploys=False, message=None), ':rocket: *prod*: kim stores without deploying web: image 1 → 2'),
        (desired(by=None, message=''), ':rocket: *prod*: another program rolls out web: image 1 → 2'),
        (desired(message='<!here> & now'), ':rocket: *prod*: kim rolls out web: image 1 → 2 — &lt;!here&gt; &amp; now'),
        (
            {'type': 'frozen', 'cluster': 'prod', 'by': 'kim', 'reason': 'launch', 'until': '2030-01-01'},
            ':snowflake: *prod* is frozen until 2030-01-01 (by kim) — launch',
        ),
        (
            {'type': 'deleted', 'cluster': 'prod', 'by': 'kim', 'reason': None},
            ':wastebasket: *prod* is no longer managed (by kim)',
        ),
    ],
)
def test_other_lines(event: dict[str, Any], line: str):
    assert posted(event) == [line]


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
    assert posted(event) == []


def test_drift_gets_one_line_until_it_is_fixed():
    row = {'name': 'web', 'drift': [{'path': 'image', 'before': 'x', 'after': 'web:2'}]}
    drifted, fixed = rollout(drifted=['web'], services=[row]), rollout()
    line = ':warning: *prod*: web has drifted: image is x, not web:2'
    assert posted(drifted, drifted) == [line]
    assert posted(drifted, fixed, drifted) == [line, line]


def test_a_rollback_is_not_drift_as_well():
    row = {'name': 'web', 'trouble': None, 'drift': [], 'verdict': {'ending': 'rolled-back'}}
    [line] = posted(rollout(VERDICT | {'ending': 'rolled-back'}, drifted=['web'], services=[row]))
    assert line.startswith(':rewind:')


def test_values_of_variables_are_left_out():
    row = {'name': 'web', 'drift': [{'path': 'environment.KEY', 'before': 'secret', 'after': 'other'}]}
    assert posted(rollout(drifted=['web'], services=[row])) == [':warning: *prod*: web has drifted: environment.KEY']


FREEZE = {'by': 'kim', 'reason': 'launch', 'until': None}
FROZEN = ':snowflake: *prod* is frozen (by kim) — launch'


def test_a_freeze_and_a_thaw_get_one_line_each():
    frozen, thawed = {'type': 'frozen', 'cluster': 'prod'} | FREEZE, {'type': 'thawed', 'cluster': 'prod', 'by': 'jo'}
    events = (frozen, rollout(frozen=FREEZE), frozen, thawed, rollout(), thawed)
    assert posted(*events) == [FROZEN, ':sunny: *prod* is no longer frozen (by jo)']


def test_a_missed_freeze_is_posted_from_the_state():
    assert posted(rollout(frozen=FREEZE), rollout()) == [FROZEN, ':sunny: *prod* is no longer frozen']


def test_what_was_so_before_anybody_listened_is_no_news():
    before = state(rollouts=rollout(VERDICT)['rollouts'], drifted=['web'], frozen=FREEZE)
    lines = ChatLines()
    assert lines_of(lines, before, SYNCED, rollout(VERDICT, drifted=['web'], frozen=FREEZE)) == []


def test_what_the_first_look_at_ecs_finds_is_no_news():
    """A server that has just been started does not know how rollouts ended that were over long ago."""
    unseen = state(rollouts=rollout()['rollouts'], observed_at=None)
    assert lines_of(ChatLines(), unseen, SYNCED, rollout(VERDICT, drifted=['web'])) == []
    assert len(lines_of(ChatLines(), unseen, SYNCED, desired(), rollout(VERDICT))) == 2


def row(sync: str, image: str | None = None) -> dict[str, Any]:
    return {'name': 'web', 'sync': sync, 'deployed': {'image': image}}


@pytest.mark.parametrize('sync', ['unknown', 'rolling-out'])
def test_what_a_task_definition_that_is_read_later_shows_first_is_no_news(sync: str):
    before = state(observed_at=None, services=[{'name': 'web', 'sync': sync, 'deployed': None}])
    counted, found = (
        rollout(services=[row(sync)]),
        rollout(VERDICT, drifted=['web'], services=[row('drifted', 'web:1')]),
    )
    lines = ChatLines()
    assert lines_of(lines, before, SYNCED, counted, found) == []
    fixed = rollout(VERDICT, services=[row('in-sync', 'web:2')])
    assert lines_of(lines, fixed, found) == [':warning: *prod*: web has drifted: it differs from its desired state']


def test_drift_is_posted_once_though_a_server_that_starts_does_not_know_it_at_first():
    drifted = rollout(drifted=['web'], services=[row('drifted', 'web:1')])
    restarted = state(observed_at=None, services=[{'name': 'web', 'sync': 'unknown', 'deployed': None}])
    other = rollout(services=[{**row('in-sync', 'db:1'), 'name': 'db'}])
    lines = ChatLines()
    assert len(lines_of(lines, *THERE, drifted, restarted, other, rollout(services=[row('unknown')]), drifted)) == 1
    in_sync = rollout(services=[row('in-sync', 'web:2')])
    assert len(lines_of(lines, in_sync, restarted, drifted)) == 1, 'it drifted meanwhile'


def test_missed_events_are_posted_after_a_reconnect():
    missed = state(rollouts=rollout(VERDICT)['rollouts'], drifted=['web'], frozen=FREEZE, covers_since='r1')
    assert [line.split()[0] for line in posted(missed, missed)] == [':white_check_mark:', ':warning:', ':snowflake:']


def test_a_new_cluster_and_its_first_rollout():
    new = state(
        cluster='eu',
        revision='r2',
        message='first',
        services=[{'name': 'web', 'managed': True}, {'name': 'old', 'managed': False}],
    )
    assert posted(new, rollout(cluster='eu'), rollout(VERDICT, cluster='eu')) == [
        ':seedling: *eu* is now managed (by kim): web',
        ':white_check_mark: *eu*: web is rolled out after 2 min 5 s (kim — first)',
    ]


def test_another_process_continues_from_the_record():
    first = ChatLines()
    lines_of(first, *THERE, desired(), rollout(VERDICT, drifted=['web'], frozen=FREEZE))
    second = ChatLines(posted=json.loads(json.dumps(first.posted)))
    assert lines_of(second, rollout(VERDICT, drifted=['web'], frozen=FREEZE), SYNCED) == []
    assert len(lines_of(second, state(cluster='new', revision='r1'), rollout())) == 2


def test_what_people_write_is_one_line_without_links_or_mentions():
    [line] = posted(desired(message='<!here>\n& <https://x|y> ' + 'x' * 1000, by='<@U1>'))
    assert line.startswith(
        ':rocket: *prod*: &lt;@U1&gt; rolls out web: image 1 → 2 — &lt;!here&gt; &amp; &lt;https://x|y&gt; xxx'
    )
    assert len(line) < 500


def test_what_is_remembered_is_bounded():
    lines = ChatLines()
    for number in range(3 * MOST_REMEMBERED):
        rollouts = [rollout(VERDICT)['rollouts'][0] | {'revision': str(number)}]
        lines_of(lines, desired(revision=str(number)), rollout(rollouts=rollouts))
    assert len(lines.posted['prod']['ended']) == len(lines.posted['prod']['why']) == MOST_REMEMBERED


@pytest.mark.parametrize(('seconds', 'words'), [(0.4, '0 s'), (59.4, '59 s'), (61, '1 min 1 s'), (3725, '1 h 2 min')])
def test_durations(seconds: float, words: str):
    assert duration(seconds) == words


def run(state: str, trigger: str = 'schedule', **changes: Any) -> dict[str, Any]:
    reason = {'what': 'It exited with code 3.'} if state in ('failed', 'refused', 'missed') else None
    row = {'state': state, 'trigger': trigger, 'by': 'kim', 'message': 'after the <import>', 'reason': reason}
    return {'type': 'run', 'cluster': 'prod', 'service': 'report', 'run': row | changes}


@pytest.mark.parametrize(
    ('event', 'lines'),
    [
        (run('starting', 'request'), [':arrow_forward: *prod*: kim runs report — after the &lt;import&gt;']),
        (run('failed'), [':x: *prod*: a run of report failed: It exited with code 3.']),
        (run('refused', 'request'), [':x: *prod*: a run of report failed: It exited with code 3.']),
        (run('missed'), [':x: *prod*: a run of report was missed: It exited with code 3.']),
        (run('failed', reason=None), [':x: *prod*: a run of report failed: ']),
        (run('starting'), []),
        (run('running', 'request'), []),
        (run('succeeded'), []),
    ],
)
def test_runs(event: dict[str, Any], lines: list[str]):
    assert posted(event) == lines


def test_a_changed_secret_is_posted_once():
    lines = ChatLines()
    row = {'name': 'web', 'stale_secrets': [{'name': 'DB', 'since': '2026-01-01T12:00:00.000+00:00'}]}
    event = {'type': 'rollout', 'cluster': 'prod', 'services': [row]}
    assert lines.of(event) == [':key: *prod*: web runs with stale secrets: DB changed']
    assert lines.of(event) == []
    row['stale_secrets'] = [{'name': 'DB', 'since': '2026-01-02T12:00:00.000+00:00'}]
    assert lines.of(event) == [':key: *prod*: web runs with stale secrets: DB changed']


def test_a_state_of_a_proposal_that_comes_again_has_no_second_line():
    rejected = {
        'type': 'rejected',
        'cluster': 'prod',
        'at': '2030-01-01T00:00:00+00:00',
        'id': '1-a',
        'state': 'rejected',
        'summary': 'web: image 1 → 2',
        'by': 'ann',
        'decided_by': 'bob',
        'serial': 2,
    }
    lines = ChatLines()
    assert len(lines.of(rejected)) == 1
    assert lines.of(rejected) == []
    # A later process, with the record of the first one.
    later = ChatLines(posted=json.loads(json.dumps(lines.posted)))
    assert later.of(rejected) == []
    assert later.of({**rejected, 'serial': 1}) == []
    assert len(later.of({**rejected, 'serial': 3})) == 1


def test_proposals_have_a_line_for_each_decision():
    lines = ChatLines()
    event = {
        'type': 'proposal',
        'cluster': 'prod',
        'state': 'open',
        'by': 'ann',
        'reason': 'faster',
        'summary': 'web: image 1 → 2',
        'required': 2,
        'approvals': 0,
        'renewals': 0,
        'decided_by': None,
    }
    assert lines.of(event) == [
        ':raised_hand: *prod*: the proposal of ann: web: image 1 → 2 waits for 2 approvals — faster'
    ]
    assert 'as something has moved' in lines.of(event | {'renewals': 1})[0]
    approved = event | {'type': 'approved', 'approvals': 1, 'decided_by': 'bob'}
    assert lines.of(approved) == [
        ':ballot_box_with_check: *prod*: bob approves the proposal of ann: web: image 1 → 2 (1 of 2)'
    ]
    assert lines.of(approved | {'state': 'carried-out'}) == []
    assert lines.of(event | {'type': 'rejected', 'state': 'rejected', 'decided_by': 'bob'}) == [
        ':no_entry_sign: *prod*: bob rejects the proposal of ann: web: image 1 → 2'
    ]
    assert lines.of(event | {'state': 'outdated'}) == []
