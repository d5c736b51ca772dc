"""Two target groups of a service, between which ECS shifts traffic in deployments other than rolling ones.

Nysa creates both and names them in the listener or rule before the first deployment. From then on ECS alone writes the
weights there, and the targets: which one serves alternates with every deployment. `targetGroupArn` of the service stays
as it was written.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import LoadBalancer
from stack.reconcile.plan import ResultOf
from stack.reconcile.target_group import WantedGroup, plan_target_group, usable_target_group
from stack.reconcile.wanted_balancers import Shift

Ref = str | ResultOf
ADVANCED = 'advancedConfiguration'


class Shifting(WantedGroup, Protocol):
    """A target group whose traffic ECS may shift."""

    @property
    def shift(self) -> Shift | None: ...


@dataclass(frozen=True)
class Alternate:
    """The other target group of a service, and the role with which ECS shifts traffic."""

    group: Ref
    shift: Shift

    def configuration(self, production: Ref) -> dict[str, Ref]:
        """The members of `advancedConfiguration`, without a rule for tests."""
        return {
            'alternateTargetGroupArn': self.group,
            'productionListenerRule': production,
            'roleArn': self.shift.role,
        }


@dataclass(frozen=True)
class Pair:
    """The two target groups that ECS shifts traffic of a listener or rule between, as the service is attached to them.

    `serving`: the target group that gets all requests now; None while ECS shifts them, or where there is none. `test`
    is the rule for tests, if any.
    """

    first: str
    other: str
    production: str
    serving: str | None
    test: str = ''

    @property
    def is_shifting(self) -> bool:
        return self.serving is None


@dataclass(frozen=True)
class Groups:
    """The target group of the service, the other one where ECS shifts traffic, and the pair that exists."""

    first: Ref
    alternate: Alternate | None = None
    pair: Pair | None = None

    @property
    def action(self) -> dict[str, Any]:
        """The action of a new listener or rule."""
        if self.alternate:
            return weights(self.first, self.alternate.group)
        return forward(self.first)


def forward(group: Ref) -> dict[str, Any]:
    return {'Type': 'forward', 'TargetGroupArn': group}


def pair_of(draft: Draft, observed: Observed, serving: str | None, named: Collection[str]) -> Pair | None:
    """The pair of the service that a listener or rule leads to; `named` are all target groups in its action."""
    service = observed.service(draft.service)
    for attachment in service.load_balancers if service else ():
        advanced = attachment.get(ADVANCED) or {}
        first, other = attachment.get('targetGroupArn'), advanced.get('alternateTargetGroupArn')
        if other and {first, other} & set(named) and first in observed.groups_of(draft.owner):
            production, test = (advanced.get(f'{kind}ListenerRule', '') for kind in ('production', 'test'))
            return Pair(first, other, production, serving, test)
    return None


def leading_to(pair: Pair | None, shift: Shift | None, serving: Collection[str | None]) -> set[str | None]:
    """The target groups of which one is the first that the service is attached to.

    `serving`: those that get requests now. Raises `Blocked` where a rolling deployment would have to take over while
    ECS shifts traffic.
    """
    if pair is None:
        return set(serving)
    if shift:
        return {pair.first}
    if pair.is_shifting:
        raise Blocked('ECS shifts its traffic now: a rolling deployment follows once that has ended.')
    return {pair.serving}


def plan_alternate(
    draft: Draft,
    wanted: Shifting,
    group: Ref,
    balancer: LoadBalancer | None,
    pair: Pair | None,
    observed: Observed,
) -> tuple[Alternate | None, frozenset[str]]:
    """Add the steps for the other target group. Raises `Blocked`.

    None where ECS shifts no traffic; with it the ARN of the one that exists.
    """
    if wanted.shift is None:
        return None, frozenset()
    beside = {pair.other} if pair else set()
    there = usable_target_group(draft, wanted, observed, balancer, beside, but=group)
    planned = plan_target_group(draft.beside('alternate'), wanted, observed, there)
    return Alternate(planned, wanted.shift), frozenset({there.arn} if there else ())


def weights(serving: Ref, idle: Ref) -> dict[str, Any]:
    """The action that forwards to one target group and names another."""
    groups = [{'TargetGroupArn': serving, 'Weight': 1}, {'TargetGroupArn': idle, 'Weight': 0}]
    return {'Type': 'forward', 'ForwardConfig': {'TargetGroups': groups}}


def idle_beside(serving: str | None, group: Ref, alternate: Ref, named: Collection[str]) -> dict[str, Any] | None:
    """The action that a listener or rule needs before ECS can shift its traffic; None where it names both already.

    What serves goes on to serve. Raises `Blocked` where neither of the two serves.
    """
    if {group, alternate} <= set(named):
        return None
    if serving not in (group, alternate):
        raise Blocked(
            'Its target groups cannot be replaced while ECS shifts traffic between them: '
            'deploy it with strategy: rolling first.'
        )
    return weights(serving, alternate if serving == group else group)


def default_rule(draft: Draft, name: str, listener: Ref, known: str, *, network: bool) -> Ref:
    """The default rule of a listener; of a network load balancer the listener itself.

    `known` is the rule that the service has now. `name` is part of the id of the step that looks it up.
    """
    if network:
        return listener
    if isinstance(listener, str) and known.startswith(f'{_rules_of(listener)}/'):
        return known
    found = draft.add(
        f'listener/{name}',
        'elbv2:DescribeRules',
        'Look up the default rule of the listener',
        {'ListenerArn': listener},
    )
    return ResultOf(found, 'Rules.?IsDefault.RuleArn')


def _rules_of(listener: str) -> str:
    """The part that the ARNs of all rules of a listener begin with."""
    return listener.replace(':listener/', ':listener-rule/')


def stated_shift(shift: Shift | None) -> dict[str, Ref] | None:
    """The members of `advancedConfiguration` for target groups of others."""
    if shift is None:
        return None
    test = {'testListenerRule': shift.test_rule} if shift.test_rule else {}
    whole = {'alternateTargetGroupArn': shift.alternate, 'productionListenerRule': shift.production_rule}
    return {**whole, **test, 'roleArn': shift.role}


def without_shift(attachment: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attachment.items() if name != ADVANCED}
