"""The desired load balancers that services share, in AWS's terms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.reconcile.balancer_settings import USUAL_IDLE_TIMEOUT_S, USUAL_POLICY
from stack.reconcile.wanted import Wanted
from stack.stackfile.effective import top_settings
from stack.stackfile.naming import shared_balancer_name
from stack.stackfile.network_fields import Vpc
from stack.stackfile.shared_balancer_fields import SharedBalancer, SharedListener

USUAL_PORTS: Mapping[str, int] = {'HTTP': 80, 'HTTPS': 443}


def _fixed(status: str, content_type: str, body: str) -> Mapping[str, Any]:
    config = {'StatusCode': status, 'ContentType': content_type, **({'MessageBody': body} if body else {})}
    return {'Type': 'fixed-response', 'FixedResponseConfig': config}


# The answer where no rule is met.
NOT_FOUND = _fixed('404', 'text/plain', 'Not found')


@dataclass(frozen=True)
class WantedListener:
    """A listener; `default` is its default action, without a target group. The first certificate is the default one."""

    port: int
    protocol: str
    certificates: tuple[str, ...]
    ssl_policy: str | None
    default: Mapping[str, Any]


@dataclass(frozen=True)
class Shared:
    """A load balancer that services share; `key` is its name in the stackfile."""

    key: str
    name: str
    scheme: str
    vpc: str
    subnets: frozenset[str]
    security_groups: frozenset[str]
    listeners: tuple[WantedListener, ...]
    idle_timeout: int = USUAL_IDLE_TIMEOUT_S
    tags: Mapping[str, str] = field(default_factory=dict)


def action_of(action: Mapping[str, Any]) -> dict[str, str]:
    """The members of a redirect or a fixed response, without empty ones, which AWS may leave out."""
    config = action.get('RedirectConfig') or action.get('FixedResponseConfig') or {}
    return {name: value for name, value in config.items() if value}


def wanted_shared(cluster: str, document: Any, wanted: Mapping[str, Wanted]) -> tuple[Shared, ...]:
    """The load balancers of the document that a service uses."""
    top = top_settings(document)
    used = {routed.balancer for service in wanted.values() for routed in service.balancers.routed}
    return tuple(
        _shared(cluster, balancer, top.vpc or Vpc(), top.tags)
        for balancer in top.load_balancers
        if shared_balancer_name(cluster, balancer.name) in used
    )


def _shared(cluster: str, balancer: SharedBalancer, vpc: Vpc, tags: Mapping[str, str]) -> Shared:
    public = balancer.type == 'public'
    ports = {listener.protocol: listener.port for listener in reversed(balancer.listeners)}
    return Shared(
        key=balancer.name,
        name=shared_balancer_name(cluster, balancer.name),
        scheme='internet-facing' if public else 'internal',
        vpc=vpc.id or '',
        subnets=frozenset(vpc.subnets.public if public else vpc.subnets.private),
        security_groups=frozenset(vpc.security_groups.public if public else vpc.security_groups.private),
        listeners=tuple(_listener(listener, {**USUAL_PORTS, **ports}) for listener in balancer.listeners),
        idle_timeout=balancer.idle_timeout or USUAL_IDLE_TIMEOUT_S,
        tags={**tags, **balancer.tags},
    )


def _listener(listener: SharedListener, ports: Mapping[str, int]) -> WantedListener:
    """`ports`: the port of each protocol."""
    return WantedListener(
        listener.port,
        listener.protocol,
        listener.certificates,
        (listener.ssl_policy or USUAL_POLICY) if listener.protocol == 'HTTPS' else None,
        _default_action(listener, ports),
    )


def _default_action(listener: SharedListener, ports: Mapping[str, int]) -> Mapping[str, Any]:
    redirect, fixed = listener.redirect, listener.fixed_response
    if redirect is None:
        return NOT_FOUND if fixed is None else _fixed(str(fixed.status), fixed.content_type, fixed.body)
    moved = ports[redirect.protocol] if redirect.protocol not in (None, listener.protocol) else '#{port}'
    return {
        'Type': 'redirect',
        'RedirectConfig': {
            'Protocol': redirect.protocol or '#{protocol}',
            'Port': str(redirect.port or moved),
            'Host': redirect.host,
            'Path': redirect.path,
            'Query': redirect.query,
            'StatusCode': f'HTTP_{redirect.status}',
        },
    }
