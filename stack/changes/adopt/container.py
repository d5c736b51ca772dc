"""Conversion of the containers of a task definition to fields of a stackfile."""

from collections.abc import Mapping
from typing import Any

from stack.stackfile.container_fields import Sidecar
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.inverse import Source, fields_of
from stack.stackfile.restarts import LABEL

Answer = Mapping[str, Any]


def main_container(service: str, body: Answer, attached: frozenset[str]) -> Answer | None:
    """The container that the fields of the service describe: the one behind the load balancer, else the one with the
    name of the service, else the first essential one.
    """
    containers = [container for container in body.get('containerDefinitions') or () if container.get('name')]
    ranked = sorted(
        containers,
        key=lambda container: (
            not container.get('essential', True),
            container.get('name') not in attached,
            container.get('name') != service,
        ),
    )
    return ranked[0] if ranked else None


def main_settings(container: Answer, source: Source) -> dict[str, Any]:
    """The fields of the main container."""
    labels = dict(container.get('dockerLabels') or {})
    restarted_at = labels.pop(LABEL, None)
    found = fields_of({**container, 'dockerLabels': labels}, entries(ServiceSettings), 'container', source)
    found.pop('container_name', None)
    return {**found, **_dns(container), **({'restarted_at': restarted_at} if restarted_at else {})}


def sidecars(body: Answer, main: Answer, source: Source) -> list[Any]:
    """The value of `containers`; it names the main container where that is not the first."""
    listed = list(body.get('containerDefinitions') or ())
    return [
        item['name']
        if item is main
        else {item['name']: {**fields_of(item, entries(Sidecar), 'container', source), **_dns(item)}}
        for item in (listed[1:] if listed[:1] == [main] else listed)
    ]


def _dns(container: Answer) -> dict[str, Any]:
    """Two members that one field renders."""
    parts = {'servers': container.get('dnsServers'), 'search': container.get('dnsSearchDomains')}
    stated = {name: list(value) for name, value in parts.items() if value}
    return {'dns': stated} if stated else {}
