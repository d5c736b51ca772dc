"""Conversion of load balancers that Nysa made for several services to `load_balancers`."""

from collections.abc import Iterable, Mapping
from typing import Any

from stack.changes.adopt.balancer import encryption_settings, stated_timeout
from stack.reconcile import names
from stack.reconcile.names import Owner
from stack.reconcile.observed_balancers import Listener, LoadBalancer
from stack.reconcile.wanted_shared import NOT_FOUND, USUAL_PORTS, action_of
from stack.stackfile.entries import entries
from stack.stackfile.naming import shared_balancer_name
from stack.stackfile.shared_balancer_fields import FixedResponse, Redirect


def key_of(balancer: LoadBalancer, cluster: str) -> str:
    """The name in the stackfile of a load balancer that the cluster's services share; empty for any other."""
    before, after = shared_balancer_name(cluster, '|').split('|')
    name = balancer.name
    shared = names.owner(balancer.tags) == Owner(cluster) and balancer.type == 'application'
    fits = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
    return name[len(before) : -len(after)] if shared and fits else ''


def needs_port(balancer: LoadBalancer) -> bool:
    """Whether `elb.port` is needed to choose a listener."""
    return sum(listener.action != 'redirect' for listener in balancer.listeners) != 1


def shared_settings(balancer: LoadBalancer) -> dict[str, Any]:
    """The value of one of `load_balancers`, without defaults."""
    ports = {listener.protocol: listener.port for listener in sorted(balancer.listeners, key=lambda one: -one.port)}
    found = {
        'type': 'public' if balancer.scheme == 'internet-facing' else 'private',
        'listeners': [
            _listener(listener, {**USUAL_PORTS, **ports})
            for listener in sorted(balancer.listeners, key=lambda one: one.port)
        ],
        'idle_timeout': stated_timeout(balancer),
        'tags': {key: value for key, value in balancer.tags.items() if not key.startswith(('aws:', 'nysa:'))},
    }
    return {name: value for name, value in found.items() if value}


def _listener(listener: Listener, ports: Mapping[str, int]) -> dict[str, Any]:
    found = {
        'port': listener.port,
        'protocol': listener.protocol if listener.protocol != 'HTTP' else None,
        **encryption_settings(listener),
        **_default_action(listener, ports),
    }
    return {name: value for name, value in found.items() if value}


def _default_action(listener: Listener, ports: Mapping[str, int]) -> dict[str, Any]:
    kind, config = listener.action, action_of(listener.default)
    if kind == 'redirect':
        return {'redirect': _redirect(listener, config, ports)}
    if kind != 'fixed-response' or config == action_of(NOT_FOUND):
        return {}
    response = {
        'status': int(config['StatusCode']),
        'content_type': config.get('ContentType', 'text/plain'),
        'body': config.get('MessageBody', ''),
    }
    return {'fixed_response': _without_defaults(response, FixedResponse)}


def _redirect(listener: Listener, config: Mapping[str, str], ports: Mapping[str, int]) -> Any:
    protocol = config.get('Protocol')
    protocol = None if protocol in ('#{protocol}', listener.protocol) else protocol
    implied = str(ports[protocol]) if protocol else '#{port}'
    port = config.get('Port', '#{port}')
    found = {
        'protocol': protocol,
        'host': config.get('Host', '#{host}'),
        'port': int(port) if port != implied and port.isdecimal() else None,
        'path': config.get('Path', '/#{path}'),
        'query': config.get('Query', ''),
        'status': int(config.get('StatusCode', 'HTTP_301').removeprefix('HTTP_')),
    }
    stated = _without_defaults(found, Redirect)
    return 'https' if stated == {'protocol': 'HTTPS'} else stated


def _without_defaults(found: Mapping[str, Any], table: type) -> dict[str, Any]:
    usual = {entry.name: entry.default for entry in entries(table)}
    return {name: value for name, value in found.items() if value != usual[name]}


def used(balancers: Iterable[LoadBalancer], cluster: str) -> list[dict[str, Any]]:
    """The value of `load_balancers` for those that routes lead through."""
    found = {key_of(balancer, cluster): balancer for balancer in balancers}
    return [{key: shared_settings(balancer)} for key, balancer in sorted(found.items()) if key]
