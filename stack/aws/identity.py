"""The region and the credentials of a connection, and the clients that make its calls."""

import threading
from dataclasses import dataclass
from typing import Any

import boto3

from stack.aws.assumed_role import AssumedRole, credentials_of
from stack.aws.clients import Clients, Credentials


@dataclass(frozen=True)
class Identity:
    """Who calls AWS, and in which region by default; `owner`: whether the clients end with the connection."""

    clients: Clients
    region: str | None
    credentials: Credentials
    owner: bool = False

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
                return self.clients.sts(region).assume_role(**arguments)

        assumed = credentials_of(role, assume)
        return Identity(self.clients, region, lambda: assumed)
