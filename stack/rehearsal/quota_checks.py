"""Checks of quotas of Elastic Load Balancing, for what a plan adds."""

from collections import Counter
from collections.abc import Iterable, Mapping

from stack.rehearsal.facts import Quotas
from stack.rehearsal.finding import Finding
from stack.rollouts.refusals import KIND

CHECK = 'quota'

# A step of a plan → the quota that it uses, by AWS's name:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Limit.html
USES = {
    'elbv2:CreateTargetGroup': 'target-groups',
    'elbv2:CreateLoadBalancer': 'application-load-balancers',
}

ADVICE = 'Ask for a higher quota in Service Quotas, or delete what is not used.'


def adding(steps: Iterable[Mapping[str, object]]) -> Mapping[str, Counter[str]]:
    """How much of each quota the steps of a plan use, by service; steps as in a plan's JSON."""
    added: dict[str, Counter[str]] = {}
    for step in steps:
        quota = USES.get(str(step['kind']))
        if quota and step['service']:
            added.setdefault(quota, Counter())[str(step['service'])] += 1
    return added


def judge_quotas(added: Mapping[str, Counter[str]], quotas: Quotas) -> Iterable[Finding]:
    """A finding for each service for which a quota has no room left, where services are created in this order."""
    for quota, services in added.items():
        if quota not in quotas.limits or quota not in quotas.used:
            continue
        limit = quotas.limits[quota]
        used = quotas.used[quota]
        for service, number in services.items():
            if used + number > limit:
                message = f'The account has {quotas.used[quota]} of {limit} {quota.replace("-", " ")}; this adds more.'
                yield Finding(service, 'elb', CHECK, KIND, message, ADVICE)
            used += number
