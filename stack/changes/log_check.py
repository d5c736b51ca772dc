"""The check of a chained log: which entries are missing, changed, moved or inserted.

See `stack.changes.entry_chain`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stack.changes.entry_chain import NO_HASH, Entry, Mark, digest, link_of, number_of
from stack.state.proof import Finding, Proof, Severity


@dataclass(frozen=True)
class StoredBatch:
    """An object as it was read: its entries, the newest first, or None where it cannot be read."""

    key: str
    entries: Sequence[Entry] | None


def check(title: str, prefix: str, batches: Sequence[StoredBatch], mark: Mark) -> Proof:
    """Check all objects of a log, in any order."""
    numbers = {batch.key: number_of(prefix, batch.key) for batch in batches}
    chained = sorted((batch for batch in batches if numbers[batch.key]), key=lambda batch: numbers[batch.key] or 0)
    unchained = [batch for batch in batches if not numbers[batch.key]]
    walk = _Walk()
    for batch in chained:
        walk.take(batch, numbers[batch.key] or 0)
    findings = [*walk.findings, *_check_unchained(unchained, chained)]
    if mark.key:
        findings += _check_mark(mark, number_of(prefix, mark.key), walk, {batch.key for batch in batches})
    return Proof(title, walk.checked, walk.last, tuple(findings), frozenset(walk.known))


class _Walk:
    """The walk from the oldest entry to the newest."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.checked = 0
        self.number = 0
        # The hashes of the newest entry, of the one before it, and of every entry.
        self.last, self._before_last = '', ''
        self.known: set[str] = set()
        self._where = ''

    def take(self, batch: StoredBatch, number: int) -> None:
        gap = number - self.number - 1
        if gap:
            names = f'number {number - 1}' if gap == 1 else f'numbers {self.number + 1} to {number - 1}'
            self._broken(batch.key, f'is number {number}, and {names} before it {"is" if gap == 1 else "are"} missing')
        self.number = number
        if batch.entries is None:
            self._broken(batch.key, 'cannot be read')
            self.last = self._before_last = ''
            return
        is_resumed = bool(gap) or not self.last
        for place, entry in enumerate(reversed(batch.entries)):
            self._take_entry(f'{batch.key} entry {place} ({entry.get("at")})', entry, number, place, is_resumed)
            is_resumed = False

    def _take_entry(self, where: str, entry: Entry, number: int, place: int, is_resumed: bool) -> None:
        link = link_of(entry)
        if (link.get('number'), link.get('place')) != (number, place):
            self._broken(
                where,
                f'has the link of entry {link.get("place")} of number {link.get("number")}: inserted, moved or changed',
            )
        elif number == 1 and place == 0 and link.get('previous') != NO_HASH:
            self._broken(where, 'is not the first that was stored')
        elif not is_resumed and link.get('previous') != self.last:
            if link.get('previous') == self._before_last:
                self._broken(self._where, f'was inserted: {where} follows the one before it')
            else:
                self._broken(self._where, f'was changed, or one after it is missing: {where} follows another hash')
        self._before_last, self.last, self._where = self.last, digest(entry), where
        self.known.add(self.last)
        self.checked += 1

    def _broken(self, where: str, message: str) -> None:
        self.findings.append(Finding(Severity.BROKEN, where, message))


def _check_unchained(unchained: Sequence[StoredBatch], chained: Sequence[StoredBatch]) -> Iterator[Finding]:
    """Objects of releases without a chain; the first chained entry has their number at that time."""
    before = _counted_before(chained)
    if unchained:
        keys = sorted(batch.key for batch in unchained)
        message = f'{len(keys)} objects have no chain: an earlier release stored them, and nothing proves them'
        yield Finding(Severity.UNPROVEN, f'{keys[-1]} to {keys[0]}', message)
    if before is not None and before > len(unchained):
        message = f'{before - len(unchained)} of the {before} objects from before the chain are missing'
        yield Finding(Severity.BROKEN, chained[0].key, message)
    elif before is not None and before < len(unchained):
        message = (
            f'{len(unchained) - before} objects without a chain came after it began: an earlier release stored them, '
            'or they were inserted'
        )
        yield Finding(Severity.UNPROVEN, chained[0].key, message)


def _counted_before(chained: Sequence[StoredBatch]) -> int | None:
    if not chained or not chained[0].entries:
        return None
    before = link_of(chained[0].entries[-1]).get('before')
    return before if isinstance(before, int) else None


def _check_mark(mark: Mark, number: int | None, walk: _Walk, keys: set[str]) -> Iterator[Finding]:
    if number is not None and number > walk.number:
        count = number - walk.number
        message = f'the newest {count} of {number} objects are missing; it was stored, as its mark has it'
        yield Finding(Severity.BROKEN, mark.key, message)
    elif mark.key not in keys:
        yield Finding(Severity.BROKEN, mark.key, 'is missing; it was stored, as its mark has it')
    elif mark.hash and mark.hash not in walk.known:
        yield Finding(Severity.BROKEN, mark.key, 'was changed: its mark has another hash')
