"""Every way in which Nysa says no, built from data; `code` is public and stable.

::

    NysaError
    ├── InvalidRequest          the request cannot be read, or asks for something that cannot be
    │   ├── InvalidStackfile    the desired state has mistakes
    │   └── UnsupportedMedia    the body is of a type that is not read here
    ├── NotAuthenticated        who calls is not known
    │   └── SignInExpired       what the caller showed has expired
    ├── AccessDenied            the caller may not do this
    ├── TooManyRequests         the caller asks too often
    ├── Overloaded              too many requests are being worked on
    ├── ShuttingDown            this server stops: another one answers
    ├── NotFound                the thing that is named in the URL is not there
    │   └── Gone                it was there, and is no longer kept
    ├── Unprocessable           the request names something that is not there, or that is there already
    ├── Conflict                the change does not fit what is stored
    │   ├── RevisionConflict    somebody was faster: the revision is no longer the one that the caller had
    │   ├── PlanOutdated        something that the plan was made from has moved
    │   ├── Quarantined         the change brings an image back that was rolled away from
    │   ├── RolloutFailed       what is wanted does not run, and will not by itself
    │   └── Frozen              the cluster takes no changes now
    ├── RolloutInProgress       what is wanted does not run yet, and the caller would wait no longer
    ├── TooLarge                more than is taken
    ├── Misconfigured           a setting is missing or wrong
    ├── ProviderFailed          the provider of identities does not answer as it must
    │   └── ProviderUnavailable it cannot be reached, or is down
    ├── StateUnreadable         what is stored is not a desired state
    └── AwsFailed               AWS refused or broke
        ├── PreconditionFailed  S3 refused a conditional write: what was read is no longer what is stored
        ├── Throttled           AWS asks for fewer calls
        ├── Unavailable         AWS did not answer, or answered that it cannot now
        └── OutcomeUnknown      a write may or may not have taken effect, and reading back did not decide it
"""

from collections.abc import Mapping, Sequence
from typing import Any

Detail = Mapping[str, Any]


class NysaError(Exception):
    """Something that Nysa refuses or cannot do.

    `message` is for a person; `details` are `{"path", "line"?, "column"?, "message"}` each, for programs.
    """

    code = 'error'
    retryable = False

    def __init__(self, message: str, details: Sequence[Detail] = ()):
        super().__init__(message)
        self.message = message
        self._details = tuple(details)

    def extra(self) -> dict[str, Any]:
        """Further keys of the answer, for programs."""
        return {}

    def details(self) -> list[Detail]:
        """What is wrong, item by item; empty where `message` says it all."""
        return list(self._details)


class InvalidRequest(NysaError):
    code = 'invalid_request'


class InvalidStackfile(InvalidRequest):
    """The desired state has mistakes; `details()` holds each of them, `warnings` what is only worth knowing."""

    code = 'invalid_stackfile'

    def __init__(self, message: str, details: Sequence[Detail] = (), warnings: Sequence[Detail] = ()):
        super().__init__(message, details)
        self.warnings = tuple(warnings)

    def extra(self) -> dict[str, Any]:
        return {'warnings': list(self.warnings)} if self.warnings else {}


class UnsupportedMedia(InvalidRequest):
    code = 'unsupported_media_type'


class NotAuthenticated(NysaError):
    code = 'not_authenticated'


class AccessDenied(NysaError):
    code = 'access_denied'


class TooManyRequests(NysaError):
    """`seconds` says after how long it is worth trying again."""

    code = 'too_many_requests'
    retryable = True

    def __init__(self, message: str, seconds: int):
        super().__init__(message)
        self.seconds = seconds


class Overloaded(NysaError):
    code = 'overloaded'
    retryable = True


class ShuttingDown(NysaError):
    code = 'shutting_down'
    retryable = True


class NotFound(NysaError):
    code = 'not_found'


class Gone(NotFound):
    code = 'gone'


class Unprocessable(NysaError):
    code = 'unprocessable'


class Conflict(NysaError):
    code = 'conflict'
    retryable = True


class RevisionConflict(Conflict):
    """Somebody was faster; `current` is the revision that is stored now, or None where nothing is.

    `diff` is what became of the revision that the caller had in the current one, where both can be read.
    """

    code = 'revision_conflict'

    def __init__(self, message: str, current: str | None, diff: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.current = current
        self.diff = diff

    def extra(self) -> dict[str, Any]:
        return {'revision': self.current} | ({'diff': self.diff} if self.diff else {})


class PlanOutdated(Conflict):
    """A plan that was to be carried out is no longer what would happen; `plan` is the one that would."""

    code = 'plan_outdated'
    retryable = False

    def __init__(self, message: str, plan: Mapping[str, Any]):
        super().__init__(message)
        self.plan = plan

    def extra(self) -> dict[str, Any]:
        return {'plan': self.plan}


class Quarantined(Conflict):
    """`quarantine` says which image of which service, since when, by whom and why."""

    code = 'quarantined'
    retryable = False

    def __init__(self, message: str, quarantine: Mapping[str, Any]):
        super().__init__(message)
        self.quarantine = quarantine

    def extra(self) -> dict[str, Any]:
        return {'quarantine': self.quarantine}


class Frozen(Conflict):
    """`freeze` says since when, by whom, why and until when."""

    code = 'frozen'
    retryable = False

    def __init__(self, message: str, freeze: Mapping[str, Any]):
        super().__init__(message)
        self.freeze = freeze

    def extra(self) -> dict[str, Any]:
        return {'frozen': self.freeze}


class RolloutFailed(Conflict):
    """A rollout has ended otherwise than wanted; `content` is what is known of it."""

    code = 'rollout_failed'
    retryable = False

    def __init__(self, message: str, content: Mapping[str, Any]):
        super().__init__(message)
        self.content = content

    def extra(self) -> dict[str, Any]:
        return {'rollout': dict(self.content)}


class RolloutInProgress(NysaError):
    """A rollout has not ended within the time that the caller would wait; `content` is what is known of it."""

    code = 'rollout_in_progress'
    retryable = True

    def __init__(self, message: str, content: Mapping[str, Any]):
        super().__init__(message)
        self.content = content

    extra = RolloutFailed.extra


class TooLarge(NysaError):
    code = 'too_large'


class Misconfigured(NysaError):
    code = 'misconfigured'


class SignInExpired(NotAuthenticated):
    """What the caller showed was right, and has run out."""

    code = 'sign_in_expired'


class ProviderFailed(NysaError):
    """The provider of identities, or what publishes a load balancer's keys, does not answer as it must."""

    code = 'provider_failed'


class ProviderUnavailable(ProviderFailed):
    code = 'provider_unavailable'


class StateUnreadable(NysaError):
    code = 'state_unreadable'


class AwsFailed(NysaError):
    """An AWS call failed; `operation` names it as `s3:PutObject`, `aws_code` is AWS's own word.

    `retried`: the call was sent more than once, so an earlier attempt may have taken effect. `pending`: an attempt
    timed out, so it may take effect even later (by default for `Unavailable`). `consequence` is what the failure means
    for the change that the caller asked for, a sentence of the answer.
    """

    code = 'aws_failed'
    consequence = 'Nothing was changed.'

    may_be_pending = False

    def __init__(self, message: str, operation: str, aws_code: str, retried: bool = False, pending: bool | None = None):
        super().__init__(message)
        self.operation = operation
        self.aws_code = aws_code
        self.retried = retried
        self.pending = self.may_be_pending if pending is None else pending


class PreconditionFailed(AwsFailed):
    code = 'precondition_failed'
    retryable = True


class Throttled(AwsFailed):
    code = 'aws_throttled'
    retryable = True


class Unavailable(AwsFailed):
    code = 'aws_unavailable'
    retryable = True
    may_be_pending = True


class OutcomeUnknown(AwsFailed):
    """A write may or may not have taken effect: its answer was lost, and reading it back failed or did not decide.

    `what` completes "It is not known whether …", `where` is a sentence on where to look; `cause` is the failure.
    """

    code = 'outcome_unknown'
    consequence = ''

    def __init__(self, what: str, where: str, cause: AwsFailed):
        message = f'It is not known whether {what}: {cause.message.rstrip(".")}. {where}'
        super().__init__(message, cause.operation, cause.aws_code, cause.retried, cause.pending)
        self.cause = cause

    def about(self, what: str, where: str) -> 'OutcomeUnknown':
        """The same failure in the words of the operation that the write was part of."""
        return OutcomeUnknown(what, where, self.cause)
