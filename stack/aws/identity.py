"""The region and the credentials of a connection, and the clients that make its calls."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from stack.aws.assumed_role import AssumedRole, RoleCredentials
from stack.aws.clients import Clients, Credentials

# The answers of STS in a region that the account of the caller, or that of the role, has not enabled.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
NOT_ENABLED = {'InvalidClientTokenId', 'RegionDisabledException'}


@dataclass(frozen=True)
class Identity:
    """Who calls AWS, and in which region by default; `owner`: whether the clients end with the connection.

    `renew` has other credentials fetched in place of some that AWS rejects, where it gives true.
    """

    clients: Clients
    region: str | None
    credentials: Credentials
    owner: bool = False
    renew: Callable[[Any], bool] = lambda _: False

    @classmethod
    def of_process(cls, endpoint_url: str | None = None, **session: Any) -> 'Identity':
        """That of this process, as boto3 finds it; `session` goes to `boto3.Session`."""
        home, loading = boto3.Session(**session), threading.Lock()

        def credentials() -> Any:
            # Several threads may need them first; looking them up may make a call.
            with loading:
                return home.get_credentials()

        return cls(Clients(endpoint_url), home.region_name, credentials, owner=True)

    def elsewhere(self, region: str | None, role: AssumedRole | None) -> 'Identity':
        """That of another region, or of a role that this one assumes. Makes no call."""
        if role is None:
            return Identity(self.clients, region, self.credentials)

        def assume(**arguments: Any) -> Any:
            with self.clients.signing_with(self.credentials):
                try:
                    return self.clients.sts(region).assume_role(**arguments)
                except ClientError as error:
                    if region == self.region or error.response['Error']['Code'] not in NOT_ENABLED:
                        raise
                # The own account need not have the region of another one; credentials from here are valid there.
                return self.clients.sts(self.region).assume_role(**arguments)

        assumed = RoleCredentials(role, assume)
        return Identity(self.clients, region, assumed, renew=assumed.renew)
