"""Checks of certificates: whether ACM has issued them, in the region of the load balancer."""

from collections.abc import Iterator
from functools import partial

from stack.rehearsal.facts import Facts
from stack.rehearsal.refused import REFUSED
from stack.rehearsal.start import Probe, Results, Start

CHECK = 'certificate'
PATH = 'elb.certificates'

NOT_OF_ACM = 'Certificates outside of AWS Certificate Manager are not looked for.'
ISSUED = 'ISSUED'


def certificate_probes(start: Start) -> Iterator[Probe]:
    """A probe for each certificate of the service's own load balancers, and of those that it shares."""
    named: dict[str, str] = {}
    for balancer in start.wanted.balancers.own:
        for arn in (balancer.certificate, *balancer.stated.further):
            if arn:
                named.setdefault(arn, PATH)
    for shared in start.shared:
        for listener in shared.listeners:
            path = f'load_balancers.{shared.key}.listeners.{listener.port}.certificates'
            for arn in listener.certificates:
                named.setdefault(arn, path)
    for arn, path in named.items():
        yield Probe(start.service, CHECK, path, partial(_ask, start, arn, path))


async def _ask(start: Start, arn: str, path: str, facts: Facts) -> Results:
    parts = arn.split(':')
    if len(parts) < 6 or parts[2] != 'acm':
        return [start.unchecked(CHECK, path, NOT_OF_ACM)]
    if start.region and parts[3] != start.region:
        message = f'The certificate {arn} is in {parts[3]}, and the load balancer in {start.region}.'
        return [start.finding(CHECK, path, REFUSED, message)]
    status = await facts.certificate(arn)
    if status is None:
        return [start.finding(CHECK, path, REFUSED, f'ACM has no certificate {arn}.')]
    if status != ISSUED:
        message = f'The certificate {arn} is not issued; its status is {status}.'
        return [start.finding(CHECK, path, REFUSED, message)]
    return []
