"""Load balancers that services share: created, changed in place, or deleted once no service uses them.

Rules belong to the services: see `routed`. A certificate is added before another one is removed. What Nysa did not
create is never changed: a load balancer with a rule of another owner stays.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from stack.reconcile import names
from stack.reconcile.balancer_settings import (
    certificate_list,
    further_certificates,
    idle_timeout_arguments,
    idle_timeout_s,
)
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, LoadBalancer
from stack.reconcile.plan import Change, ResultOf, Step
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.reconcile.routed import Located
from stack.reconcile.wanted_shared import Shared, WantedListener, action_of


def plan_shared(draft: Draft, wanted: Shared, observed: Observed) -> dict[tuple[str, int], Located]:
    """Add the steps for one load balancer; its listeners by name of the load balancer and port. Raises `Blocked`."""
    there = _usable(draft, wanted, observed)
    balancer = _balancer(draft, wanted, there)
    _set_idle_timeout(draft, wanted, balancer)
    vpc = there.vpc if there else wanted.vpc
    found = {}
    for listener in wanted.listeners:
        known = next((one for one in there.listeners if one.port == listener.port), None) if there else None
        ref: Any = known.arn if known else _create_listener(draft, wanted, listener, balancer)
        if known:
            _change_listener(draft, wanted, listener, known)
        found[wanted.name, listener.port] = Located(balancer, vpc, ref, known)
    return found


def _usable(draft: Draft, wanted: Shared, observed: Observed) -> LoadBalancer | None:
    there = next((known for known in observed.load_balancers if known.name == wanted.name), None)
    if there is None:
        return None
    whose = names.owner(there.tags)
    if whose != draft.owner:
        by = f'belongs to {whose.service or whose.cluster}' if whose else 'was not created by Nysa'
        raise Blocked(f'The load balancer {wanted.name} {by}: give the one in load_balancers another name.')
    in_vpc = there.vpc == wanted.vpc or not wanted.subnets.isdisjoint(there.subnets)
    if there.scheme != wanted.scheme or not in_vpc:
        raise Blocked(
            f'The load balancer {wanted.name} is {there.scheme} in {there.vpc}, which AWS cannot change: declare one '
            'of another name beside it, move the services there, then remove it.'
        )
    return there


def _balancer(draft: Draft, wanted: Shared, there: LoadBalancer | None) -> PlannedBalancer:
    if there is None:
        return _create(draft, wanted)
    key = wanted.key
    if wanted.security_groups and wanted.security_groups != there.security_groups:
        draft.add(
            f'shared/{key}/security-groups',
            'elbv2:SetSecurityGroups',
            f'Set the security groups of {there.name}',
            {'LoadBalancerArn': there.arn, 'SecurityGroups': sorted(wanted.security_groups)},
            why=[_change(wanted, 'security_groups', sorted(there.security_groups), sorted(wanted.security_groups))],
        )
    if wanted.subnets != there.subnets:
        draft.add(
            f'shared/{key}/subnets',
            'elbv2:SetSubnets',
            f'Set the subnets of {there.name}',
            {'LoadBalancerArn': there.arn, 'Subnets': sorted(wanted.subnets)},
            why=[_change(wanted, 'subnets', sorted(there.subnets), sorted(wanted.subnets))],
        )
    tags = {name: value for name, value in wanted.tags.items() if there.tags.get(name) != value}
    if tags:
        draft.add(
            f'shared/{key}/tags',
            'elbv2:AddTags',
            f'Tag the load balancer {there.name}',
            {'ResourceArns': [there.arn], 'Tags': names.tag_list(tags)},
            why=[_change(wanted, 'tags', {name: there.tags.get(name) for name in tags}, tags)],
        )
    return PlannedBalancer(wanted.name, there.arn, there.dns_name, there.zone, there)


def _create(draft: Draft, wanted: Shared) -> PlannedBalancer:
    groups = {'SecurityGroups': sorted(wanted.security_groups)} if wanted.security_groups else {}
    made = draft.add(
        f'shared/{wanted.key}',
        'elbv2:CreateLoadBalancer',
        f'Create the load balancer {wanted.name} ({wanted.scheme})',
        {
            'Name': wanted.name,
            'Type': 'application',
            'Scheme': wanted.scheme,
            'Subnets': sorted(wanted.subnets),
            **groups,
            'Tags': names.tag_list({**wanted.tags, **draft.owner.tags}),
        },
        why=[_change(wanted, '', None, wanted.name)],
    )
    arn, dns, zone = (
        ResultOf(made, f'LoadBalancers.0.{member}')
        for member in ('LoadBalancerArn', 'DNSName', 'CanonicalHostedZoneId')
    )
    return PlannedBalancer(wanted.name, arn, dns, zone)


def _set_idle_timeout(draft: Draft, wanted: Shared, balancer: PlannedBalancer) -> None:
    before = idle_timeout_s(balancer.there)
    if before == wanted.idle_timeout:
        return
    draft.add(
        f'shared/{wanted.key}/attributes',
        'elbv2:ModifyLoadBalancerAttributes',
        f'Set the idle timeout of {wanted.name}',
        idle_timeout_arguments(balancer, wanted.idle_timeout),
        why=[_change(wanted, 'idle_timeout', before, wanted.idle_timeout)],
    )


def _create_listener(draft: Draft, wanted: Shared, listener: WantedListener, balancer: PlannedBalancer) -> ResultOf:
    name = f'shared/{wanted.key}/listener/{listener.port}'
    made = draft.add(
        name,
        'elbv2:CreateListener',
        f'Create the listener of {wanted.name} for {listener.protocol} on port {listener.port}',
        {
            'LoadBalancerArn': balancer.arn,
            'Port': listener.port,
            'Protocol': listener.protocol,
            **_encryption(listener),
            'DefaultActions': [listener.default],
            'Tags': names.tag_list(draft.owner.tags),
        },
        why=[_change(wanted, f'listeners.{listener.port}', None, listener.protocol)],
    )
    ref = ResultOf(made, 'Listeners.0.ListenerArn')
    if further := further_certificates(listener.certificates):
        _add_certificates(draft, f'{name}/certificates', wanted, ref, further)
    return ref


def _encryption(listener: WantedListener) -> dict[str, Any]:
    if listener.protocol != 'HTTPS':
        return {}
    return {'SslPolicy': listener.ssl_policy, 'Certificates': certificate_list(listener.certificates[:1])}


def _change_listener(draft: Draft, wanted: Shared, listener: WantedListener, there: Listener) -> None:
    """Change a listener: certificates that come first, then the listener itself, then certificates that go."""
    name = f'shared/{wanted.key}/listener/{listener.port}'
    default = there.certificates[0] if there.certificates else None
    further = set(further_certificates(listener.certificates))
    # The present default one has to be in the list before another one takes its place.
    added = sorted(further - there.further)
    before = _add_certificates(draft, f'{name}/certificates', wanted, there.arn, added) if added else None
    now = {
        'protocol': there.protocol,
        'certificate': default,
        'ssl_policy': there.ssl_policy,
        'default': _plain_default(there.default),
    }
    then = {
        'protocol': listener.protocol,
        'certificate': listener.certificates[0] if listener.certificates else None,
        'ssl_policy': listener.ssl_policy,
        'default': _plain_default(listener.default),
    }
    path = f'listeners.{listener.port}'
    why = [_change(wanted, f'{path}.{key}', now[key], then[key]) for key in now if now[key] != then[key]]
    changed = None
    if why:
        changed = draft.add(
            name,
            'elbv2:ModifyListener',
            f'Change the listener of {wanted.name} on port {listener.port}',
            {
                'ListenerArn': there.arn,
                'Port': listener.port,
                'Protocol': listener.protocol,
                **_encryption(listener),
                'DefaultActions': [listener.default],
            },
            after=[before],
            why=why,
        )
    # The previous default certificate stays in the list of the listener only where it was added to it.
    gone = sorted(there.further - further)
    if gone and listener.protocol == 'HTTPS':
        draft.add(
            f'{name}/certificates/remove',
            'elbv2:RemoveListenerCertificates',
            f'Remove certificates of {wanted.name} on port {listener.port}',
            {'ListenerArn': there.arn, 'Certificates': certificate_list(gone)},
            after=[before, changed],
            why=[_change(wanted, f'{path}.certificates', gone, None)],
        )


def _add_certificates(draft: Draft, name: str, wanted: Shared, listener: Any, arns: Sequence[str]) -> str:
    return draft.add(
        name,
        'elbv2:AddListenerCertificates',
        f'Add certificates to {wanted.name}',
        {'ListenerArn': listener, 'Certificates': certificate_list(arns)},
        why=[_change(wanted, 'certificates', None, list(arns))],
    )


def _plain_default(action: Any) -> dict[str, Any]:
    """A default action for comparison, without members that AWS adds."""
    return {'Type': action.get('Type'), **action_of(action)}


def _change(wanted: Shared, path: str, before: Any, after: Any) -> Change:
    return Change('.'.join(filter(None, ('load_balancers', wanted.key, path))), before, after)


def plan_unused(draft: Draft, wanted: Iterable[Shared], observed: Observed, deletions: Sequence[Step]) -> None:
    """Delete the cluster's shared load balancers that no service uses, and listeners that are declared no longer.

    `deletions`: the steps that delete rules of services. What has any other rule stays: that of another owner, or of a
    service that runs on without being declared.
    """
    declared = {shared.name: {listener.port for listener in shared.listeners} for shared in wanted}
    after = [step.id for step in deletions]
    going = {step.arguments['RuleArn'] for step in deletions}
    for balancer in observed.load_balancers:
        if names.owner(balancer.tags) != draft.owner:
            continue
        ports = declared.get(balancer.name, set())
        gone = [listener for listener in balancer.listeners if listener.port not in ports]
        strangers = [listener for listener in gone if not _is_free(draft, listener, going)]
        if strangers and balancer.name not in declared:
            # It serves: all of it stays.
            gone = strangers
        for listener in strangers:
            draft.note(
                f'The listener of {balancer.name} on port {listener.port} stays: '
                'it has rules that Nysa does not delete.'
            )
        deleted = [
            draft.add(
                f'listener/delete/{listener.arn}',
                'elbv2:DeleteListener',
                f'Delete the listener of {balancer.name} on port {listener.port}',
                {'ListenerArn': listener.arn},
                after=after,
                why=[Change(f'load_balancers.listeners.{listener.port}', listener.protocol, None)],
            )
            for listener in gone
            if listener not in strangers
        ]
        if balancer.name not in declared and not strangers:
            draft.add(
                f'load-balancer/delete/{balancer.arn}',
                'elbv2:DeleteLoadBalancer',
                f'Delete the load balancer {balancer.name}',
                {'LoadBalancerArn': balancer.arn},
                after=[*after, *deleted],
                why=[Change('load_balancers', balancer.name, None)],
            )


def _is_free(draft: Draft, listener: Listener, going: Collection[str]) -> bool:
    """Whether the listener belongs to the cluster, and has no rule but those in `going` (ARNs)."""
    return names.owner(listener.tags) == draft.owner and all(rule.arn in going for rule in listener.rules)
