"""Changes of a service by which requests to it fail for a while, whatever the order of steps.

ECS cannot change some settings of a service, so that it is deleted and created again; it attaches a service to target
groups of one type only; and a listener has one protocol.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile.wanted import Wanted
from stack.reconcile.wanted_balancers import Balancer, target_protocol

_ENCRYPTED = frozenset({'HTTPS', 'TLS'})


@dataclass(frozen=True)
class Interruption:
    """An interrupting change of one field of a service."""

    service: str
    path: str
    before: Any
    after: Any

    @property
    def message(self) -> str:
        return f'{self.service}: {self.path} {self.before} → {self.after}'


def interruptions(before: Mapping[str, Wanted], after: Mapping[str, Wanted]) -> list[Interruption]:
    """The interrupting changes from one desired state to another, of services that have tasks in both."""
    return [
        Interruption(name, path, old, new)
        for name, wanted in after.items()
        if name in before and _serves(before[name]) and _serves(wanted)
        for path, old, new in (*_of_service(before[name], wanted), *_of_balancers(before[name], wanted))
    ]


def _serves(wanted: Wanted) -> bool:
    return not wanted.is_task and wanted.declared is None and (wanted.count > 0 or wanted.autoscaled)


def _of_service(before: Wanted, after: Wanted) -> Iterator[tuple[str, Any, Any]]:
    """See `stack.reconcile.service`."""
    if before.scheduling_strategy != after.scheduling_strategy:
        yield 'scheduling_strategy', before.scheduling_strategy, after.scheduling_strategy
    if before.launch_type and after.launch_type and before.launch_type != after.launch_type:
        yield 'launch_type', before.launch_type, after.launch_type
    modes = [wanted.definition.get('networkMode', 'bridge') for wanted in (before, after)]
    if _changes_targets(before, after):
        yield 'network_mode', *modes


def _changes_targets(before: Wanted, after: Wanted) -> bool:
    """Whether ECS has to make the service again, or its tasks become targets of another type."""
    if before.network and not after.network:
        return True
    is_reached = before.balancers.is_reached and after.balancers.is_reached
    return is_reached and bool(after.network) != bool(before.network)


def _of_balancers(before: Wanted, after: Wanted) -> Iterator[tuple[str, Any, Any]]:
    known = {balancer.name: balancer for balancer in before.balancers.own}
    for balancer in after.balancers.own:
        if old := known.get(balancer.name):
            yield from _of_listener(old, balancer)


def _of_listener(before: Balancer, after: Balancer) -> Iterable[tuple[str, Any, Any]]:
    replaced = (before.scheme, before.kind) != (after.scheme, after.kind)
    stays = before.port != after.port and not replaced and after.shift is None
    if stays or not is_refused(before.port, before.protocol, after):
        return
    if before.port != after.port:
        yield 'elb.ports.public', before.port, after.port
    if _spoken(before.protocol) != _spoken(after.protocol):
        yield 'elb.protocol', before.protocol, after.protocol


def is_refused(port: int, protocol: str, after: Balancer) -> bool:
    """Whether clients that speak a protocol to a port are refused by a load balancer with other settings.

    On another port, a further listener serves them for a while, unless its target group is of no use to them, or ECS
    shifts the traffic of the listener.
    """
    if port == after.port:
        return _spoken(protocol) != _spoken(after.protocol)
    return after.shift is not None or target_protocol(protocol) != after.target_protocol


def _spoken(protocol: str) -> tuple[bool, bool]:
    """What a client has to speak: encryption, and UDP. HTTP and TCP are the same to it."""
    return protocol in _ENCRYPTED, protocol == 'UDP'
