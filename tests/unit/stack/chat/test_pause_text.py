"""Lines on pauses: one for each, with what the stackfile asks."""

from stack.chat.chat_lines import ChatLines
from stack.chat.pause_text import pause_text

WAITING = {
    'hook': 'pause-1',
    'stage': 'POST_SCALE_UP',
    'until': '2030-01-31T12:00:00.000+00:00',
    'on_timeout': 'rollback',
    'message': 'run the smoke test',
    'may': 'role deployer',
}


def test_a_pause_is_posted_once():
    lines = ChatLines()
    event = {'type': 'rollout', 'cluster': 'prod', 'services': [{'name': 'web', 'waiting': WAITING}]}
    line = (
        ':double_vertical_bar: *prod*: web is paused at POST_SCALE_UP until 2030-01-31T12:00:00.000+00:00, and then '
        'rolls back; role deployer may continue it — run the smoke test'
    )
    assert [lines.of(event), lines.of(event)] == [[line], []]
    another = {**event, 'services': [{'name': 'web', 'waiting': {**WAITING, 'hook': 'pause-2'}}]}
    assert len(lines.of(another)) == 1


def test_a_pause_without_a_message():
    waiting = {**WAITING, 'message': None, 'until': None, 'stage': ''}
    assert pause_text('web', waiting) == 'web is paused; role deployer may continue it'
