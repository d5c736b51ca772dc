"""Sessions in other accounts and regions, with the credentials of this process or of a role that it assumes.

botocore fetches the credentials of a role when they are first needed, and again before they expire.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import NoCredentialsError

# One attempt: the call that needs the credentials is repeated by its own rules, and a hanging STS ends within its
# deadline.
STS = Config(connect_timeout=3.0, read_timeout=5.0, retries={'total_max_attempts': 1})


@dataclass(frozen=True)
class AssumedRole:
    """A role, and the session name under which CloudTrail shows the calls of this process."""

    arn: str
    session_name: str
    external_id: str = field(default='', repr=False)


class SessionMaker:
    """Makes sessions beside that of this process, for one endpoint (None: AWS's own)."""

    def __init__(self, home: boto3.Session, endpoint_url: str | None = None):
        self._home = home
        self._endpoint_url = endpoint_url
        # Service descriptions are parsed once for all sessions: some are several MB in memory.
        self._loader = botocore.loaders.create_loader()

    def make(self, region: str | None, role: AssumedRole | None = None) -> botocore.session.Session:
        """A session for calls in a region, without a role with the credentials of this process. Makes no call."""
        given = _GivenCredentials(lambda: self._home.get_credentials() if role is None else self._assumed(role, region))
        core = self._core()
        core.register_component('credential_provider', given)
        return core

    def _core(self) -> botocore.session.Session:
        core = botocore.session.Session()
        core.register_component('data_loader', self._loader)
        return core

    def _assumed(self, role: AssumedRole, region: str | None) -> Any:
        # A session of its own: making clients of one session in two threads at once is not safe.
        client: Callable[..., Any] = partial(
            self._core().create_client, region_name=region, endpoint_url=self._endpoint_url, config=STS
        )
        arguments = {'RoleSessionName': role.session_name}
        if role.external_id:
            arguments['ExternalId'] = role.external_id
        fetcher = AssumeRoleCredentialFetcher(client, _HomeCredentials(self._home), role.arn, extra_args=arguments)
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, 'assume-role')


class _HomeCredentials:
    """The credentials of this process, looked up when they are needed, and not before."""

    def __init__(self, home: boto3.Session):
        self._home = home

    def get_frozen_credentials(self) -> Any:
        found = self._home.get_credentials()
        if found is None:
            raise NoCredentialsError
        return found.get_frozen_credentials()


class _GivenCredentials:
    """The credential resolver of a session whose credentials are given."""

    def __init__(self, load: Callable[[], Any]):
        self._load = load

    def load_credentials(self) -> Any:
        return self._load()
