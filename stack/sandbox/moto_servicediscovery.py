"""Corrections of moto's Cloud Map: filters of lists, and the VPC of a private namespace's hosted zone."""

import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any

from moto.route53.models import route53_backends
from moto.servicediscovery.exceptions import ConflictingDomainExists
from moto.servicediscovery.models import ServiceDiscoveryBackend
from moto.servicediscovery.responses import ServiceDiscoveryResponse
from moto.utilities.utils import get_partition

from stack.sandbox.patching import replace

# Filter → what it looks at in moto's namespaces and services.
_LOOKS_AT = {'TYPE': 'type', 'NAMESPACE_ID': 'namespace_id'}


def install() -> None:
    replace(ServiceDiscoveryResponse, 'list_namespaces', _filtered('list_namespaces', 'Namespaces'))
    replace(ServiceDiscoveryResponse, 'list_services', _filtered('list_services', 'Services'))
    replace(
        ServiceDiscoveryBackend,
        'create_private_dns_namespace',
        _in_vpc(ServiceDiscoveryBackend.create_private_dns_namespace),
    )


def _in_vpc(create: Callable[..., str]) -> Callable[..., str]:
    signature = inspect.signature(create)

    def create_private_dns_namespace(self: ServiceDiscoveryBackend, *args: Any, **kwargs: Any) -> str:
        """moto has one namespace for each VPC, whatever its name, and leaves the VPC out of the hosted zone.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_CreatePrivateDnsNamespace.html
        """
        asked = signature.bind(self, *args, **kwargs).arguments
        name, vpc = asked['name'], asked['vpc']
        if any((each.name, each.vpc) == (name, vpc) for each in self.namespaces.values()):
            raise ConflictingDomainExists(vpc)
        # No namespace has that VPC, as HTTP namespaces have None.
        operation = create(**asked | {'vpc': f'{vpc}/{name}'})
        namespace = list(self.namespaces.values())[-1]
        namespace.vpc = vpc
        zones = route53_backends[self.account_id][get_partition(self.region_name)].zones
        zones[namespace.dns_properties['HostedZoneId'].removeprefix('/hostedzone/')].add_vpc(vpc, self.region_name)
        return operation

    return create_private_dns_namespace


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
