"""Checks of quotas of Elastic Load Balancing, for what a plan adds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stack.reconcile.names import balancer_of
from stack.reconcile.wanted import Wanted
from stack.rehearsal.facts import Quotas
from stack.rehearsal.finding import Finding
from stack.rollouts.refusals import KIND

CHECK = 'quota'

# Quotas by AWS's names:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Limit.html
GROUPS = 'target-groups'
OF_KIND = {'application': 'application-load-balancers', 'network': 'network-load-balancers'}
RULES = 'rules-per-application-load-balancer'

CREATE_GROUP, CREATE_BALANCER = 'elbv2:CreateTargetGroup', 'elbv2:CreateLoadBalancer'
CREATE_RULE = 'elbv2:CreateRule'
COUNTED = frozenset({CREATE_GROUP, CREATE_BALANCER, CREATE_RULE})

ADVICE = 'Ask for a higher quota in Service Quotas, or delete what is not used.'


@dataclass(frozen=True)
class Use:
    """A quota of the account, or of one load balancer: its ARN, or its name where Nysa makes it."""

    quota: str
    balancer: str = ''


Added = Mapping[Use, Counter[str]]


def adding(steps: Iterable[Mapping[str, object]], wanted: Mapping[str, Wanted]) -> Added:
    """How much of each quota the steps of a plan use, by service; steps as in a plan's JSON.

    A load balancer that services share counts for the first of those whose rules it gets.
    """
    added: dict[Use, Counter[str]] = {}
    counted = [(str(step['kind']), str(step['service'] or '')) for step in steps if step['kind'] in COUNTED]
    ruled = [service for kind, service in counted if kind == CREATE_RULE]
    for kind, service in counted:
        of = service or next(iter(ruled), '')
        if of:
            added.setdefault(_use(kind, service, wanted.get(of)), Counter())[of] += 1
    return added


def _use(kind: str, service: str, wanted: Wanted | None) -> Use:
    if kind == CREATE_GROUP:
        return Use(GROUPS)
    if kind == CREATE_RULE:
        routed = wanted.balancers.routed if wanted else ()
        first = next(iter(routed), None)
        return Use(RULES, (balancer_of(first.listener) if first.listener else first.balancer) if first else '')
    own = wanted.balancers.own if wanted and service else ()
    return Use(OF_KIND[next((balancer.kind for balancer in own), 'application')])


def judge_quotas(added: Added, quotas: Quotas, rules: Mapping[str, int]) -> Iterable[Finding]:
    """A finding for each service for which a quota has no room left, where services are created in this order.

    `rules` is the number of rules of each load balancer.
    """
    for use, services in added.items():
        there = rules.get(use.balancer) if use.quota == RULES else quotas.used.get(use.quota)
        limit = quotas.limits.get(use.quota)
        if there is None or limit is None:
            continue
        used = there
        for service, number in services.items():
            if used + number > limit:
                where = f'The load balancer {use.balancer}' if use.quota == RULES else 'The account'
                what = 'rules' if use.quota == RULES else use.quota.replace('-', ' ')
                message = f'{where} has {there} of {limit} {what}; this adds more.'
                yield Finding(service, 'elb', CHECK, KIND, message, ADVICE)
            used += number
