"""Checks of networks: whether subnets and security groups exist in one VPC, with free addresses for the tasks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from stack.rehearsal.facts import Facts, Subnet
from stack.rehearsal.finding import Severity
from stack.rehearsal.refused import REFUSED
from stack.rehearsal.start import Probe, Results, Start
from stack.rehearsal.task_counts import started_at_once
from stack.rollouts.stop_kinds import NETWORK

CHECK = 'network'


@dataclass(frozen=True)
class Place:
    """Subnets and security groups with the field of the stackfile that states them, as `network`."""

    path: str
    subnets: frozenset[str]
    groups: frozenset[str]


def places(start: Start) -> Iterator[Place]:
    """The network of the tasks, and those of load balancers; a stackfile without subnets is refused earlier."""
    network = start.wanted.network
    if network and network.get('subnets'):
        yield Place('network', frozenset(network['subnets']), frozenset(network.get('securityGroups') or ()))
    of_balancers = ((each.subnets, each.security_groups) for each in start.wanted.balancers.own if each.subnets)
    for subnets, groups in dict.fromkeys(of_balancers):
        yield Place('vpc', subnets, groups)


def network_probes(start: Start) -> Iterator[Probe]:
    for place in places(start):
        yield Probe(start.service, CHECK, place.path, partial(_ask, start, place))


async def _ask(start: Start, place: Place, facts: Facts) -> Results:
    subnets = await facts.subnets(place.subnets)
    groups = await facts.security_groups(place.groups) if place.groups else {}
    return list(judge_network(start, place, subnets, groups))


def judge_network(start: Start, place: Place, subnets: Mapping[str, Subnet], groups: Mapping[str, str]) -> Results:
    """Findings on what does not exist, and on what is in another VPC than the first subnet."""
    missing = [('subnets', 'subnet', name) for name in sorted(place.subnets - {*subnets})]
    missing += [('security_groups', 'security group', name) for name in sorted(place.groups - {*groups})]
    for field, what, name in missing:
        yield start.finding(CHECK, f'{place.path}.{field}', REFUSED, f'EC2 has no {what} {name} here.')
    vpcs = sorted({subnet.vpc for subnet in subnets.values()})
    if len(vpcs) > 1:
        message = f'The subnets are in several VPCs: {", ".join(vpcs)}.'
        yield start.finding(CHECK, f'{place.path}.subnets', REFUSED, message)
    elif vpcs:
        for group, vpc in sorted(groups.items()):
            if vpc != vpcs[0]:
                message = f'The security group {group} is in {vpc}, and the subnets are in {vpcs[0]}.'
                yield start.finding(CHECK, f'{place.path}.security_groups', REFUSED, message)


def address_probes(starts: Iterable[Start]) -> Iterator[Probe]:
    """A probe for each set of subnets that services share: each task needs an address of its own."""
    sharing: dict[frozenset[str], list[Start]] = {}
    for start in starts:
        network = start.wanted.network
        if network and network.get('subnets') and start.wanted.count:
            sharing.setdefault(frozenset(network['subnets']), []).append(start)
    for subnets, sharers in sharing.items():
        yield Probe(sharers[0].service, CHECK, 'network.subnets', partial(_ask_addresses, subnets, sharers))


async def _ask_addresses(ids: frozenset[str], starts: Sequence[Start], facts: Facts) -> Results:
    subnets = await facts.subnets(ids)
    if not subnets:
        return []
    names = frozenset(start.service for start in starts)
    running = await facts.running(starts[0].cluster, names)
    return list(judge_addresses(starts, running, sum(subnet.free_addresses for subnet in subnets.values())))


def judge_addresses(starts: Iterable[Start], running: Mapping[str, int], free: int) -> Results:
    """Findings on services for which no address is left, or too few, where they start in this order."""
    for start in starts:
        needed = started_at_once(start.wanted, running.get(start.service))
        if needed > free:
            many = f'{needed} new {"task needs" if needed == 1 else "tasks need"} an address each'
            severity: Severity = 'warning' if free else 'error'
            message = f'{many}, and the subnets have {free} free.'
            yield start.finding(CHECK, 'network.subnets', NETWORK, message, severity)
        free = max(0, free - needed)
