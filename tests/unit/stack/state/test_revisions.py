"""The record that travels with a revision: what S3's metadata can hold, and reading it back."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.errors import InvalidRequest, StateUnreadable
from stack.state import revisions
from stack.state.revisions import LARGE_KEPT, SMALL, SMALL_KEPT, Change, Origin, Revision

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def change(message: str = '', by: str = 'maria') -> Change:
    return Change(Origin(by, '10.0.0.1 bot', message), AT, {'verb': 'change', 'service': 'web', 'image_tag': 'v2'})


def revision(body: bytes = b'{}', metadata: dict | None = None, version: str | None = 'v1') -> Revision:
    return Revision('staging', '"etag"', version, body, AT, metadata or {})


@pytest.mark.parametrize('message', ['x' * 1025, 'ж' * 171, '🚀' * 86, '\n' * 513])
def test_a_message_that_the_metadata_cannot_hold_is_refused(message: str):
    with pytest.raises(InvalidRequest):
        Origin('maria', 'here', message)


@pytest.mark.parametrize('message', ['', 'fix login', 'откат: сломано', '🚀 ship it', 'two\nlines, "quoted"', '\x00'])
def test_what_is_recorded_is_read_back(message: str):
    recorded = [change(message), change('another', by='Žofie')]
    metadata = revisions.encode('w1', recorded)
    assert all(value.isascii() and value.isprintable() for value in metadata.values())
    assert list(revisions.decode(metadata)) == recorded


def test_the_longest_change_fits():
    longest = Change(Origin('ж' * 21, 's' * 200, 'ж' * 170), AT, {'verb': 'change', 'service': 'x' * 255}, 'deploy')
    assert revisions.size(revisions.encode('0' * 32, [longest])) <= revisions.METADATA_LIMIT


@pytest.mark.parametrize(
    'metadata',
    [
        {},
        {'nysa-changes': 'not json'},
        {'nysa-changes': '7'},
        {'nysa-changes': '[7]'},
        {'nysa-changes': '[{}]'},
        {'nysa-changes': '[{"by": "x", "source": "y", "at": "yesterday", "did": {}}]'},
    ],
)
def test_what_another_program_wrote_has_no_author(metadata: dict):
    stored = revision(metadata=metadata)
    assert stored.changes == ()
    assert stored.summary()['by'] is None
    assert stored.summary()['source'] == 'external'
    assert stored.changed_at == AT


@pytest.mark.parametrize('body', [b'', b'[]', b'"text"', b'null', b'{', b'\xff', b'[' * 100_000])
def test_what_is_not_a_json_object_is_no_desired_state(body: bytes):
    with pytest.raises(StateUnreadable):
        _ = revision(body).document


def test_without_versions_the_content_is_the_revision():
    assert revision(version=None).id == 'etag'
    assert revision().id == 'v1'


def test_each_write_has_a_seal_of_its_own_that_is_no_content():
    seals = {revisions.seal(f'{number:032x}') for number in range(100)}
    assert len(seals) == 100
    assert all(seal.isspace() and len(seal) == 33 for seal in seals)
    assert json.loads(b'{"services": []}' + seals.pop()) == {'services': []}


def test_the_content_is_utf_8_without_the_seal():
    now = datetime.now(UTC)
    own = Revision('prod', '"e"', 'v1', b'{"a": 1}' + revisions.seal('w'), now, {revisions.WRITE_KEY: 'w'})
    assert own.content == b'{"a": 1}'
    assert Revision('prod', '"e"', 'v1', '{"a": "ü"}\n'.encode('utf-16'), now).content == '{"a": "ü"}\n'.encode()
    assert Revision('prod', '"e"', 'v1', b'\xff\xff{', now).content == b'\xff\xff{'


def guard_change(verb: str = 'freeze') -> Change:
    return Change(Origin('kim', 'here', 'the big sale'), AT, {'verb': verb}, None)


def test_a_freeze_keeps_what_was_changed_last():
    changed = revision(metadata=revisions.encode('w1', [change('fix login')]))
    frozen = revision(metadata=revisions.encode('w2', [guard_change()], base=changed), version='v2')
    thawed = revision(metadata=revisions.encode('w3', [guard_change('thaw')], base=frozen), version='v3')
    for each in (changed, frozen, thawed):
        assert each.last_change() == changed.summary()
    assert thawed.summary()['revision'] == 'v3'


def test_what_changes_more_than_guards_is_the_last_change():
    frozen = revision(metadata=revisions.encode('w1', [guard_change()], base=revision()))
    both = revision(metadata=revisions.encode('w2', [guard_change(), change()], base=frozen), version='v2')
    assert both.last_change() == both.summary()


@pytest.mark.parametrize(('reason', 'extra', 'kept'), [(100, 0, True), (1000, 0, None), (1000, 830, False)])
def test_the_last_change_is_kept_as_far_as_there_is_room(reason: int, extra: int, kept: bool | None):
    """Whole, without its message, or not at all."""
    base = revision(metadata=revisions.encode('w1', [change('x' * 900)]))
    freeze = Change(Origin('kim', 'here', 'y' * reason), AT, {'verb': 'freeze', 'more': 'z' * extra}, None)
    metadata = revisions.encode('w2', [freeze], base=base)
    stored = revision(metadata=metadata, version='v2')
    assert revisions.size(metadata) <= revisions.METADATA_LIMIT
    expected = {True: base.summary(), None: base.summary() | {'message': None}, False: stored.summary()}
    assert stored.last_change() == expected[kept]


@pytest.mark.parametrize('kept', ['', '7', '{}', '{"revision": "v1"}', 'null'])
def test_a_last_change_that_cannot_be_read_is_the_revision_itself(kept: str):
    stored = revision(metadata=revisions.encode('w1', [guard_change()]) | {'nysa-last-change': kept})
    assert stored.last_change() == stored.summary()


@pytest.mark.parametrize(('size', 'kept'), [(10, SMALL_KEPT), (SMALL + 1, LARGE_KEPT)], ids=['small', 'large'])
def test_a_limited_number_of_documents_stays_parsed(size: int, kept: int):
    bodies = [json.dumps({'number': number, 'text': 'x' * size}).encode() for number in range(kept + 1)]
    first = revision(bodies[0])
    document = first.document
    assert revision(bodies[0], version='v2').document is document
    for body in bodies[1:kept]:
        assert revision(body).document
    assert first.document is document
    for body in bodies[1:]:
        assert revision(body).document
    assert first.document is not document
    assert first.document == document


def test_what_every_look_and_call_asks_for_is_read_once(monkeypatch: pytest.MonkeyPatch):
    """A thousand clusters do not stay parsed, and their metrics, events and places are asked for all the time."""
    parsed: list[bytes] = []

    def parse(body: bytes) -> Any:
        parsed.append(body)
        return json.loads(body)

    stored = revision(b'{"account": "eu", "ecs_cluster": "shop", "services": []}')
    broken = revision(b'[]', version='v2')
    monkeypatch.setattr(revisions, '_small', parse)
    for _ in range(3):
        assert (stored.unreadable, stored.placing) == (None, {'account': 'eu', 'ecs_cluster': 'shop'})
        assert (broken.unreadable, broken.placing) == ('What is stored for staging is not a JSON object.', {})
    assert parsed.count(stored.body) <= 2
    assert parsed.count(broken.body) == 1
