"""What a verification finds: the values that every check of stored data gives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """BROKEN contradicts the chain. UNPROVEN has no chain that could prove it, or ends before its beginning."""

    BROKEN = 'broken'
    UNPROVEN = 'not proven'


@dataclass(frozen=True)
class Finding:
    """`where` names the object, revision or entry."""

    severity: Severity
    where: str
    message: str

    def line(self) -> str:
        return f'{self.severity.value}: {self.where}: {self.message}'


@dataclass(frozen=True)
class Proof:
    """The result for one chain: the number of its links that were checked, and the hash of the newest one."""

    title: str
    checked: int
    head: str
    findings: Sequence[Finding] = ()
    # Every hash of the chain, so that one that was recorded elsewhere can be looked for.
    hashes: frozenset[str] = frozenset()

    def lines(self) -> Iterable[str]:
        yield from (finding.line() for finding in self.findings)
        yield f'{self.title}: {self.checked} checked; the newest hash is {self.head or "none"}'


def status_of(findings: Iterable[Finding]) -> int:
    """The exit status: 0 without a finding, 1 where something is broken, 3 where something is not proven."""
    severities = {finding.severity for finding in findings}
    if Severity.BROKEN in severities:
        return 1
    return 3 if severities else 0
