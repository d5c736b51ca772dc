"""The adapter of Cloud Map."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from stack.aws.client import AwsClient
from stack.aws.errors import is_unavailable
from stack.errors import AwsFailed
from stack.reconcile.names import read_tags
from stack.reconcile.observed_names import Namespace, Registry

_MORE = ('NextToken', 'NextToken')

Tags = Mapping[str, str]

UNAVAILABLE = 'The VPCs of a private namespace are not known: the first of its name is used.'


async def namespaces(aws: AwsClient) -> tuple[Namespace, ...]:
    """All private namespaces.

    https://docs.aws.amazon.com/cloud-map/latest/api/API_ListNamespaces.html
    """
    kind = {'Name': 'TYPE', 'Values': ['DNS_PRIVATE'], 'Condition': 'EQ'}
    found = await aws.pages('servicediscovery', 'ListNamespaces', 'Namespaces', token=_MORE, Filters=[kind])
    return tuple(map(Namespace.read, found))


async def names(aws: AwsClient) -> dict[str, str]:
    """The names of all namespaces, by ARN."""
    found = await aws.pages('servicediscovery', 'ListNamespaces', 'Namespaces', token=_MORE)
    return {namespace['Arn']: namespace['Name'] for namespace in found}


async def vpcs(aws: AwsClient, namespace: str) -> frozenset[str] | None:
    """The VPCs in which a private namespace is resolved: those of its hosted zone. None where they may not be read.

    https://docs.aws.amazon.com/cloud-map/latest/api/API_GetNamespace.html
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
    """
    try:
        found = await aws.call('servicediscovery', 'GetNamespace', Id=namespace)
        zone = found['Namespace'].get('Properties', {}).get('DnsProperties', {}).get('HostedZoneId')
        answer = await aws.call('route53', 'GetHostedZone', Id=zone) if zone else {}
    except AwsFailed as failed:
        if failed.aws_code in ('NamespaceNotFound', 'NoSuchHostedZone'):
            return frozenset()
        if not is_unavailable(failed):
            raise
        aws.limitations.add(failed.operation, f'{UNAVAILABLE} {failed.message}')
        return None
    # A private zone has at least one: without any, these are not AWS's answers.
    return frozenset(each['VPCId'] for each in answer.get('VPCs') or ()) or None


async def registries(
    aws: AwsClient, namespace: str, matter: Callable[[Mapping[str, Any]], bool], known: Mapping[str, Tags]
) -> tuple[Registry, ...]:
    """Those Cloud Map services in a namespace that `matter`, with their tags, which are not asked for where `known`.

    https://docs.aws.amazon.com/cloud-map/latest/api/API_ListServices.html
    """
    within = {'Name': 'NAMESPACE_ID', 'Values': [namespace], 'Condition': 'EQ'}
    found = await aws.pages('servicediscovery', 'ListServices', 'Services', token=_MORE, Filters=[within])
    found = [each for each in found if matter(each)]
    tags = await asyncio.gather(*(_tags(aws, each['Arn'], known) for each in found))
    return tuple(Registry.read(namespace, each, of_it) for each, of_it in zip(found, tags, strict=True))


async def _tags(aws: AwsClient, arn: str, known: Mapping[str, Tags]) -> Tags:
    if arn in known:
        return known[arn]
    return read_tags((await aws.call('servicediscovery', 'ListTagsForResource', ResourceARN=arn))['Tags'])
