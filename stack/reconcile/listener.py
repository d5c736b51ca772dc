"""The listener of a service's load balancer: created, changed in place, or switched to a new target group."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from stack.reconcile import names
from stack.reconcile.balancer_settings import add_certificates, begin_settings, certificate_list, end_settings
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.handover import Switch
from stack.reconcile.leaving_listeners import Leaving, end_leaving, plan_missing
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, LoadBalancer
from stack.reconcile.plan import Change, ResultOf, differences
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.reconcile.shifting import Groups, default_rule, idle_beside, weights
from stack.reconcile.tested import check_ports, for_requests, plan_tests
from stack.reconcile.wanted_balancers import Balancer

Ref = str | ResultOf


@dataclass(frozen=True)
class Planned:
    """`ready`: the steps after which the service can be attached; `switch`: the change that needs a healthy target.

    `serving`: the target groups that serve until then. `shift`: the members of `advancedConfiguration` where ECS shifts
    traffic.
    """

    ready: tuple[str, ...] = ()
    switch: Switch | None = None
    serving: frozenset[str] = frozenset()
    shift: dict[str, Ref] | None = None


def plan_listener(
    draft: Draft,
    wanted: Balancer,
    balancer: PlannedBalancer,
    groups: Groups,
    observed: Observed,
    *,
    leaving: Leaving,
    serves: bool,
) -> Planned:
    """Add the steps that create or change the listener, and those for listeners on other ports (`leaving`).

    `serves`: tasks of the service run now. Raises `Blocked`.
    """
    if balancer.there:
        check_ports(wanted, balancer.there)
    previous = plan_missing(draft, leaving, balancer, groups)
    planned = _plan_current(draft, wanted, balancer, groups, observed, leaving=leaving, serves=serves)
    if balancer.there:
        end_leaving(draft, wanted, balancer.there, leaving)
    ready, shift = [*planned.ready, *previous], planned.shift
    if wanted.test_port and shift:
        policy = wanted.stated.policy(balancer.there)
        rule, before = plan_tests(draft, wanted, balancer, groups, _encryption(wanted.certificate, policy))
        ready, shift = [*ready, *before], {**shift, 'testListenerRule': rule}
    return replace(planned, ready=tuple(ready), shift=shift, serving=planned.serving | leaving.serving)


def _plan_current(
    draft: Draft,
    wanted: Balancer,
    balancer: PlannedBalancer,
    groups: Groups,
    observed: Observed,
    *,
    leaving: Leaving,
    serves: bool,
) -> Planned:
    there, stated = balancer.there, wanted.stated
    wanted = replace(wanted, stated=replace(stated, ssl_policy=stated.policy(there)))
    marked = begin_settings(draft, stated, balancer)
    listener = _own_listener(draft, wanted, there, observed, leaving) if there else None
    if listener is None:
        made = draft.add(
            'listener',
            'elbv2:CreateListener',
            f'Create the listener of {wanted.name} for {wanted.protocol} on port {wanted.port}',
            {
                'LoadBalancerArn': balancer.arn,
                **_arguments(wanted, groups),
                'Tags': names.tag_list(draft.owner.tags),
            },
            after=[*marked, leaving.marked],
            why=[Change('elb.listener', None, f'{wanted.protocol}:{wanted.port}')],
        )
        arn = ResultOf(made, 'Listeners.0.ListenerArn')
        add_certificates(draft, stated, arn, None)
        return Planned((made,), shift=_shift(draft, wanted, arn, groups))
    before = [*marked, *add_certificates(draft, stated, listener.arn, listener, marked)]
    first = len(draft.steps)
    if groups.alternate:
        planned = _plan_shifted(draft, wanted, listener, groups, serves=serves, after=before)
    else:
        planned = _plan_rolling(draft, wanted, listener, groups, serves=serves, after=before)
    if there:
        changed = [step.id for step in draft.steps[first:]]
        end_settings(draft, stated, there, listener, [*before, *changed])
    return planned


def _shift(draft: Draft, wanted: Balancer, listener: Ref, groups: Groups) -> dict[str, Ref] | None:
    if groups.alternate is None:
        return None
    known = groups.pair.production if groups.pair else ''
    rule = default_rule(draft, 'production-rule', listener, known, network=wanted.kind == 'network')
    return groups.alternate.configuration(rule)


def _plan_shifted(
    draft: Draft, wanted: Balancer, listener: Listener, groups: Groups, *, serves: bool, after: Iterable[str]
) -> Planned:
    """Change a listener without its action, which ECS writes. Before that, it gets the other target group.

    It moves to another port in place: ECS would go on to shift the traffic of one listener alone.
    """
    assert groups.alternate
    changes = _changes(wanted, listener, None)
    alternate = groups.alternate.group
    action = idle_beside(listener.target_group, groups.first, alternate, listener.named)
    ready: list[str] = []
    if changes or action:
        arguments = {name: value for name, value in _arguments(wanted, groups).items() if name != 'DefaultActions'}
        what = ', '.join(found.path.removeprefix('elb.') for found in changes) or 'alternate target group'
        made = draft.add(
            'listener',
            'elbv2:ModifyListener',
            f'Change the listener of {wanted.name} ({what})',
            {'ListenerArn': listener.arn, **arguments, **({'DefaultActions': [action]} if action else {})},
            after=after,
            why=changes,
            interrupts=serves and _refuses_clients(changes),
        )
        ready.append(made)
    return Planned(tuple(ready), shift=_shift(draft, wanted, listener.arn, groups))


def _plan_rolling(
    draft: Draft, wanted: Balancer, listener: Listener, groups: Groups, *, serves: bool, after: Iterable[str]
) -> Planned:
    group = groups.first
    arguments = _arguments(wanted, groups)
    changes = _changes(wanted, listener, group)
    if not changes and listener.target_group == group and listener.idle:
        text = f'Remove the other target group from the listener of {wanted.name}'
        change = {'ListenerArn': listener.arn, **arguments}
        if serves:
            return Planned((), Switch('listener', 'elbv2:ModifyListener', text, change, ()))
        return Planned((draft.add('listener', 'elbv2:ModifyListener', text, change, after=after),))
    if not changes:
        return Planned()
    text = f'Change the listener of {wanted.name} ({", ".join(found.path.removeprefix("elb.") for found in changes)})'
    change = {'ListenerArn': listener.arn, **arguments}
    interrupts = serves and _refuses_clients(changes)
    if serves and listener.target_group and listener.target_group != group:
        ready = [] if group in listener.idle else [_add_idle(draft, listener, listener.target_group, group)]
        switch = Switch('listener', 'elbv2:ModifyListener', text, change, changes, interrupts=interrupts)
        return Planned(tuple(ready), switch, frozenset({listener.target_group}))
    made = draft.add('listener', 'elbv2:ModifyListener', text, change, after=after, why=changes, interrupts=interrupts)
    return Planned((made,))


def _refuses_clients(changes: Iterable[Change]) -> bool:
    """Whether a listener refuses its clients: it has one port and one protocol."""
    return not {'elb.port', 'elb.protocol'}.isdisjoint(change.path for change in changes)


def _arguments(wanted: Balancer, groups: Groups) -> dict[str, Any]:
    encryption = _encryption(wanted.certificate, wanted.stated.ssl_policy)
    return {'Port': wanted.port, 'Protocol': wanted.protocol, **encryption, 'DefaultActions': [groups.action]}


def _encryption(certificate: str | None, policy: str | None) -> dict[str, Any]:
    if not certificate:
        return {}
    return {'Certificates': certificate_list([certificate]), **({'SslPolicy': policy} if policy else {})}


def _changes(wanted: Balancer, listener: Listener, group: Ref | None) -> tuple[Change, ...]:
    """The differences; with `group` None those of the action do not count."""
    before = {
        'protocol': listener.protocol,
        'port': listener.port,
        'certificate': listener.certificates[0] if listener.certificates else None,
        'target_group': listener.target_group if group else None,
    }
    after = {'protocol': wanted.protocol, 'port': wanted.port, 'certificate': wanted.certificate, 'target_group': group}
    if wanted.certificate and wanted.stated.ssl_policy:
        before['ssl_policy'], after['ssl_policy'] = listener.ssl_policy, wanted.stated.ssl_policy
    return tuple(
        Change(change.path, change.before, None if isinstance(change.after, ResultOf) else change.after)
        for change in differences(before, after, 'elb')
    )


def _add_idle(draft: Draft, listener: Listener, serving: str, group: Ref) -> str:
    """Add the new target group with weight 0: ECS accepts only target groups of a listener."""
    return draft.add(
        'listener/add-target-group',
        'elbv2:ModifyListener',
        f'Add the new target group to the listener on port {listener.port}, with weight 0',
        {'ListenerArn': listener.arn, 'DefaultActions': [weights(serving, group)]},
    )


def _own_listener(
    draft: Draft, wanted: Balancer, there: LoadBalancer, observed: Observed, leaving: Leaving
) -> Listener | None:
    """The listener on the wanted port, or else one that forwards to a target group of the service.

    Where one on another port is left, a new one takes its place.
    """
    own = observed.groups_of(draft.owner)
    on_port = [listener for listener in there.listeners if listener.port == wanted.port]
    if on_port and on_port[0].action != 'forward' and names.owner(there.tags) is None:
        raise Blocked(
            f'The listener of {there.name} on port {wanted.port} was not created by Nysa, and does not forward '
            f'({on_port[0].action}): it is not changed.'
        )
    if leaving.listeners:
        return next(iter(on_port), None)
    leading_to_us = [listener for listener in for_requests(there) if own & listener.named]
    return next(iter(on_port + leading_to_us), None)
