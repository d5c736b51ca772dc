"""The credentials of a role that this process assumes.

botocore fetches them when they are first needed, and again before they expire.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials

# One attempt: the call that needs the credentials is repeated by its own rules, and a hanging STS ends within its
# deadline.
STS = Config(connect_timeout=3.0, read_timeout=5.0, retries={'mode': 'standard', 'total_max_attempts': 1})


@dataclass(frozen=True)
class AssumedRole:
    """A role, and the session name under which CloudTrail shows the calls of this process."""

    arn: str
    session_name: str
    external_id: str = field(default='', repr=False)


def credentials_of(role: AssumedRole, assume: Callable[..., Any]) -> DeferredRefreshableCredentials:
    """The credentials of a role; `assume` makes the call `AssumeRole`, in the thread that needs them."""
    arguments = {'RoleArn': role.arn, 'RoleSessionName': role.session_name}
    if role.external_id:
        arguments['ExternalId'] = role.external_id

    def fetch() -> dict[str, Any]:
        found = assume(**arguments)['Credentials']
        return {
            'access_key': found['AccessKeyId'],
            'secret_key': found['SecretAccessKey'],
            'token': found['SessionToken'],
            'expiry_time': found['Expiration'].isoformat(),
            'account_id': role.arn.split(':')[4],
        }

    return DeferredRefreshableCredentials(fetch, 'assume-role')
