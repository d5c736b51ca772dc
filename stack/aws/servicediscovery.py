"""Cloud Map, as far as Nysa asks it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from stack.aws.paced import PacedConnection
from stack.reconcile.names import read_tags
from stack.reconcile.observed import Namespace, Registry

_MORE = ('NextToken', 'NextToken')

Tags = Mapping[str, str]


async def namespaces(aws: PacedConnection) -> tuple[Namespace, ...]:
    """All private namespaces.

    https://docs.aws.amazon.com/cloud-map/latest/api/API_ListNamespaces.html
    """
    kind = {'Name': 'TYPE', 'Values': ['DNS_PRIVATE'], 'Condition': 'EQ'}
    found = await aws.pages('servicediscovery', 'ListNamespaces', 'Namespaces', token=_MORE, Filters=[kind])
    return tuple(map(Namespace.read, found))


async def registries(
    aws: PacedConnection, namespace: str, matter: Callable[[Mapping[str, Any]], bool], known: Mapping[str, Tags]
) -> tuple[Registry, ...]:
    """Those Cloud Map services in a namespace that `matter`, with their tags, which are not asked for where `known`.

    https://docs.aws.amazon.com/cloud-map/latest/api/API_ListServices.html
    """
    within = {'Name': 'NAMESPACE_ID', 'Values': [namespace], 'Condition': 'EQ'}
    found = await aws.pages('servicediscovery', 'ListServices', 'Services', token=_MORE, Filters=[within])
    found = [each for each in found if matter(each)]
    tags = await asyncio.gather(*(_tags(aws, each['Arn'], known) for each in found))
    return tuple(Registry.read(namespace, each, of_it) for each, of_it in zip(found, tags, strict=True))


async def _tags(aws: PacedConnection, arn: str, known: Mapping[str, Tags]) -> Tags:
    if arn in known:
        return known[arn]
    return read_tags((await aws.call('servicediscovery', 'ListTagsForResource', ResourceARN=arn))['Tags'])
