"""A service's load balancer, target group, listener and alias record: made, changed in place, or made anew.

What ELB can change in place: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Operations.html
(not a load balancer's scheme and VPC, nor a target group's VPC and target type).
"""

from dataclasses import dataclass

from stack.plan import Change, ResultOf, differences
from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.observed import Listener, LoadBalancer, Observed
from stack.reconcile.record import plan_record
from stack.reconcile.target_group import plan_target_group, usable_target_group
from stack.reconcile.wanted import Balancer

Ref = str | ResultOf


@dataclass(frozen=True)
class Attachment:
    """What the service is to be attached to, and the steps after which it can be.

    `seen_to`: the ARNs of the parts that stay, or that the steps already deal with.
    """

    target_group: Ref
    container_port: int
    ready: tuple[str, ...]
    seen_to: frozenset[str]


def plan_load_balancer(draft: Draft, wanted: Balancer, observed: Observed) -> Attachment:
    """Add the steps that make the load balancer as wanted. Raises `Blocked` where its name is somebody else's."""
    there = _named(draft, wanted, observed)
    group_there = usable_target_group(draft, wanted, observed, there)
    group = plan_target_group(draft, wanted, observed, group_there)
    balancer, dns, zone, made = _load_balancer(draft, wanted, there)
    listener = _listener(draft, wanted, None if made else there, balancer, group, observed)
    plan_record(draft, wanted, observed, there, made, dns, zone)
    seen_to = {each.arn for each in (group_there, there) if each}
    return Attachment(group, wanted.container_port, (listener,) if listener else (), frozenset(seen_to))


def _named(draft: Draft, wanted: Balancer, observed: Observed) -> LoadBalancer | None:
    """The load balancer that has the wanted name, if it may be ours."""
    there = next((each for each in observed.load_balancers if each.name == wanted.name), None)
    if there is None:
        return None
    whose = names.owner(there.tags)
    if whose not in (None, draft.owner):
        raise Blocked(f'The load balancer {wanted.name} belongs to {whose.service} of cluster {whose.cluster}.')
    if there.type != 'application':
        raise Blocked(f'There is a load balancer {wanted.name} already, of type {there.type}: it is not changed.')
    if whose is None and _is_elsewhere(wanted, there):
        raise Blocked(
            f'The load balancer {wanted.name} was not made by Nysa, and would have to be made anew '
            f'({there.scheme} in {there.vpc}): delete it by hand first.'
        )
    return there


def _is_elsewhere(wanted: Balancer, there: LoadBalancer) -> bool:
    return (there.scheme, there.vpc) != (wanted.scheme, wanted.vpc)


def _load_balancer(draft: Draft, wanted: Balancer, there: LoadBalancer | None) -> tuple[Ref, Ref, Ref, bool]:
    """The load balancer's ARN, DNS name and zone, known or to come, and whether it is made by the plan."""
    gone = None
    if there and _is_elsewhere(wanted, there):
        why = [Change('elb.scheme', there.scheme, wanted.scheme), Change('elb.vpc', there.vpc, wanted.vpc)]
        gone = draft.add(
            'load-balancer/replace',
            'elbv2:DeleteLoadBalancer',
            f'Delete the load balancer {there.name}: it cannot move to {wanted.scheme} in {wanted.vpc}',
            {'LoadBalancerArn': there.arn},
            why=[each for each in why if each.before != each.after],
        )
        draft.note(f'The load balancer {there.name} is made anew: nothing is reachable through it meanwhile.')
    elif there:
        _change_load_balancer(draft, wanted, there)
        return there.arn, there.dns_name, there.zone, False
    tags = draft.owner.tags | ({names.RECORD_TAG: names.record_tag(*wanted.record)} if wanted.record else {})
    groups = {'SecurityGroups': sorted(wanted.security_groups)} if wanted.security_groups else {}
    made = draft.add(
        'load-balancer',
        'elbv2:CreateLoadBalancer',
        f'Create the load balancer {wanted.name} ({wanted.scheme})',
        {
            'Name': wanted.name,
            'Type': 'application',
            'Scheme': wanted.scheme,
            'Subnets': sorted(wanted.subnets),
            **groups,
            'Tags': names.tag_list(tags),
        },
        after=[gone],
        why=[Change('elb', None, wanted.name)],
        not_yet=('DuplicateLoadBalancerName',) if gone else (),
    )
    arn, dns, zone = (
        ResultOf(made, f'LoadBalancers.0.{each}') for each in ('LoadBalancerArn', 'DNSName', 'CanonicalHostedZoneId')
    )
    return arn, dns, zone, True


def _change_load_balancer(draft: Draft, wanted: Balancer, there: LoadBalancer) -> None:
    if names.owner(there.tags) is None:
        draft.take_over('load-balancer', there.name, there.arn)
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


def _listener(
    draft: Draft, wanted: Balancer, there: LoadBalancer | None, balancer: Ref, group: Ref, observed: Observed
) -> str | None:
    certificates = [{'CertificateArn': wanted.certificate}] if wanted.certificate else []
    arguments = {
        'Port': wanted.port,
        'Protocol': wanted.protocol,
        **({'Certificates': certificates} if certificates else {}),
        'DefaultActions': [{'Type': 'forward', 'TargetGroupArn': group}],
    }
    listener = _own_listener(draft, wanted, there, observed) if there else None
    after = {'protocol': wanted.protocol, 'port': wanted.port, 'certificate': wanted.certificate, 'target_group': group}
    if listener is None:
        return draft.add(
            'listener',
            'elbv2:CreateListener',
            f'Create the listener of {wanted.name} for {wanted.protocol} on port {wanted.port}',
            {'LoadBalancerArn': balancer, **arguments, 'Tags': names.tag_list(draft.owner.tags)},
            why=[Change('elb.listener', None, f'{wanted.protocol}:{wanted.port}')],
        )
    before = {
        'protocol': listener.protocol,
        'port': listener.port,
        'certificate': listener.certificates[0] if listener.certificates else None,
        'target_group': listener.target_group,
    }
    changes = [
        Change(each.path, each.before, None if isinstance(each.after, ResultOf) else each.after)
        for each in differences(before, after, 'elb')
    ]
    if not changes:
        return None
    return draft.add(
        'listener',
        'elbv2:ModifyListener',
        f'Change the listener of {wanted.name} ({", ".join(each.path.removeprefix("elb.") for each in changes)})',
        {'ListenerArn': listener.arn, **arguments},
        why=changes,
    )


def _own_listener(draft: Draft, wanted: Balancer, there: LoadBalancer, observed: Observed) -> Listener | None:
    """The listener on the wanted port, or else one that leads to a target group of ours and so can be moved there."""
    ours = {each.arn for each in observed.target_groups if names.owner(each.tags) == draft.owner}
    on_port = [each for each in there.listeners if each.port == wanted.port]
    leading_to_us = [each for each in there.listeners if each.target_group in ours]
    return next(iter(on_port + leading_to_us), None)
