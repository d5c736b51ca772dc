"""The chain of revisions: what is found where one is missing, changed, moved, inserted, or from an earlier release."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stack.aws.s3 import Bucket
from stack.state import revision_chain, revisions
from stack.state.proof import Severity, status_of
from stack.state.revision_chain import CHAIN_KEY, ROOM, Deletion, check, next_link
from stack.state.revision_store import RevisionStore
from stack.state.revisions import REMOVAL, Change, Origin, Revision
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def a_change(verb: str = 'change') -> Change:
    return Change(Origin('jo', 'here'), NOW, {'verb': verb})


def revision(base: Revision | None, number: int, *, chained: bool = True, verb: str = 'change') -> Revision:
    body = json.dumps({'services': [], 'number': number}).encode()
    metadata = revisions.encode(f'{number:032x}', [a_change(verb)], base=base)
    if not chained:
        del metadata[CHAIN_KEY]
    return Revision('prod', f'"e{number}"', f'v{number}', body, NOW, metadata)


def history(count: int = 5) -> list[Revision]:
    """The newest first."""
    made: list[Revision] = []
    for number in range(1, count + 1):
        made.insert(0, revision(made[0] if made else None, number))
    return made


def found(kept: list) -> list[tuple[Severity, str]]:
    return [(finding.severity, finding.where) for finding in check('prod', kept).findings]


def test_a_whole_history_has_no_findings():
    whole = history()
    proof = check('prod', whole)
    assert (proof.findings, proof.checked) == ((), 5)
    assert proof.head in proof.hashes
    assert [revision_chain.link_of(each.metadata).number for each in whole] == [5, 4, 3, 2, 1]
    assert check('prod', []).findings == ()


def test_a_missing_revision_is_named_by_its_number():
    whole = history()
    proof = check('prod', whole[:2] + whole[3:])
    assert [(finding.severity, finding.where) for finding in proof.findings] == [(Severity.BROKEN, 'v4')]
    assert 'number 3 is missing before it, after v2' in proof.findings[0].message
    assert 'number 2 to 4 is missing' in check('prod', [whole[0], whole[4]]).findings[0].message


@pytest.mark.parametrize('place', [1, 2, 3, 4])
def test_a_changed_revision_is_named(place: int):
    for changed in (
        lambda each: replace(each, body=each.body.replace(b'services', b'servicez')),
        lambda each: replace(each, metadata={**each.metadata, 'nysa-changes': '[]'}),
        lambda each: replace(each, metadata={**each.metadata, 'nysa-guards': 'x'}),
    ):
        kept = history()
        kept[place] = changed(kept[place])
        assert found(kept) == [(Severity.BROKEN, kept[place].id)]


def test_metadata_of_other_programs_is_not_part_of_the_chain():
    kept = [
        replace(each, metadata={**each.metadata, 'copied-by': 'backup'}, etag='"x"', version='y') for each in history()
    ]
    assert found(kept) == []


def test_an_inserted_and_a_moved_revision_are_named():
    kept = history()
    inserted = replace(revision(kept[3], 77), version='inserted')
    assert found([*kept[:3], inserted, *kept[3:]]) == [(Severity.BROKEN, 'inserted')]
    swapped = found([kept[0], kept[2], kept[1], kept[3], kept[4]])
    assert {where for _, where in swapped} <= {'v5', 'v4', 'v3', 'v2'}
    assert len(swapped) >= 2
    external = Revision('prod', '"x"', 'external', b'{}', NOW)
    assert (Severity.BROKEN, 'external') in found([*kept[:2], external, *kept[2:]])


def test_revisions_without_a_chain_are_stated_and_linked_to():
    old = revision(None, 1, chained=False)
    first = revision(old, 2)
    external = Revision('prod', '"x"', 'external', b'{}', NOW)
    kept = [revision(external, 4), external, first, old]
    assert found(kept) == [(Severity.UNPROVEN, 'external'), (Severity.UNPROVEN, 'v1')]
    changed = replace(external, body=b'{"services": []}')
    assert (Severity.BROKEN, 'external') in found([kept[0], changed, first, old])


def test_a_copy_of_the_same_bytes_by_another_program_is_no_break():
    first = revision(None, 1)
    second = revision(first, 2)
    copy = Revision('prod', second.etag, 'copy', second.body, NOW)
    assert found([revision(second, 3), copy, second, first]) == [
        (Severity.UNPROVEN, 'copy'),
        (Severity.UNPROVEN, 'copy'),
    ]
    other = replace(copy, body=b'{}')
    assert (Severity.BROKEN, 'copy') in found([revision(second, 3), other, second, first])


def test_an_expired_beginning_is_not_taken_for_a_break():
    proof = check('prod', history()[:3])
    assert [finding.severity for finding in proof.findings] == [Severity.UNPROVEN]
    assert 'the 2 before it are not there' in proof.findings[0].message


def test_a_cluster_that_was_removed_and_is_back_is_whole():
    before = history(2)
    removal = revision(before[0], 3, verb=REMOVAL)
    again = revision(None, 4)
    whole = [revision(again, 5), again, Deletion('d1'), removal, *before]
    assert found(whole) == []
    assert found([*whole[:3], *before]) == [(Severity.UNPROVEN, 'd1')], 'the record of the removal is missing'
    assert found([*before[:1], Deletion('d2'), *before[1:]]) == [
        (Severity.BROKEN, 'v2'),
        (Severity.UNPROVEN, 'd2'),
    ]
    assert found([again, *before]) == [(Severity.BROKEN, 'v4')], 'the deletion is missing'


def test_the_exit_status_of_findings():
    whole = history()
    assert status_of(check('prod', whole).findings) == 0
    assert status_of(check('prod', whole[:2]).findings) == 3
    assert status_of(check('prod', [whole[0], whole[2]]).findings) == 1


def test_the_room_of_a_link_is_enough():
    last = revision(None, 1)
    last = replace(last, metadata={**last.metadata, CHAIN_KEY: f'9999999998:{"x" * 43}'})
    assert revisions.size(next_link(last)) == ROOM


@asynchronous
async def test_two_replicas_that_write_in_turn_make_one_chain():
    world = World()
    here, there = (RevisionStore(Bucket(FakeS3(world), 'bucket')) for _ in range(2))
    await here.write(None, 'prod', b'{}', [a_change()])
    for number, store in enumerate((there, here, there, there, here)):
        await store.write(await store.read('prod'), 'prod', b'{"n": %d}' % number, [a_change()])
    stored = [
        Revision('prod', each.etag, each.id, each.body, each.modified, each.metadata)
        for each in reversed(world.contents('prod'))
    ]
    proof = check('prod', stored)
    assert (proof.findings, proof.checked) == ((), 6)
