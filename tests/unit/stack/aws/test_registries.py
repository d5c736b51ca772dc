"""Calls of ECR by the account that owns the registry."""

import asyncio
from typing import Any

from stack.aws.client import AwsClient
from stack.aws.limitations import Limitations
from stack.aws.registries import RegistryClient


class Named(AwsClient):
    def __init__(self, name: str):
        self.name = name
        self._limitations = Limitations()

    @property
    def region(self) -> str | None:
        return self.name

    @property
    def limitations(self) -> Limitations:
        return self._limitations

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        return self.name, arguments


def test_an_image_is_asked_for_by_the_owner_of_its_registry():
    usual, owner = Named('usual'), Named('owner')
    client = RegistryClient(usual, {'111111111111': owner}.get)
    assert (client.region, client.limitations) == ('usual', usual.limitations)

    def by(service: str, **arguments: str) -> str:
        return asyncio.run(client.call(service, 'DescribeImages', **arguments))[0]

    assert by('ecr', registryId='111111111111') == 'owner'
    assert by('ecr', registryId='222222222222') == 'usual'
    assert by('ecr') == 'usual'
    assert by('ecs', registryId='111111111111') == 'usual'
