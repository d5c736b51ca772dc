"""The addresses of a service: the URLs of its load balancers, and its name in service discovery."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from stack.reconcile.names import dns_name
from stack.reconcile.observed_balancers import LoadBalancer
from stack.reconcile.wanted import Wanted
from stack.reconcile.wanted_balancers import Balancer

_DEFAULT_PORTS = {'http': 80, 'https': 443}


class Kind(Enum):
    """The kind of DNS name: a record in Route 53, the load balancer's own name, or a name in Cloud Map."""

    RECORD = 'dns-record'
    LOAD_BALANCER = 'load-balancer'
    DISCOVERY = 'service-discovery'


@dataclass(frozen=True)
class Address:
    """A DNS name; `url` is None where it has no URL over HTTP, `public` is false where it is in use in the VPC only."""

    host: str
    port: int | None
    url: str | None
    kind: Kind
    public: bool

    def to_json(self) -> dict[str, Any]:
        return {'host': self.host, 'port': self.port, 'url': self.url, 'kind': self.kind.value, 'public': self.public}


def declared_addresses(wanted: Wanted) -> list[Address]:
    """The addresses that the desired state declares: the DNS record, and the name in service discovery."""
    found = []
    for balancer in wanted.balancers.own:
        found += [_of_record(balancer, name) for _, name in balancer.records]
    if wanted.registry is not None:
        host = f'{dns_name(wanted.registry.name)}.{dns_name(wanted.registry.namespace)}'
        found.append(Address(host, None, None, Kind.DISCOVERY, public=False))
    return found


def _of_record(balancer: Balancer, host: str) -> Address:
    public = balancer.scheme == 'internet-facing'
    return Address(host, balancer.port, _url(balancer.protocol, host, balancer.port), Kind.RECORD, public)


def balancer_addresses(balancers: Collection[LoadBalancer], target_groups: Collection[str]) -> Iterator[Address]:
    """The addresses of observed load balancers: one for each listener that forwards to one of the target groups.

    A load balancer that reaches them through rules only has its host alone: their conditions decide the rest.
    """
    for balancer in balancers:
        public = balancer.scheme == 'internet-facing'
        listeners = [each for each in balancer.listeners if each.target_group in target_groups]
        for listener in listeners:
            url = _url(listener.protocol, balancer.dns_name, listener.port)
            yield Address(balancer.dns_name, listener.port, url, Kind.LOAD_BALANCER, public)
        if not listeners:
            yield Address(balancer.dns_name, None, None, Kind.LOAD_BALANCER, public)


def _url(protocol: str, host: str, port: int) -> str | None:
    scheme = protocol.lower()
    if scheme not in _DEFAULT_PORTS:
        return None
    return f'{scheme}://{host}' if port == _DEFAULT_PORTS[scheme] else f'{scheme}://{host}:{port}'
