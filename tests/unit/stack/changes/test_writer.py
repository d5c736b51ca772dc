"""Patches of one cluster: which of them share a write."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from stack.aws.s3 import Bucket
from stack.changes.guards import Guards
from stack.changes.writer import Patch, Writer
from stack.errors import InvalidRequest
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin, Revision, encode
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World

AT = datetime(2026, 3, 1, tzinfo=UTC)


class Store:
    """The current revision of one cluster, and how many changes each write had."""

    def __init__(self) -> None:
        self.writes: list[int] = []
        self.current = self._revision({'services': []}, [])

    def _revision(self, document: dict[str, Any], changes: list[Change]) -> Revision:
        number = len(self.writes)
        metadata = encode(f'{number:032d}', changes)
        return Revision('prod', f'"e{number}"', f'r{number}', serialise(document), AT, metadata)

    def known(self, cluster: str) -> Revision | None:
        return self.current

    async def read(self, cluster: str) -> Revision:
        await asyncio.sleep(0)
        return self.current

    async def write(self, base: Revision, cluster: str, body: bytes, changes: list[Change], guards: str) -> Revision:
        await asyncio.sleep(0)
        assert base is self.current
        self.writes.append(len(changes))
        self.current = self._revision({'services': [], 'n': len(self.writes)}, changes)
        return self.current


class Open:
    """A gate that lets everything pass, and a notifier that has nothing to add."""

    async def guards(self, cluster: str, base: Revision) -> Guards:
        return Guards()

    def check_place(self, cluster: str, before: Any, after: Any) -> None:
        pass

    async def permit(self, guards: Guards, cluster: str, before: Any, after: Any, change: Change) -> Change:
        return change

    async def unannounced(self, base: Revision) -> list[Change]:
        return []

    def fits(self, cluster: str, body: bytes, changes: list[Change]) -> None:
        pass


def patch(expected: str | None = None, refuses: bool = False) -> Patch:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        if refuses:
            raise InvalidRequest('No.')
        return document

    return Patch(edit, Change(Origin('kim', 'test'), AT, {'verb': 'change'}), expected)


async def outcomes(store: Store | RevisionStore, *patches: Patch) -> list[str]:
    """What became of patches that were asked for at once: the revision of each, or its refusal."""
    writer = Writer(store, Open(), Open())  # type: ignore[arg-type]  only what a writer asks of them
    done = await asyncio.gather(*(writer.patch('prod', each) for each in patches), return_exceptions=True)
    await writer.drain()
    return [each.id if isinstance(each, Revision) else type(each).__name__ for each in done]


@asynchronous
async def test_patches_that_wait_share_a_write():
    store = Store()
    assert await outcomes(store, patch(), patch(), patch()) == ['r1', 'r1', 'r1']
    assert store.writes == [3]


@asynchronous
async def test_a_patch_that_expects_a_revision_shares_no_write_with_those_before_it():
    """It expects what is stored now, and another patch is stored first: together they would undo the expectation."""
    store = Store()
    found = await outcomes(store, patch(refuses=True), patch(), patch(expected='r0'))
    assert found == ['InvalidRequest', 'r1', 'RevisionConflict']
    assert store.writes == [1]


@asynchronous
async def test_a_patch_that_expects_a_revision_shares_no_write_with_those_after_it():
    store = Store()
    assert await outcomes(store, patch(refuses=True), patch(expected='r0'), patch()) == ['InvalidRequest', 'r1', 'r2']
    assert store.writes == [1, 1]


@asynchronous
async def test_what_another_process_stored_is_read_once():
    here = FakeS3(World())
    store, other = (RevisionStore(Bucket(each, 'b')) for each in (here, FakeS3(here.world)))
    body, change = serialise({'services': []}), patch().change
    await store.write(None, 'prod', body, [change])
    await other.write(await other.read('prod'), 'prod', body, [change])
    here.calls.clear()
    assert await outcomes(store, patch()) == ['v3']
    # S3 may have refused a second attempt alone: the HEAD decides that.
    assert [operation for operation, _ in here.calls] == ['PutObject', 'HeadObject', 'GetObject', 'PutObject']
