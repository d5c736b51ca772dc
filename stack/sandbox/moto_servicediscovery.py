"""moto's Cloud Map: lists that heed their filters."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from moto.servicediscovery.responses import ServiceDiscoveryResponse

# Filter → what it looks at in moto's namespaces and services.
_LOOKS_AT = {'TYPE': 'type', 'NAMESPACE_ID': 'namespace_id'}


def install() -> None:
    ServiceDiscoveryResponse.list_namespaces = _filtered('list_namespaces', 'Namespaces')
    ServiceDiscoveryResponse.list_services = _filtered('list_services', 'Services')


def _filtered(operation: str, key: str) -> Callable[[ServiceDiscoveryResponse], Any]:
    def listed(self: ServiceDiscoveryResponse) -> str:
        """moto lists everything: an entry of one namespace would show in all of them."""
        found: Iterable[Any] = getattr(self.servicediscovery_backend, operation)()
        filters = json.loads(self.body or '{}').get('Filters') or []
        return json.dumps({key: [each.to_json() for each in found if all(_fits(each, one) for one in filters)]})

    return listed


def _fits(found: Any, wanted: dict[str, Any]) -> bool:
    """Whether a namespace or service passes a filter with the conditions EQ (the default) or IN."""
    attribute = _LOOKS_AT.get(wanted['Name'])
    return attribute is None or getattr(found, attribute, None) in wanted['Values']
