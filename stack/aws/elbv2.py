"""The adapter of Elastic Load Balancing.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.errors import AwsFailed
from stack.reconcile.names import PORTS_TAG, SET_TAG, balancer_of, owner, read_tags
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, LoadBalancer, Rule, TargetGroup
from stack.stackfile.task_definition import SERVICE_TAG

# Tags are asked for this many things at a time.
MOST_TAGGED = 20

# Target groups or load balancers in one call.
MOST_DESCRIBED = 20

_MORE = ('NextMarker', 'Marker')


@dataclass(frozen=True)
class Interest:
    """What of Elastic Load Balancing matters to a cluster: names that begin with `prefix`, and what is named here.

    `groups` and `listeners` are ARNs. The rules of a listener are read where it is in `listeners`, or its load balancer
    is shared by the cluster's services, or moves to another port, or leads to a target group of the cluster by a rule.
    The attributes of a target group are read where it belongs to a service in `tuned`, or a stackfile stated some of
    them before; in the same way the attributes and further certificates of a load balancer of a service in `detailed`.
    """

    prefix: str
    groups: Collection[str] = ()
    listeners: Collection[str] = ()
    tuned: Collection[str] = ()
    detailed: Collection[str] = ()

    def owns(self, tags: Mapping[str, str]) -> bool:
        whose = owner(tags)
        return whose is not None and f'{whose.cluster}-' == self.prefix

    def shares(self, tags: Mapping[str, str]) -> bool:
        """Whether a load balancer is one that the cluster's services share."""
        return self.owns(tags) and SERVICE_TAG not in tags

    def is_detailed(self, balancer: LoadBalancer) -> bool:
        """Whether a stackfile states, or stated, settings of a service's own load balancer."""
        named = balancer.name.startswith(self._detailed_names)
        return not self.shares(balancer.tags) and (named or SET_TAG in balancer.tags)

    def is_tuned(self, group: TargetGroup) -> bool:
        """Whether a stackfile states, or stated, attributes of a target group of the cluster, or of no owner."""
        mine = self.owns(group.tags) or owner(group.tags) is None
        return mine and (group.name.startswith(self._tuned_names) or SET_TAG in group.tags)

    @cached_property
    def _detailed_names(self) -> tuple[str, ...]:
        return self._beginnings(self.detailed)

    @cached_property
    def _tuned_names(self) -> tuple[str, ...]:
        return self._beginnings(self.tuned)

    def _beginnings(self, services: Collection[str]) -> tuple[str, ...]:
        """How the names of the parts of services begin."""
        return tuple(f'{self.prefix}{service}-' for service in services)

    def has_balancer(self, found: Mapping[str, Any]) -> bool:
        listening = {balancer_of(arn) for arn in self.listeners}
        return found['LoadBalancerName'].startswith(self.prefix) or found['LoadBalancerArn'] in listening


async def load_balancing(
    aws: AwsClient, interest: Interest
) -> tuple[tuple[LoadBalancer, ...], tuple[TargetGroup, ...]]:
    """The load balancers and target groups that matter; those that lead to a target group come with it."""
    found, known = await asyncio.gather(
        aws.pages('elbv2', 'DescribeTargetGroups', 'TargetGroups', token=_MORE),
        aws.pages('elbv2', 'DescribeLoadBalancers', 'LoadBalancers', token=_MORE),
    )
    groups = [
        each
        for each in found
        if each['TargetGroupName'].startswith(interest.prefix) or each['TargetGroupArn'] in interest.groups
    ]
    # A target group may go on naming a load balancer that has gone.
    there = {each['LoadBalancerArn'] for each in known}
    leading = {arn for each in groups for arn in each.get('LoadBalancerArns', ())}
    known = [each for each in known if each['LoadBalancerArn'] in leading or interest.has_balancer(each)]
    tags, listeners = await asyncio.gather(
        _tags(aws, [each['TargetGroupArn'] for each in groups] + [each['LoadBalancerArn'] for each in known]),
        asyncio.gather(*(_listeners(aws, each['LoadBalancerArn']) for each in known)),
    )
    balancers = [
        LoadBalancer.read(each, tags[each['LoadBalancerArn']], of_it)
        for each, of_it in zip(known, listeners, strict=True)
    ]
    target_groups = tuple(TargetGroup.read(each, tags[each['TargetGroupArn']], there) for each in groups)
    with_all = await asyncio.gather(
        _with_rules(aws, interest, balancers, target_groups), _with_attributes(aws, interest, target_groups)
    )
    detailed = await _with_further_certificates(aws, interest, with_all[0])
    return tuple(await _with_balancer_attributes(aws, interest, detailed)), tuple(with_all[1])


async def _with_further_certificates(
    aws: AwsClient, interest: Interest, balancers: Sequence[LoadBalancer]
) -> list[LoadBalancer]:
    asked = [listener for one in balancers if interest.is_detailed(one) for listener in one.listeners]
    found = await asyncio.gather(*(_further_certificates(aws, listener) for listener in asked))
    known = {listener.arn: further for listener, further in zip(asked, found, strict=True)}
    return [
        replace(
            balancer,
            listeners=tuple(
                replace(listener, further=known.get(listener.arn, listener.further)) for listener in balancer.listeners
            ),
        )
        for balancer in balancers
    ]


async def _with_balancer_attributes(
    aws: AwsClient, interest: Interest, balancers: Sequence[LoadBalancer]
) -> list[LoadBalancer]:
    asked = [one for one in balancers if interest.shares(one.tags) or interest.is_detailed(one)]
    known = {balancer.arn: balancer for balancer in await _with_their_attributes(aws, asked)}
    return [known.get(balancer.arn, balancer) for balancer in balancers]


async def _with_their_attributes(aws: AwsClient, balancers: Sequence[LoadBalancer]) -> list[LoadBalancer]:
    answers = await asyncio.gather(
        *(aws.call('elbv2', 'DescribeLoadBalancerAttributes', LoadBalancerArn=balancer.arn) for balancer in balancers)
    )
    return [
        replace(balancer, attributes={each['Key']: each.get('Value', '') for each in answer['Attributes']})
        for balancer, answer in zip(balancers, answers, strict=True)
    ]


async def with_rules_and_attributes(aws: AwsClient, observed: Observed) -> Observed:
    """The observed state with all rules and certificates, and the attributes of all parts, for adoption."""
    interest = Interest('', listeners=[one.arn for known in observed.load_balancers for one in known.listeners])
    balancers, groups = await asyncio.gather(
        _with_rules(aws, interest, observed.load_balancers, ()),
        asyncio.gather(*(_with_its_attributes(aws, group) for group in observed.target_groups)),
    )
    detailed = await _with_their_attributes(aws, [one for one in balancers if not one.attributes])
    known = {balancer.arn: balancer for balancer in (*balancers, *detailed)}
    return replace(observed, load_balancers=tuple(known.values()), target_groups=tuple(groups))


async def _with_attributes(aws: AwsClient, interest: Interest, groups: Sequence[TargetGroup]) -> list[TargetGroup]:
    asked = [group for group in groups if interest.is_tuned(group)]
    known = {group.arn: group for group in await asyncio.gather(*(_with_its_attributes(aws, one) for one in asked))}
    return [known.get(group.arn, group) for group in groups]


async def _with_its_attributes(aws: AwsClient, group: TargetGroup) -> TargetGroup:
    answer = await aws.call('elbv2', 'DescribeTargetGroupAttributes', TargetGroupArn=group.arn)
    return replace(group, attributes={each['Key']: each.get('Value', '') for each in answer['Attributes']})


async def _with_rules(
    aws: AwsClient, interest: Interest, balancers: Sequence[LoadBalancer], groups: Sequence[TargetGroup]
) -> list[LoadBalancer]:
    """The load balancers, their listeners with rules and further certificates where these matter."""
    own: dict[str, set[str]] = {}
    for group in groups:
        if interest.owns(group.tags):
            for arn in group.load_balancers:
                own.setdefault(arn, set()).add(group.arn)
    asked = [
        listener
        for balancer in balancers
        for listener in balancer.listeners
        if _matters(interest, balancer, listener, own.get(balancer.arn, frozenset()))
    ]
    rules, certificates = await asyncio.gather(
        asyncio.gather(*(_rules(aws, listener.arn) for listener in asked)),
        asyncio.gather(*(_further_certificates(aws, listener) for listener in asked)),
    )
    tags = await _tags(aws, [*(one.arn for one in asked), *(rule['RuleArn'] for some in rules for rule in some)])
    known = {
        listener.arn: replace(
            listener,
            rules=tuple(Rule.read(rule, tags.get(rule['RuleArn'], {})) for rule in some),
            further=further,
            tags=tags.get(listener.arn, {}),
        )
        for listener, some, further in zip(asked, rules, certificates, strict=True)
    }
    return [
        replace(balancer, listeners=tuple(known.get(listener.arn, listener) for listener in balancer.listeners))
        for balancer in balancers
    ]


def _matters(interest: Interest, balancer: LoadBalancer, listener: Listener, groups: AbstractSet[str]) -> bool:
    """`groups` are the cluster's target groups behind the load balancer, by ARN."""
    if listener.arn in interest.listeners:
        return True
    if interest.shares(balancer.tags) or (interest.owns(balancer.tags) and PORTS_TAG in balancer.tags):
        return True
    by_default: frozenset[str] = frozenset().union(*(one.leads_to for one in balancer.listeners))
    return not groups <= by_default


async def _rules(aws: AwsClient, listener: str) -> list[dict[str, Any]]:
    found = await aws.pages('elbv2', 'DescribeRules', 'Rules', token=_MORE, ListenerArn=listener)
    return [rule for rule in found if not rule.get('IsDefault')]


async def _further_certificates(aws: AwsClient, listener: Listener) -> frozenset[str]:
    if listener.protocol not in ('HTTPS', 'TLS'):
        return frozenset()
    found = await aws.pages(
        'elbv2', 'DescribeListenerCertificates', 'Certificates', token=_MORE, ListenerArn=listener.arn
    )
    return frozenset(certificate['CertificateArn'] for certificate in found if not certificate.get('IsDefault'))


async def balancers_of(aws: AwsClient, groups: Sequence[str]) -> list[LoadBalancer]:
    """The load balancers that lead to some target groups, with their listeners and without their tags."""
    answers = await asyncio.gather(
        *(
            aws.call('elbv2', 'DescribeTargetGroups', TargetGroupArns=some)
            for some in batches(sorted(groups), MOST_DESCRIBED)
        )
    )
    arns = sorted(
        {arn for answer in answers for each in answer['TargetGroups'] for arn in each.get('LoadBalancerArns', ())}
    )
    described = [
        each
        for some in batches(arns, MOST_DESCRIBED)
        for each in (await aws.call('elbv2', 'DescribeLoadBalancers', LoadBalancerArns=some))['LoadBalancers']
    ]
    listeners = await asyncio.gather(*(_listeners(aws, each['LoadBalancerArn']) for each in described))
    return [LoadBalancer.read(each, {}, some) for each, some in zip(described, listeners, strict=True)]


async def _listeners(aws: AwsClient, balancer: str) -> tuple[Listener, ...]:
    found = await aws.pages('elbv2', 'DescribeListeners', 'Listeners', token=_MORE, LoadBalancerArn=balancer)
    return tuple(Listener.read(each) for each in found if 'Port' in each)


async def _tags(aws: AwsClient, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    answers: list[dict[str, Any]] = await asyncio.gather(
        *(aws.call('elbv2', 'DescribeTags', ResourceArns=some) for some in batches(arns, MOST_TAGGED))
    )
    return {
        each['ResourceArn']: read_tags(each.get('Tags')) for answer in answers for each in answer['TagDescriptions']
    }


async def balancer_arns(aws: AwsClient, target_groups: Sequence[str]) -> dict[str, list[str]]:
    """The ARNs of the load balancers that forward to each target group, by its ARN. Raises `AwsFailed`.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
    """
    answer = await aws.call('elbv2', 'DescribeTargetGroups', TargetGroupArns=list(target_groups))
    return {each['TargetGroupArn']: each.get('LoadBalancerArns', []) for each in answer['TargetGroups']}


async def account_limits(aws: AwsClient) -> dict[str, int]:
    """The quotas of the account in this region, by AWS's name.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeAccountLimits.html
    """
    limits = await aws.pages('elbv2', 'DescribeAccountLimits', 'Limits', token=_MORE)
    return {each['Name']: int(each['Max']) for each in limits if str(each.get('Max', '')).isdecimal()}


async def used_quotas(aws: AwsClient) -> dict[str, int]:
    """How much of the quotas of the account is used, of those that can be counted in few calls."""
    groups, balancers = await asyncio.gather(
        aws.pages('elbv2', 'DescribeTargetGroups', 'TargetGroups', token=_MORE),
        aws.pages('elbv2', 'DescribeLoadBalancers', 'LoadBalancers', token=_MORE),
    )
    kinds = Counter(each.get('Type', 'application') for each in balancers)
    return {
        'target-groups': len(groups),
        'application-load-balancers': kinds['application'],
        'network-load-balancers': kinds['network'],
    }


async def count_rules(aws: AwsClient, balancer: str) -> int:
    """The rules of a load balancer beside the default ones; 0 where there is none of that ARN or name."""
    by: dict[str, Any] = {'LoadBalancerArns': [balancer]} if balancer.startswith('arn:') else {'Names': [balancer]}
    try:
        found = await aws.pages('elbv2', 'DescribeLoadBalancers', 'LoadBalancers', token=_MORE, **by)
    except AwsFailed as failed:
        if failed.aws_code == 'LoadBalancerNotFound':
            return 0
        raise
    count = 0
    for arn in [each['LoadBalancerArn'] for each in found]:
        listeners = await aws.pages('elbv2', 'DescribeListeners', 'Listeners', token=_MORE, LoadBalancerArn=arn)
        for listener in listeners:
            count += len(await _rules(aws, listener['ListenerArn']))
    return count
