"""Translates botocore's errors into those of `stack.errors`."""

from http import HTTPStatus
from xml.etree.ElementTree import ParseError

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from stack.errors import AwsFailed, PreconditionFailed, Throttled, Unavailable

# Codes with which AWS's services ask for fewer calls; botocore's own list is private.
THROTTLED = {
    'BandwidthLimitExceeded',
    'EC2ThrottledException',
    'LimitExceededException',
    'PriorRequestNotComplete',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'SlowDown',
    'Throttled',
    'ThrottledException',
    'Throttling',
    'ThrottlingException',
    'TooManyRequestsException',
}

# The code of Application Auto Scaling for a refusal by CloudWatch, whose own reason is only in the message:
# https://github.com/hashicorp/terraform-provider-aws/pull/2275
OF_ANOTHER_SERVICE = 'FailedResourceAccessException'
RATE_EXCEEDED = 'Rate exceeded'

# S3's answers to a write whose condition is not met.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
PRECONDITION = {'PreconditionFailed', 'ConditionalRequestConflict'}

# Codes for a call that this account, region or emulator does not offer to the caller at all.
# https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html
NOT_OFFERED = {
    # A status in place of a code: the answer of an emulator that does not know the service.
    '400',
    '404',
    '405',
    '501',
    'AccessDenied',
    'AccessDeniedException',
    'InvalidAction',
    'NotImplemented',
    'NotImplementedException',
    'OptInRequired',
    'SubscriptionRequiredException',
    'UnauthorizedOperation',
    'UnknownOperation',
    'UnknownOperationException',
    'UnknownService',
    'UnsupportedOperation',
    'UnsupportedOperationException',
}


def translate(error: Exception, operation: str, pending: bool = False) -> AwsFailed:
    """Translate what a failed call raised; `operation` is the call's name as `s3:PutObject`.

    `pending`: an attempt of the call timed out. A failure to assume the role of another account names `sts:AssumeRole`.
    """
    if isinstance(error, ClientError):
        if error.operation_name == 'AssumeRole':
            operation = 'sts:AssumeRole'
        return _of_answer(error, operation, pending)
    code = type(error).__name__
    pending = pending or isinstance(error, ReadTimeoutError)
    if isinstance(error, NO_ANSWER):
        return Unavailable(f'AWS did not answer {operation} ({code})', operation, code, True, pending)
    if isinstance(error, BotoCoreError):
        return AwsFailed(f'{operation} could not be asked of AWS: {error}', operation, code, True, pending)
    return Unavailable(f'AWS answered {operation} with what cannot be read ({code})', operation, code, True, pending)


def _of_answer(error: ClientError, operation: str, pending: bool) -> AwsFailed:
    code = error.response.get('Error', {}).get('Code', 'Unknown')
    reason = error.response.get('Error', {}).get('Message', '')
    metadata = error.response.get('ResponseMetadata', {})
    status, retried = metadata.get('HTTPStatusCode', 0), metadata.get('RetryAttempts', 0) > 0
    if code in PRECONDITION:
        return PreconditionFailed(f'{operation}: the condition is not met', operation, code, retried, pending)
    is_throttled = code in THROTTLED or (code == OF_ANOTHER_SERVICE and RATE_EXCEEDED in reason)
    if is_throttled or status == 429:
        return Throttled(f'AWS asks for fewer calls of {operation} ({code})', operation, code, retried, pending)
    if status >= 500 and status != HTTPStatus.NOT_IMPLEMENTED:
        return Unavailable(f'AWS cannot do {operation} now ({code})', operation, code, retried, pending)
    return AwsFailed(f'AWS refused {operation}: {code}: {reason}', operation, code, retried, pending)


def is_unavailable(failed: AwsFailed) -> bool:
    """Whether a call is refused for lack of a permission, or because it does not exist here: a retry cannot help."""
    return failed.aws_code in NOT_OFFERED


# The call's answer did not come, or not as a whole.
NO_ANSWER = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseStreamingError)
# Its answer broke off, or is none that botocore or `stack.aws.listing` can read.
BROKEN = (IncompleteReadError, ResponseStreamingError, ResponseParserError, ParseError, KeyError, ValueError)

AWS_ERRORS = (ClientError, BotoCoreError, *BROKEN)
