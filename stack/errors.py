"""The errors of Nysa, built from data; `code` is public and stable.

::

    NysaError
    ├── InvalidRequest          the request cannot be parsed, or is invalid
    │   ├── InvalidStackfile    the desired state has mistakes
    │   └── UnsupportedMedia    the body's media type is not supported
    ├── NotAuthenticated        the caller is unknown
    │   ├── SignInExpired       the caller's sign-in has expired
    │   └── TokenExpired        the caller's token has expired
    ├── AccessDenied            the caller may not do this
    │   └── ApprovalDenied      the caller's decision on a proposal does not count
    ├── TooManyRequests         the caller exceeds its rate limit
    ├── Overloaded              too many requests are in flight
    ├── ShuttingDown            this server is stopping; another one answers
    ├── NotFound                the resource in the URL does not exist
    │   └── Gone                it existed, and has expired
    ├── Unprocessable           the request refers to something that does not exist, or exists already
    ├── Conflict                the change does not fit what is stored
    │   ├── DeploymentMoved     the deployment that the caller saw is not the newest of its service
    │   ├── RevisionConflict    the cluster changed in the meantime: the caller's revision is no longer current
    │   ├── PlanOutdated        the plan is no longer what would happen
    │   ├── Quarantined         the change brings back an image that was rolled back
    │   ├── UnconfirmedLoss     the change would also remove what runs and is not declared
    │   ├── ApprovalRequired    the change waits for the approval of other people
    │   ├── ProposalEnded       the proposal is no longer open
    │   ├── RolloutFailed       the rollout has failed
    │   └── Frozen              the cluster is frozen
    ├── RolloutInProgress       the rollout has not ended within the time that the caller waits
    ├── TooLarge                the body is over the limit
    ├── Misconfigured           a setting is missing or wrong
    ├── ProviderFailed          the identity provider answers wrongly
    │   └── ProviderUnavailable it does not answer
    ├── StateUnreadable         the stored object is not a desired state
    └── AwsFailed               an AWS call failed
        ├── Misplaced           a cluster is in an account that the setting does not give to it; AWS was not asked
        ├── PreconditionFailed  S3 refused a conditional write: the object has changed
        ├── Throttled           AWS refused the call for its rate
        ├── Unavailable         AWS did not answer, or is unavailable
        └── OutcomeUnknown      a write may or may not have taken effect
"""

from collections.abc import Mapping, Sequence
from typing import Any

Detail = Mapping[str, Any]


class NysaError(Exception):
    """The base of all errors.

    `message` is for a person; `details` are `{"path", "line"?, "column"?, "message"}` each, for programs.
    """

    code = 'error'

    def __init__(self, message: str, details: Sequence[Detail] = ()):
        super().__init__(message)
        self.message = message
        self._details = tuple(details)

    def extra(self) -> dict[str, Any]:
        """Further keys of the answer, for programs."""
        return {}

    def details(self) -> list[Detail]:
        """Each problem; empty where there is only the `message`."""
        return list(self._details)


class InvalidRequest(NysaError):
    code = 'invalid_request'


class InvalidStackfile(InvalidRequest):
    """The desired state has mistakes; `details()` has each of them, `warnings` the warnings."""

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


class TokenExpired(NotAuthenticated):
    """`token` is its id, `holder` the name of its holder: for the audit, not for the answer."""

    code = 'token_expired'

    def __init__(self, message: str, token: str, holder: str):
        super().__init__(message)
        self.token = token
        self.holder = holder


class AccessDenied(NysaError):
    code = 'access_denied'


class ApprovalDenied(AccessDenied):
    """The caller's decision on a proposal does not count; the audit has it with the proposal."""

    code = 'approval_denied'


class TooManyRequests(NysaError):
    """`seconds` is the time to wait before a retry; `failed` is the failed sign-in that was one too many, if it was."""

    code = 'too_many_requests'

    def __init__(self, message: str, seconds: int, failed: NotAuthenticated | None = None):
        super().__init__(message)
        self.seconds = seconds
        self.failed = failed


class Overloaded(NysaError):
    code = 'overloaded'


class ShuttingDown(NysaError):
    code = 'shutting_down'


class NotFound(NysaError):
    code = 'not_found'


class Gone(NotFound):
    code = 'gone'


class Unprocessable(NysaError):
    code = 'unprocessable'


class Conflict(NysaError):
    code = 'conflict'


class DeploymentMoved(Conflict):
    """The deployment that a caller saw is not the newest of its service; `deployment` is that one, or None."""

    code = 'deployment_moved'

    def __init__(self, message: str, deployment: str | None):
        super().__init__(message)
        self.deployment = deployment

    def extra(self) -> dict[str, Any]:
        return {'deployment': self.deployment}


class RevisionConflict(Conflict):
    """The cluster changed in the meantime; `current` is the stored revision, None where there is none.

    `diff` is the difference from the caller's revision to the current one, where both can be read.
    """

    code = 'revision_conflict'

    def __init__(self, message: str, current: str | None, diff: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.current = current
        self.diff = diff

    def extra(self) -> dict[str, Any]:
        return {'revision': self.current} | ({'diff': self.diff} if self.diff else {})


class PlanOutdated(Conflict):
    """The plan to carry out is no longer what would happen; `plan` is the current one."""

    code = 'plan_outdated'

    def __init__(self, message: str, plan: Mapping[str, Any]):
        super().__init__(message)
        self.plan = plan

    def extra(self) -> dict[str, Any]:
        return {'plan': self.plan}


class Quarantined(Conflict):
    """`quarantine` has the image and service, since when, by whom and why."""

    code = 'quarantined'

    def __init__(self, message: str, quarantine: Mapping[str, Any]):
        super().__init__(message)
        self.quarantine = quarantine

    def extra(self) -> dict[str, Any]:
        return {'quarantine': self.quarantine}


class Frozen(Conflict):
    """`freeze` has since when, by whom, why and until when."""

    code = 'frozen'

    def __init__(self, message: str, freeze: Mapping[str, Any]):
        super().__init__(message)
        self.freeze = freeze

    def extra(self) -> dict[str, Any]:
        return {'frozen': self.freeze}


class UnconfirmedLoss(Conflict):
    """A change would also remove what runs and is not declared; `lost` lists that, and `plan` confirms it by its id."""

    code = 'side_effects'

    def __init__(
        self, message: str, details: Sequence[Detail], lost: Sequence[Mapping[str, Any]], plan: Mapping[str, Any]
    ):
        super().__init__(message, details)
        self.lost = lost
        self.plan = plan

    def extra(self) -> dict[str, Any]:
        return {'also': list(self.lost), 'plan': self.plan}


class ApprovalRequired(Conflict):
    """A change that other people have to approve; `approvals` has each policy with the services that it is for."""

    code = 'approval_required'

    def __init__(self, message: str, approvals: Sequence[Mapping[str, Any]]):
        super().__init__(message)
        self.approvals = approvals

    def extra(self) -> dict[str, Any]:
        return {'approvals': [dict(each) for each in self.approvals]}


class ProposalEnded(Conflict):
    """A proposal is carried out, rejected, expired or outdated; `proposal` is its short form."""

    code = 'proposal_ended'

    def __init__(self, message: str, proposal: Mapping[str, Any]):
        super().__init__(message)
        self.proposal = proposal

    def extra(self) -> dict[str, Any]:
        return {'proposal': dict(self.proposal)}


class RolloutFailed(Conflict):
    """A rollout has failed; `content` is its state."""

    code = 'rollout_failed'

    def __init__(self, message: str, content: Mapping[str, Any]):
        super().__init__(message)
        self.content = content

    def extra(self) -> dict[str, Any]:
        return {'rollout': dict(self.content)}


class RolloutInProgress(NysaError):
    """A rollout has not ended within the time that the caller waits; `content` is its state."""

    code = 'rollout_in_progress'

    def __init__(self, message: str, content: Mapping[str, Any]):
        super().__init__(message)
        self.content = content

    extra = RolloutFailed.extra


class TooLarge(NysaError):
    code = 'too_large'


class Misconfigured(NysaError):
    code = 'misconfigured'


class SignInExpired(NotAuthenticated):
    """The caller's sign-in was valid, and has expired."""

    code = 'sign_in_expired'


class ProviderFailed(NysaError):
    """The identity provider, or the server of a load balancer's keys, answers wrongly or not at all."""

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


class Misplaced(AwsFailed):
    """The desired state of a cluster names an account that the setting NYSA_ACCOUNTS does not give to it."""

    code = 'misplaced'

    def __init__(self, cluster: str, account: str, allowed: Sequence[str]):
        message = (
            f'The setting NYSA_ACCOUNTS gives {cluster} no account {str(account)[:100]!r}; '
            f'it may be in {" or ".join(allowed)}.'
        )
        super().__init__(message, 'sts:AssumeRole', 'Misplaced', pending=False)


class PreconditionFailed(AwsFailed):
    code = 'precondition_failed'


class Throttled(AwsFailed):
    code = 'aws_throttled'


class Unavailable(AwsFailed):
    code = 'aws_unavailable'
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
