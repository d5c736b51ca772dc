"""The approvals that a change needs, by the `approvals` of the desired state that it is based on.

What is in force is what is stored: a change that lowers or removes `approvals` needs what it takes away. Unreadable
ones, which only another program can store, are strict. See docs/decisions/approvals.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from voluptuous import Invalid

from stack.changes.change_scope import Parts
from stack.errors import ApprovalRequired
from stack.stackfile.approval_fields import DEPLOY, MOST_REQUIRED, OCCASIONS, PROMOTE, TRAFFIC, Approvals
from stack.stackfile.effective import services
from stack.stackfile.entries import record
from stack.state.revisions import Change
from stack.state.service_edits import with_service, without_restarts

FIELD = 'approvals'
STRICT = Approvals(by=('role:admin',), when=OCCASIONS)

# Verbs that restore what ran: an incident does not wait for approvals.
RESTORING = frozenset({'rollback', 'stop'})

_SHAPE = record(Approvals)


@dataclass(frozen=True)
class Requirement:
    """A policy that a change has to meet, and the services that it is for; none where it is that of the cluster."""

    services: tuple[str, ...]
    policy: Approvals

    def to_json(self) -> dict[str, Any]:
        policy = self.policy
        return {
            'services': list(self.services),
            'required': policy.required,
            'by': list(policy.by),
            'self': policy.self,
            'expires': policy.expires,
        }


def read_requirement(stored: Mapping[str, Any]) -> Requirement:
    """A requirement as `to_json` wrote it. Raises KeyError, TypeError or `Invalid`."""
    policy = {key: stored[key] for key in ('required', 'by', 'self', 'expires')}
    return Requirement(tuple(stored['services']), _SHAPE.read({**policy, 'when': list(OCCASIONS)}))


class Policies:
    """The policies of a document: that of the cluster, and those of services with `approvals` of their own."""

    def __init__(self, document: Any):
        top = document.get(FIELD) if isinstance(document, Mapping) else None
        self.of_cluster = _policy(top) if isinstance(document, Mapping) and FIELD in document else None
        self._own = {name: _policy(raw[FIELD]) for name, raw in services(document) if FIELD in raw}

    def __bool__(self) -> bool:
        return self.of_cluster is not None or bool(self._own)

    def of(self, service: str) -> Approvals | None:
        return self._own.get(service, self.of_cluster)

    def own(self, service: str) -> Approvals | None:
        return self._own.get(service)


def _policy(raw: Any) -> Approvals:
    try:
        _SHAPE.check(raw)
        policy: Approvals = _SHAPE.read(raw)
    except Invalid:
        return STRICT
    return policy


def requirements(before: Any, after: Any, change: Change) -> tuple[Requirement, ...]:
    """What a change of a document needs; nothing where its policies demand nothing."""
    policies = Policies(before)
    if not policies:
        return ()
    old, new = _parts(before), _parts(after)
    names = old.services.keys() | new.services.keys()
    loosened, later = set[str](), Policies(after)
    for name in names:
        gone = policies.own(name) is not None and name not in new.services
        returns = change.verb in RESTORING and not (name in old.services and name in new.services)
        if gone or (not returns and policies.of(name) != later.of(name)):
            loosened.add(name)
    needed = [(name, policies.of(name)) for name in sorted(loosened)]
    if policies.of_cluster != later.of_cluster:
        needed.append(('', policies.of_cluster))
    if change.verb not in RESTORING:
        occasion = PROMOTE if change.verb == 'promote' else DEPLOY
        rest = old.rest != new.rest
        changed = {name for name in names if rest or old.services.get(name) != new.services.get(name)}
        needed += [(name, each) for name in sorted(changed) if (each := policies.of(name)) and occasion in each.when]
        if rest and policies.of_cluster and occasion in policies.of_cluster.when:
            needed.append(('', policies.of_cluster))
    return _grouped(needed)


def with_policies(document: dict[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    """A document with the `approvals` of another one, of its cluster and of each service that both have.

    For a rollback: it restores what ran, and lifts no approval.
    """
    known = dict(services(current))
    for name, settings in services(document):
        if name in known and settings.get(FIELD) != known[name].get(FIELD):
            document = with_service(document, name, _with_policy(settings, known[name]))
    return document if document.get(FIELD) == current.get(FIELD) else _with_policy(document, current)


def _with_policy(settings: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in settings.items() if key != FIELD}
    return kept | ({FIELD: known[FIELD]} if FIELD in known else {})


def traffic_requirement(document: Any, service: str) -> Requirement | None:
    """What going on after a pause of a service's deployment needs; None where its role suffices."""
    policy = Policies(document).of(service)
    return Requirement((service,), policy) if policy and TRAFFIC in policy.when else None


def _parts(document: Any) -> Parts:
    """A document without its restarts, and without the policy of the cluster, which is compared by its meaning."""
    if not isinstance(document, Mapping):
        return Parts(document)
    return Parts({key: value for key, value in without_restarts(dict(document)).items() if key != FIELD})


def _grouped(needed: Iterable[tuple[str, Approvals | None]]) -> tuple[Requirement, ...]:
    """The policies, each once with its services; policies that differ in their occasions alone are one."""
    by_policy: dict[tuple[Any, ...], tuple[Approvals, dict[str, None]]] = {}
    for name, policy in needed:
        if policy is not None:
            key = (policy.required, policy.by, policy.self, policy.expires)
            by_policy.setdefault(key, (policy, {}))[1].update({name: None} if name else {})
    return tuple(Requirement(tuple(names), policy) for policy, names in by_policy.values())


def expires_after(needed: Iterable[Requirement]) -> timedelta:
    """How long a proposal with these requirements can be approved."""
    return min(each.policy.lasts for each in needed)


def most_required(needed: Iterable[Requirement]) -> int:
    """The number of approvals of the strictest policy."""
    return max((each.policy.required for each in needed), default=MOST_REQUIRED)


def who_may_approve(needed: Iterable[Requirement]) -> str:
    """The groups and roles of all policies, for a person."""
    return ', '.join(dict.fromkeys(rule for each in needed for rule in each.policy.by))


def approvals_needed(needed: Sequence[Requirement]) -> str:
    """How many approvals are needed, and by whom, for a person."""
    number = most_required(needed)
    approvals = '1 approval' if number == 1 else f'{number} approvals'
    return f'{approvals} by {who_may_approve(needed)}'


def refuse_unapproved(cluster: str, needed: tuple[Requirement, ...]) -> ApprovalRequired:
    """The refusal of a change without its approvals."""
    return ApprovalRequired(
        f'This change of {cluster} needs {approvals_needed(needed)}; nothing was changed.',
        [each.to_json() for each in needed],
    )
