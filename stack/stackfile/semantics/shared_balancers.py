"""Rules for load balancers that services share, and for the priorities of rules on their listeners."""

from collections.abc import Iterable, Iterator
from typing import Any

from stack.stackfile.effective import top_settings
from stack.stackfile.naming import load_balancer_name, shared_balancer_name
from stack.stackfile.places import Path
from stack.stackfile.semantics.balancers import balancers, unfit_name
from stack.stackfile.semantics.rules import Finding, Subject
from stack.stackfile.shared_balancer_fields import Redirect, SharedBalancer, SharedListener


def shared_balancers(data: Any, cluster: str | None) -> Iterator[Finding]:
    """Mistakes in `load_balancers`, of which every part has the right shape."""
    top = top_settings(data)
    vpc = top.vpc
    seen = set()
    for path, balancer in _with_paths(data, top.load_balancers):
        if balancer.name in seen:
            yield path, 'another load balancer has this name'
        seen.add(balancer.name)
        for message in unfit_name(shared_balancer_name(cluster or '', balancer.name), cluster):
            yield path, message
        if vpc is None or vpc.id is None:
            yield path, 'a load balancer needs vpc.id'
        if vpc is None or not getattr(vpc.subnets, balancer.type):
            yield (*path, 'type'), f'a {balancer.type} load balancer needs vpc.subnets.{balancer.type}'
        yield from _listeners(path, balancer)


def _listeners(path: Path, balancer: SharedBalancer) -> Iterator[Finding]:
    ports = set()
    for i, listener in enumerate(balancer.listeners):
        where = (*path, 'listeners', i)
        if listener.port in ports:
            yield (*where, 'port'), f'another listener of {balancer.name} has port {listener.port}'
        ports.add(listener.port)
        if listener.protocol == 'HTTPS' and not listener.certificates:
            yield (*where, 'certificates'), 'HTTPS needs a certificate'
        if listener.protocol == 'HTTP':
            for name in ('certificates', 'ssl_policy'):
                if getattr(listener, name):
                    yield (*where, name), 'HTTP has no encryption: it needs protocol: HTTPS'
        yield from _default_action(where, listener)
    if not balancer.listeners:
        yield (*path, 'listeners'), 'needs a listener'


def _default_action(where: Path, listener: SharedListener) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html"""
    redirect, fixed = listener.redirect, listener.fixed_response
    if redirect and fixed:
        yield (*where, 'fixed_response'), 'redirect and fixed_response exclude each other'
    if fixed and 300 <= fixed.status <= 399:
        yield (*where, 'fixed_response', 'status'), f'AWS accepts 2xx, 4xx and 5xx, not {fixed.status}'
    if redirect is None:
        return
    if listener.protocol == 'HTTPS' and redirect.protocol == 'HTTP':
        yield (*where, 'redirect', 'protocol'), 'AWS redirects no request for HTTPS to HTTP'
    kept = redirect.protocol in (None, listener.protocol) and redirect.port in (None, listener.port)
    if kept and (redirect.host, redirect.path) == (Redirect.host, Redirect.path):
        https = listener.protocol == redirect.protocol == 'HTTPS'
        problem = 'it is HTTPS already' if https else 'it leads to itself'
        yield (*where, 'redirect'), f'{problem}: expected another protocol, host, port or path'


def _with_paths(data: Any, known: Iterable[SharedBalancer]) -> Iterator[tuple[Path, SharedBalancer]]:
    for i, balancer in enumerate(known):
        yield ('load_balancers', i, balancer.name), balancer


def same_name(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Mistakes: a load balancer of a service's own that has the name of a shared one in AWS."""
    for subject in subjects:
        cluster = subject.cluster or ''
        names = {shared_balancer_name(cluster, shared.name): shared.name for shared in subject.top.load_balancers}
        for path, elb in balancers(subject):
            name = load_balancer_name(cluster, subject.settings.name, elb)
            if elb.is_own and name in names and not subject.has_fault('elb'):
                message = (
                    f'the load balancer would be named {name}, as {names[name]} in load_balancers: rename that one'
                )
                yield (*subject.path, *path), message


def same_priority(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Mistakes: two rules of one listener with the same priority."""
    owners: dict[tuple[str, int | None, int], str] = {}
    for subject in subjects:
        known = {balancer.name: balancer for balancer in subject.top.load_balancers}
        for path, elb in balancers(subject):
            if not elb.is_routed or subject.has_fault('elb'):
                continue
            balancer = known.get(elb.load_balancer or '')
            listener = balancer.listener(elb.port) if balancer else None
            for i, rule in enumerate(elb.rules):
                if rule.priority is None:
                    continue
                place = elb.listener or elb.load_balancer or '', listener.port if listener else None, rule.priority
                where = f'{subject.settings.name}, rule {i + 1}'
                owner = owners.setdefault(place, where)
                if owner != where:
                    whole = (*subject.path, *path, 'rules', i, 'priority')
                    yield whole, f'{rule.priority} is also the priority of {owner}'
