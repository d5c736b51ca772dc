"""A client for ECR: asks about an image as the account that owns its registry."""

from collections.abc import Callable
from typing import Any

from stack.aws.client import AwsClient, ForwardingClient


class RegistryClient(ForwardingClient):
    """Sends each call of ECR by the client of the account in `registryId`; all others by the usual one."""

    def __init__(self, usual: AwsClient, owner: Callable[[str], AwsClient | None]):
        """`owner` gives the client for an account by its id of AWS; None for the usual one."""
        super().__init__(usual)
        self._owner = owner

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        """Make one call, for an image by the client of its registry."""
        registry = arguments.get('registryId') if service == 'ecr' else None
        owner = self._owner(registry) if registry else None
        return await (owner or self._client).call(service, operation, **arguments)
