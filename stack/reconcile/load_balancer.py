"""A service's load balancer, target group, listener and alias record: created, changed in place, or succeeded.

A load balancer's scheme and VPC cannot be changed, nor a target group's VPC and target type:
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Operations.html
Then a successor with another name is created, and the predecessor serves until the successor does: see `handover`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from stack.reconcile import names
from stack.reconcile.attached import Target
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.group_attributes import set_tag
from stack.reconcile.handover import Attachment, left, predecessors
from stack.reconcile.interruptions import is_refused
from stack.reconcile.leaving_listeners import doubled, find_leaving, ports_tag
from stack.reconcile.listener import plan_listener
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import LoadBalancer
from stack.reconcile.plan import Change, ResultOf
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.reconcile.record import Alias, leads_elsewhere, plan_record
from stack.reconcile.shifting import Groups, leading_to, pair_of, plan_alternate
from stack.reconcile.target_group import plan_target_group, usable_target_group
from stack.reconcile.tested import for_requests, tag_of_tests
from stack.reconcile.wanted_balancers import Balancer


def plan_load_balancers(draft: Draft, wanted: Sequence[Balancer], observed: Observed) -> list[Attachment]:
    """Add the steps for all load balancers of the service's own. Raises `Blocked`; see `plan_load_balancer`."""
    there = [usable_load_balancer(draft, each, observed) for each in wanted]
    before = list(predecessors(draft.owner, observed, {known.arn for known in there if known}))
    attachments = []
    for each, known in zip(wanted, there, strict=True):
        family = set(names.successive(each.name))
        # Those outside of all families are succeeded by the first new load balancer, else by the last one.
        mine = [old for old in before if old.name in family or known is None or each is wanted[-1]]
        before = [old for old in before if old not in mine]
        attachments.append(plan_load_balancer(draft.scoped(each.key), each, observed, mine))
    return attachments


def plan_load_balancer(
    draft: Draft, wanted: Balancer, observed: Observed, before: Sequence[LoadBalancer] = ()
) -> Attachment:
    """Add the steps for one load balancer, which succeeds those in `before`.

    Where tasks serve already, `plan_handover` adds the record. Raises `Blocked` where another owner has its name.
    """
    there = usable_load_balancer(draft, wanted, observed)
    if there:
        wanted = replace(wanted, vpc=there.vpc)
    service = observed.service(draft.owner.service or '')
    serves = service is not None and service.running_count > 0
    before = before if serves else ()
    listeners = for_requests(there) if there else ()
    pairs = [pair_of(draft, observed, listener.target_group, listener.named) for listener in listeners]
    pair = next(filter(None, pairs), None)
    on_port = [listener for listener in listeners if listener.port == wanted.port] or listeners
    led_to = leading_to(pair, wanted.shift, {listener.target_group for listener in on_port})
    group_there = usable_target_group(draft, wanted, observed, there, led_to)
    group = plan_target_group(draft, wanted, observed, group_there)
    alternate, beside = plan_alternate(draft, wanted, group, there, pair, observed)
    if alternate and before:
        raise Blocked(
            'Its load balancer cannot be replaced while ECS shifts traffic: deploy it with strategy: rolling first.'
        )
    staying = tuple(predecessor for predecessor in before if not left(predecessor, observed.at))
    attached = attached_groups(draft, observed)
    missing = doubled(wanted, staying, attached)
    leaving = find_leaving(draft, wanted, there, missing, observed, serves=serves, held=bool(staying))
    tags = {**ports_tag(wanted.port, leaving.left), **tag_of_tests(wanted.test_port)}
    balancer = _load_balancer(draft, wanted, there, observed, tags)
    groups = Groups(group, alternate, pair)
    listener = plan_listener(draft, wanted, balancer, groups, observed, leaving=leaving, serves=serves)
    alias = Alias(wanted.records, balancer, there, _refuses_clients(wanted, staying, attached))
    moves = serves and leads_elsewhere(alias, observed)
    waits = bool(listener.switch or moves or [predecessor for predecessor in before if not left(predecessor)])
    if not waits:
        plan_record(draft, alias, observed)
    kept = {arn for predecessor in staying for arn in (predecessor.arn, *_forwarded_to(predecessor))}
    kept |= still_serving(draft, observed, wanted.target_type, listener.serving)
    left_early = listener.serving & attached - kept
    return Attachment(
        draft=draft,
        target=Target(group, wanted.container_port, wanted.container, shift=listener.shift),
        ready=listener.ready,
        seen_to=frozenset({part.arn for part in (group_there, there) if part} | kept | beside),
        also=frozenset(kept) & observed.index.target_groups.keys(),
        alias=alias,
        switches=tuple(filter(None, [listener.switch])),
        predecessors=staying,
        waits=waits,
        interrupts=bool(left_early),
        untested=there if there and names.TEST_TAG in there.tags and not wanted.test_port else None,
    )


def attached_groups(draft: Draft, observed: Observed) -> frozenset[str]:
    """The target groups that the service is attached to now."""
    service = observed.service(draft.service)
    return service.target_groups if service else frozenset()


def still_serving(draft: Draft, observed: Observed, target_type: str, groups: Collection[str | None]) -> set[str]:
    """Those of the groups that the service can stay attached to until nothing leads to them.

    ECS attaches a service to target groups of one type.
    """
    attached = attached_groups(draft, observed)
    return {
        group.arn
        for group in observed.index.target_groups_of(draft.owner)
        if group.arn in groups and group.arn in attached and group.target_type == target_type
    }


def _forwarded_to(balancer: LoadBalancer) -> list[str]:
    return [listener.target_group for listener in balancer.listeners if listener.target_group]


def usable_load_balancer(draft: Draft, wanted: Balancer, observed: Observed) -> LoadBalancer | None:
    """The usable load balancer with the wanted name or that of a successor, if any. Raises `Blocked`."""
    named = observed.index.named_load_balancers
    family = [named[name] for name in names.successive(wanted.name) if name in named]
    fitting = [balancer for balancer in family if _is_usable(draft, wanted, balancer)]
    if not fitting:
        _refuse_the_same_again(draft, wanted, family)
    return min(fitting, key=left, default=None)


def _is_usable(draft: Draft, wanted: Balancer, there: LoadBalancer) -> bool:
    whose = names.owner(there.tags)
    if there.name != wanted.name:
        return whose == draft.owner and not _is_elsewhere(wanted, there)
    if whose not in (None, draft.owner):
        raise Blocked(f'The load balancer {wanted.name} belongs to {whose.service} of cluster {whose.cluster}.')
    if there.type != wanted.kind and whose is None:
        raise Blocked(f'There is a load balancer {wanted.name} already, of type {there.type}: it is not changed.')
    if whose is None and _is_elsewhere(wanted, there):
        raise Blocked(
            f'The load balancer {wanted.name} was not created by Nysa, and would have to be replaced '
            f'({there.scheme} in {there.vpc}): delete it by hand first.'
        )
    return not _is_elsewhere(wanted, there)


def _is_elsewhere(wanted: Balancer, there: LoadBalancer) -> bool:
    """Whether scheme, type or VPC differ. Common subnets prove the VPC, whatever the document states."""
    in_vpc = there.vpc == wanted.vpc or not wanted.subnets.isdisjoint(there.subnets)
    return there.scheme != wanted.scheme or there.type != wanted.kind or not in_vpc


def _refuse_the_same_again(draft: Draft, wanted: Balancer, family: list[LoadBalancer]) -> None:
    """Raise `Blocked` where a load balancer was created for the same settings before: another would be the same."""
    for there in family:
        made_for = there.tags.get(names.MADE_FOR_TAG)
        if names.owner(there.tags) == draft.owner and made_for == _made_for(wanted):
            raise Blocked(
                f'The load balancer {there.name} was created as {wanted.scheme} in {wanted.vpc}, and is {there.scheme} '
                f'in {there.vpc}: it is not replaced a second time. Correct the subnets, or delete it by hand.'
            )


def _made_for(wanted: Balancer) -> str:
    made_for = f'{wanted.scheme}/{wanted.vpc}'
    return made_for if wanted.kind == 'application' else f'{made_for}/{wanted.kind}'


def _refuses_clients(wanted: Balancer, staying: Iterable[LoadBalancer], attached: frozenset[str]) -> bool:
    """Whether clients of a predecessor are refused once they have the address of the load balancer."""
    return any(
        is_refused(listener.port, listener.protocol, wanted)
        for predecessor in staying
        for listener in for_requests(predecessor)
        if listener.target_group in attached
    )


def _load_balancer(
    draft: Draft, wanted: Balancer, there: LoadBalancer | None, observed: Observed, ports: Mapping[str, str]
) -> PlannedBalancer:
    """Add the steps that create the load balancer or change the one that exists. `ports`: further tags of a new one."""
    if there:
        _change_load_balancer(draft, wanted, there)
        return PlannedBalancer(wanted.name, there.arn, there.dns_name, there.zone, there, wanted.kind)
    name = names.unused(wanted.name, observed.index.named_load_balancers)
    if name is None:
        raise Blocked(f'All names for a load balancer that succeeds {wanted.name} are used.')
    tags = {**draft.owner.tags, names.MADE_FOR_TAG: _made_for(wanted), **ports}
    if wanted.records:
        tags[names.RECORD_TAG] = names.records_tag(wanted.records)
    tags |= set_tag(wanted.stated.names)
    groups = {'SecurityGroups': sorted(wanted.security_groups)} if wanted.security_groups else {}
    made = draft.add(
        'load-balancer',
        'elbv2:CreateLoadBalancer',
        f'Create the load balancer {name} ({wanted.scheme})',
        {
            'Name': name,
            'Type': wanted.kind,
            'Scheme': wanted.scheme,
            'Subnets': sorted(wanted.subnets),
            **groups,
            'Tags': names.tag_list(tags),
        },
        why=[Change('elb', None, name)],
    )
    arn, dns, zone = (
        ResultOf(made, f'LoadBalancers.0.{member}')
        for member in ('LoadBalancerArn', 'DNSName', 'CanonicalHostedZoneId')
    )
    return PlannedBalancer(wanted.name, arn, dns, zone, kind=wanted.kind)


def _change_load_balancer(draft: Draft, wanted: Balancer, there: LoadBalancer) -> None:
    if names.owner(there.tags) is None:
        draft.take_over('load-balancer', there.name, there.arn, set_tag(wanted.stated.names))
    if left(there):
        draft.add(
            'load-balancer/return',
            'elbv2:RemoveTags',
            f'Record on {there.name} that it serves again',
            {'ResourceArns': [there.arn], 'TagKeys': [names.LEFT_TAG]},
        )
    if wanted.security_groups and wanted.security_groups != there.security_groups:
        change = Change('elb.security_groups', sorted(there.security_groups), sorted(wanted.security_groups))
        draft.add(
            'load-balancer/security-groups',
            'elbv2:SetSecurityGroups',
            f'Set the security groups of {there.name}',
            {'LoadBalancerArn': there.arn, 'SecurityGroups': sorted(wanted.security_groups)},
            why=[change],
        )
    if wanted.subnets != there.subnets:
        change = Change('elb.subnets', sorted(there.subnets), sorted(wanted.subnets))
        draft.add(
            'load-balancer/subnets',
            'elbv2:SetSubnets',
            f'Set the subnets of {there.name}',
            {'LoadBalancerArn': there.arn, 'Subnets': sorted(wanted.subnets)},
            why=[change],
        )
