"""A client that records what its calls come to: the health of its account and region."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.aws.assumed_role import REJECTED
from stack.aws.client import AwsClient, ForwardingClient
from stack.configuration.account_health import Health, State
from stack.configuration.accounts import Place
from stack.errors import AwsFailed, Throttled, Unavailable
from stack.rollouts.refusals import is_denied

THROTTLED_FOR = timedelta(minutes=1)
# A place is in use for so long after a call: several rounds of a scheduler.
IN_USE_FOR = timedelta(minutes=30)
# A call whose caller gave up after so long counts as one without an answer.
SILENT_AFTER = timedelta(seconds=10)
# Denied calls that are named.
MOST_NAMED = 20

# Botocore's names of failures before a request: AWS has answered nothing then.
NOT_ASKED = {
    'CredentialRetrievalError',
    'InvalidRegionError',
    'NoCredentialsError',
    'NoRegionError',
    'PartialCredentialsError',
}


class ObservedClient(ForwardingClient):
    """A client that records what its calls come to."""

    def __init__(self, client: AwsClient, place: Place, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        super().__init__(client)
        self._place = place
        self._now = now
        self._denied: dict[str, str] = {}
        # Those of them for which AWS has not accepted the caller's identity: any answer ends that.
        self._unidentified: set[str] = set()
        self._unanswered = ''
        self._throttled_at: datetime | None = None
        self._seen_at: datetime | None = None
        self._called_at: datetime | None = None

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        """Make one call, and record its outcome."""
        self._called_at = called_at = self._now()
        try:
            answer = await self._client.call(service, operation, **arguments)
        except asyncio.CancelledError:
            # A caller that gave up is no fault of AWS, unless it has waited for long.
            if self._now() - called_at >= SILENT_AFTER:
                self._unanswered = f'AWS did not answer {service}:{operation} in time'
            raise
        except Unavailable as failed:
            self._unanswered = failed.message
            raise
        except AwsFailed as failed:
            if failed.aws_code in NOT_ASKED:
                self._unanswered = failed.message
            else:
                self._answered()
                self._refused(failed)
            raise
        self._answered()
        for name in (f'{service}:{operation}', *self._unidentified):
            self._denied.pop(name, None)
        self._unidentified.clear()
        return answer

    def is_in_use(self) -> bool:
        """Whether something was asked lately."""
        return self._called_at is not None and self._now() - self._called_at < IN_USE_FOR

    def _answered(self) -> None:
        self._seen_at, self._unanswered = self._now(), ''

    def _refused(self, failed: AwsFailed) -> None:
        unidentified = failed.operation == 'sts:AssumeRole' or failed.aws_code in REJECTED
        if isinstance(failed, Throttled):
            self._throttled_at = self._now()
        elif not unidentified and not is_denied(failed.aws_code):
            return
        elif failed.operation in self._denied or len(self._denied) < MOST_NAMED:
            self._denied[failed.operation] = failed.message
            if unidentified:
                self._unidentified.add(failed.operation)

    def health(self) -> Health:
        """What the calls until now have come to."""
        # A copy: metrics are read in another thread.
        messages = dict(self._denied)
        denied, message = tuple(sorted(messages)), next(reversed(messages.values()), '')
        state: State = 'ok' if self._seen_at else 'unknown'
        if self._throttled_at and self._now() - self._throttled_at < THROTTLED_FOR:
            state = 'throttled'
        if denied:
            state = 'denied'
        if self._unanswered:
            state, message = 'unavailable', self._unanswered
        return Health(self._place, state, denied, self._seen_at, message)
