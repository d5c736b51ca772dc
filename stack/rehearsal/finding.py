"""Results of a rehearsal: findings, and what was not checked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

# error: tasks would not start, or AWS would refuse the service · warning: some tasks may not start
Severity = Literal['error', 'warning']


@dataclass(frozen=True)
class Finding:
    """One expected failure. `kind` is the class that the flight recorder would give it.

    `path` is the field in the stackfile, as `secrets.DB_PASSWORD`; `check` is one of `CHECKS`.
    """

    service: str
    path: str
    check: str
    kind: str
    message: str
    advice: str
    severity: Severity = 'error'

    def to_json(self) -> dict[str, Any]:
        return {
            'service': self.service,
            'path': self.path,
            'check': self.check,
            'class': self.kind,
            'message': self.message,
            'advice': self.advice,
            'severity': self.severity,
        }


@dataclass(frozen=True)
class Unchecked:
    """Something that could not be checked. `permission`: the IAM action that is missing, as `iam:GetRole`, or None."""

    service: str
    path: str
    check: str
    message: str
    permission: str | None = None


# The names of the checks: part of the API.
CHECKS = (
    'image',
    'secrets',
    'parameters',
    'roles',
    'log-group',
    'certificate',
    'network',
    'capacity',
    'quota',
)


@dataclass(frozen=True)
class Rehearsed:
    """The results of a rehearsal of some services, errors before warnings."""

    services: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()

    @classmethod
    def of(cls, services: Iterable[str], results: Iterable[Finding | Unchecked]) -> 'Rehearsed':
        """The results without repetitions, in the order of the services."""
        order = {name: number for number, name in enumerate(services)}
        distinct = list(dict.fromkeys(results))
        found = [result for result in distinct if isinstance(result, Finding)]
        found.sort(key=lambda finding: (finding.severity != 'error', order.get(finding.service, -1)))
        return cls(tuple(order), tuple(found), tuple(each for each in distinct if isinstance(each, Unchecked)))

    def beside(self, other: 'Rehearsed') -> 'Rehearsed':
        """The results of both."""
        services = dict.fromkeys((*self.services, *other.services))
        return Rehearsed.of(services, (*self.findings, *other.findings, *self.unchecked, *other.unchecked))

    def to_json(self) -> dict[str, Any]:
        return {
            'services': list(self.services),
            'findings': [finding.to_json() for finding in self.findings],
            'not_checked': _merged(self.unchecked),
        }

    def lines(self) -> list[str]:
        """The results for a person, a sentence each."""
        shown = [f'{finding.service}: {_VERBS[finding.severity]}: {finding.message}' for finding in self.findings]
        return shown + [f'not checked: {each["message"]}' for each in _merged(self.unchecked)]


_VERBS: Mapping[Severity, str] = {'error': 'would not start', 'warning': 'may not start'}


def _merged(unchecked: Sequence[Unchecked]) -> list[dict[str, Any]]:
    """One object for each check and message, with all services that it concerns."""
    merged: dict[tuple[str, str, str | None], dict[str, None]] = {}
    for each in unchecked:
        merged.setdefault((each.check, each.message, each.permission), {})[each.service] = None
    return [
        {'check': check, 'message': message, 'permission': permission, 'services': list(services)}
        for (check, message, permission), services in merged.items()
    ]
