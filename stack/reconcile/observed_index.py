"""An index of observed parts by owner, ARN and name: a plan looks them up for each of a thousand services."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol, TypeVar

from stack.reconcile.names import Owner, owner
from stack.reconcile.observed_balancers import LoadBalancer, Rule, TargetGroup
from stack.reconcile.observed_names import Record, Registry


class Tagged(Protocol):
    @property
    def tags(self) -> Mapping[str, str]: ...


Part = TypeVar('Part', bound=Tagged)


class ObservedIndex:
    """Each table is made when it is asked for first."""

    def __init__(
        self,
        load_balancers: Sequence[LoadBalancer],
        target_groups: Sequence[TargetGroup],
        registries: Sequence[Registry],
        records: Sequence[Record],
    ):
        self._load_balancers = load_balancers
        self._target_groups = target_groups
        self._registries = registries
        self._records = records

    def load_balancers_of(self, whose: Owner) -> Sequence[LoadBalancer]:
        """The load balancers of an owner."""
        return self._owned_load_balancers.get(whose, ())

    def target_groups_of(self, whose: Owner) -> Sequence[TargetGroup]:
        """The target groups of an owner."""
        return self._owned_target_groups.get(whose, ())

    def registries_of(self, whose: Owner) -> Sequence[Registry]:
        """The entries in Cloud Map of an owner."""
        return self._owned_registries.get(whose, ())

    def rules_of(self, whose: Owner) -> Sequence[Rule]:
        """The rules of an owner on all listeners."""
        return self._owned_rules.get(whose, ())

    def records_to(self, target: str) -> Sequence[Record]:
        """The records that lead to a load balancer, by its DNS name."""
        return self._records_by_target.get(target, ())

    @cached_property
    def load_balancers(self) -> Mapping[str, LoadBalancer]:
        """By ARN."""
        return {balancer.arn: balancer for balancer in self._load_balancers}

    @cached_property
    def named_load_balancers(self) -> Mapping[str, LoadBalancer]:
        """By name."""
        return {balancer.name: balancer for balancer in self._load_balancers}

    @cached_property
    def leading(self) -> Mapping[str, frozenset[str]]:
        """By the ARN of a target group, those of the load balancers with a listener that names it."""
        found: dict[str, set[str]] = {}
        for balancer in self._load_balancers:
            for listener in balancer.listeners:
                for group in listener.leads_to:
                    found.setdefault(group, set()).add(balancer.arn)
        return {group: frozenset(balancers) for group, balancers in found.items()}

    @cached_property
    def target_groups(self) -> Mapping[str, TargetGroup]:
        """By ARN."""
        return {group.arn: group for group in self._target_groups}

    @cached_property
    def named_target_groups(self) -> Mapping[str, TargetGroup]:
        """By name."""
        return {group.name: group for group in self._target_groups}

    def some_target_groups(self, arns: Collection[str | None], group_names: Iterable[str]) -> list[TargetGroup]:
        """Those with one of the ARNs or names, in the order in which they were listed."""
        named = (self.named_target_groups.get(name) for name in group_names)
        found = {group.arn: group for group in (*map(self.target_groups.get, filter(None, arns)), *named) if group}
        return sorted(found.values(), key=lambda group: self._places[group.arn])

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {arn: place for place, arn in enumerate(self.target_groups)}

    @cached_property
    def registries(self) -> Mapping[str, Registry]:
        """By ARN."""
        return {registry.arn: registry for registry in self._registries}

    @cached_property
    def named_registries(self) -> Mapping[tuple[str, str], Registry]:
        """By the id of the namespace, and name."""
        return _firsts(((registry.namespace, registry.name), registry) for registry in self._registries)

    @cached_property
    def records(self) -> Mapping[tuple[str, str, str], Record]:
        """By zone, name and type."""
        return _firsts(((record.zone, record.name, record.type), record) for record in self._records)

    @cached_property
    def _records_by_target(self) -> Mapping[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in self._records:
            found.setdefault(record.target, []).append(record)
        return found

    @cached_property
    def _owned_load_balancers(self) -> Mapping[Owner, list[LoadBalancer]]:
        return _by_owner(self._load_balancers)

    @cached_property
    def _owned_target_groups(self) -> Mapping[Owner, list[TargetGroup]]:
        return _by_owner(self._target_groups)

    @cached_property
    def _owned_registries(self) -> Mapping[Owner, list[Registry]]:
        return _by_owner(self._registries)

    @cached_property
    def _owned_rules(self) -> Mapping[Owner, list[Rule]]:
        return _by_owner(
            rule for balancer in self._load_balancers for listener in balancer.listeners for rule in listener.rules
        )


def _by_owner(parts: Iterable[Part]) -> dict[Owner, list[Part]]:
    found: dict[Owner, list[Part]] = {}
    for part in parts:
        if whose := owner(part.tags):
            found.setdefault(whose, []).append(part)
    return found


Key = TypeVar('Key')
Value = TypeVar('Value')


def _firsts(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, Value]:
    """By key, the first value of it."""
    found: dict[Key, Value] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found
