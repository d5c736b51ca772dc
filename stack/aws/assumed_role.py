"""The credentials of a role that this process assumes.

botocore fetches them when they are first needed, and again before they expire. AWS may reject them before that: a role
that is deleted and made again, or whose sessions are revoked, leaves those that were fetched before without effect.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)

# One attempt: the call that needs the credentials is repeated by its own rules, and a hanging STS ends within its
# deadline.
STS = Config(connect_timeout=3.0, read_timeout=5.0, retries={'mode': 'standard', 'total_max_attempts': 1})


@dataclass(frozen=True)
class AssumedRole:
    """A role, and the session name under which CloudTrail shows the calls of this process."""

    arn: str
    session_name: str
    external_id: str = field(default='', repr=False)


# Between two times that credentials are fetched because AWS rejects those before, in seconds.
RENEWED_EVERY_S = 60.0

# Between two log lines on a role that is not assumed.
REPORTED_EVERY_S = 60.0

# Codes with which AWS rejects the credentials of a call, and its words for a session that is revoked.
REJECTED = {
    'AuthFailure',
    'ExpiredToken',
    'ExpiredTokenException',
    'InvalidClientTokenId',
    'UnrecognizedClientException',
}
_REVOKED = 'with an explicit deny in an identity-based policy'


class RoleCredentials:
    """The credentials of a role, as botocore's object; `assume` makes the call `AssumeRole`, in the thread that needs
    them.
    """

    def __init__(self, role: AssumedRole, assume: Callable[..., Any], clock: Callable[[], float] = time.monotonic):
        self._role = role
        self._assume = assume
        self._clock = clock
        self._lock = threading.Lock()
        self._current = self._unfetched()
        self._renewed_at = self._reported_at = float('-inf')

    def __call__(self) -> DeferredRefreshableCredentials:
        return self._current

    def renew(self, rejected: Any) -> bool:
        """Have other credentials fetched in place of those; false where that was done a short while ago."""
        with self._lock:
            if self._current is rejected:
                if self._clock() - self._renewed_at < RENEWED_EVERY_S:
                    return False
                self._current, self._renewed_at = self._unfetched(), self._clock()
            return True

    def _unfetched(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._fetch, 'assume-role')

    def _fetch(self) -> dict[str, Any]:
        role = self._role
        arguments = {'RoleArn': role.arn, 'RoleSessionName': role.session_name}
        if role.external_id:
            arguments['ExternalId'] = role.external_id
        try:
            found = self._assume(**arguments)['Credentials']
        except (ClientError, BotoCoreError) as error:
            self._report(error)
            raise
        return {
            'access_key': found['AccessKeyId'],
            'secret_key': found['SecretAccessKey'],
            'token': found['SessionToken'],
            'expiry_time': found['Expiration'].isoformat(),
            'account_id': role.arn.split(':')[4],
        }

    def _report(self, error: Exception) -> None:
        """Log now and then that the role is not assumed: calls go on with earlier credentials while those are valid."""
        if self._clock() - self._reported_at >= REPORTED_EVERY_S:
            self._reported_at = self._clock()
            log.warning('the role %s is not assumed: %s', self._role.arn, error)


def rejects_credentials(error: Exception) -> bool:
    """Whether AWS rejects the credentials that a call was signed with: it was not made."""
    if not isinstance(error, ClientError) or error.operation_name == 'AssumeRole':
        return False
    found = error.response.get('Error', {})
    return found.get('Code') in REJECTED or _REVOKED in found.get('Message', '')
