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
    own = start.wanted.balancers.own
    named = [arn for balancer in own for arn in (balancer.certificate, *balancer.stated.further) if arn]
    for certificate in dict.fromkeys(named):
        yield Probe(start.service, CHECK, PATH, partial(_ask, start, certificate))


async def _ask(start: Start, arn: str, facts: Facts) -> Results:
    parts = arn.split(':')
    if len(parts) < 6 or parts[2] != 'acm':
        return [start.unchecked(CHECK, PATH, NOT_OF_ACM)]
    if start.region and parts[3] != start.region:
        message = f'The certificate {arn} is in {parts[3]}, and the load balancer in {start.region}.'
        return [start.finding(CHECK, PATH, REFUSED, message)]
    status = await facts.certificate(arn)
    if status is None:
        return [start.finding(CHECK, PATH, REFUSED, f'ACM has no certificate {arn}.')]
    if status != ISSUED:
        message = f'The certificate {arn} is not issued; its status is {status}.'
        return [start.finding(CHECK, PATH, REFUSED, message)]
    return []
