"""Listeners of a service's own load balancer on ports that its stackfile states no longer.

A listener has one port: another one takes another listener. The previous one serves for `GRACE_S` more, in which
clients move to the new port; a pass after that deletes it. The load balancer has the ports in a tag from before the
new listener is created: a listener that is not named there is another owner's, and stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stack.reconcile import names
from stack.reconcile.balancer_settings import certificate_list
from stack.reconcile.draft import Draft
from stack.reconcile.handover import GRACE_S
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, LoadBalancer
from stack.reconcile.plan import Change
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.reconcile.shifting import Groups
from stack.reconcile.tested import for_requests
from stack.reconcile.wanted_balancers import Balancer, target_protocol


@dataclass(frozen=True)
class Leaving:
    """`listeners` on other ports than the wanted one; `missing` are those that a predecessor has and it has not yet.

    `left` has the time of each port at which it was left. `over`: those that no client needs any more. `marked`: the
    step that a new listener comes after.
    """

    listeners: tuple[Listener, ...] = ()
    missing: tuple[Listener, ...] = ()
    left: Mapping[int, int] = field(default_factory=dict)
    over: tuple[Listener, ...] = ()
    marked: str | None = None

    @property
    def serving(self) -> frozenset[str]:
        """The target groups that those which stay lead to."""
        staying = [listener for listener in self.listeners if listener not in self.over]
        return frozenset(listener.target_group for listener in staying if listener.target_group)


def read_ports(tags: Mapping[str, str]) -> dict[int, int]:
    """The ports in the tag of a load balancer, each with the time at which it was left; 0 for one that was not."""
    parts = [part.partition('/') for part in tags.get(names.PORTS_TAG, '').split()]
    return {int(port): int(at) if at.isdecimal() else 0 for port, _, at in parts if port.isdecimal()}


def ports_tag(port: int, left: Mapping[int, int]) -> dict[str, str]:
    """The tag of a load balancer whose listener is on `port`; empty where it left no other one."""
    others = ' '.join(f'{other}/{at}' for other, at in sorted(left.items()))
    return {names.PORTS_TAG: f'{others} {port}'} if left else {}


def doubled(wanted: Balancer, before: Iterable[LoadBalancer], groups: frozenset[str]) -> tuple[Listener, ...]:
    """The listeners of predecessors on other ports, which a successor has as well while clients have their address.

    `groups`: the target groups that the service is attached to. Those for which its target group is of no use are left
    out.
    """
    found = {
        listener.port: listener
        for balancer in before
        for listener in for_requests(balancer)
        if listener.target_group in groups
        and listener.port != wanted.port
        and target_protocol(listener.protocol) == wanted.target_protocol
    }
    return tuple(found.values())


def find_leaving(
    draft: Draft,
    wanted: Balancer,
    there: LoadBalancer | None,
    missing: Sequence[Listener],
    observed: Observed,
    *,
    serves: bool,
    held: bool,
) -> Leaving:
    """The listeners on other ports, with a tag that has all of them.

    `missing`: see `doubled`. `serves`: tasks of the service run now. `held`: a predecessor still serves.
    """
    now = int(observed.at)
    if there is None:
        return Leaving((), tuple(missing), {listener.port: now for listener in missing})
    known, on_port = read_ports(there.tags), {listener.port: listener for listener in there.listeners}
    is_there = wanted.port in on_port
    own = set(known) if is_there or not wanted.shift else set()
    if serves and not is_there and not wanted.shift:
        leading = (
            listener.port for listener in for_requests(there) if observed.groups_of(draft.owner) & listener.named
        )
        own |= {next(leading, wanted.port)}
    listeners = tuple(on_port[port] for port in sorted(own & on_port.keys() - {wanted.port}))
    missing = tuple(listener for listener in missing if listener.port not in on_port)
    left = {one.port: (known.get(one.port) or now) if is_there else now for one in (*listeners, *missing)}
    after_grace = [one for one in listeners if is_there and not held and observed.at - left[one.port] >= GRACE_S]
    for one in after_grace:
        if one.rules:
            draft.note(
                f'The listener of {there.name} on port {one.port} stays: it has rules that Nysa does not delete.'
            )
    over = tuple(one for one in after_grace if not one.rules)
    marked = _tag(draft, 'ports', there, ports_tag(wanted.port, left), ())
    return Leaving(listeners, missing, left, over, marked)


def plan_missing(draft: Draft, leaving: Leaving, balancer: PlannedBalancer, groups: Groups) -> list[str]:
    """Create the listeners of predecessors on a successor, for clients that have the address of the successor first."""
    return [
        draft.add(
            f'listener/{one.port}',
            'elbv2:CreateListener',
            f'Create the listener of {balancer.name} on the previous port {one.port}',
            {
                'LoadBalancerArn': balancer.arn,
                'Port': one.port,
                'Protocol': one.protocol,
                **_encryption(one),
                'DefaultActions': [groups.action],
                'Tags': names.tag_list(draft.owner.tags),
            },
            after=[leaving.marked],
            why=[Change('elb.listener', None, f'{one.protocol}:{one.port}')],
        )
        for one in leaving.missing
    ]


def _encryption(listener: Listener) -> dict[str, Any]:
    if not listener.certificates:
        return {}
    policy = {'SslPolicy': listener.ssl_policy} if listener.ssl_policy else {}
    return {'Certificates': certificate_list(listener.certificates[:1]), **policy}


def end_leaving(draft: Draft, wanted: Balancer, there: LoadBalancer, leaving: Leaving) -> None:
    """Delete the listeners that no client needs any more, and then their ports in the tag."""
    deleted = [
        draft.add(
            f'listener/delete/{one.arn}',
            'elbv2:DeleteListener',
            f'Delete the listener of {there.name} on the previous port {one.port}',
            {'ListenerArn': one.arn},
            why=[Change('elb.ports.public', one.port, wanted.port)],
        )
        for one in leaving.over
    ]
    gone = {one.port for one in leaving.over}
    if gone:
        left = {port: at for port, at in leaving.left.items() if port not in gone}
        _tag(draft, 'ports/left', there, ports_tag(wanted.port, left), [*deleted, leaving.marked])
    for one in leaving.listeners:
        if one not in leaving.over and not one.rules:
            draft.note(f'The listener of {there.name} on port {one.port} serves for a while; a later pass deletes it.')


def _tag(
    draft: Draft, name: str, there: LoadBalancer, tags: Mapping[str, str], after: Iterable[str | None]
) -> str | None:
    """Set the tag with the ports, or remove it; None where it is as it should be, as far as earlier steps go."""
    if not after and tags.get(names.PORTS_TAG) == there.tags.get(names.PORTS_TAG):
        return None
    text = f'Tag {there.name} with the ports of its listeners'
    arguments: dict[str, Any]
    if not tags:
        arguments = {'ResourceArns': [there.arn], 'TagKeys': [names.PORTS_TAG]}
        return draft.add(f'listener/{name}', 'elbv2:RemoveTags', text, arguments, after=after)
    arguments = {'ResourceArns': [there.arn], 'Tags': names.tag_list(tags)}
    return draft.add(f'listener/{name}', 'elbv2:AddTags', text, arguments, after=after)
