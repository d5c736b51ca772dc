"""The one place where botocore's errors become ours."""

from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
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

# S3's answers to a condition that does not hold (any longer).
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
PRECONDITION = {'PreconditionFailed', 'ConditionalRequestConflict'}

# Codes for a call that this account, region or emulator does not offer to the caller at all.
# https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html
NOT_OFFERED = {
    '404',
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


def translate(error: Exception, operation: str) -> AwsFailed:
    """What a failed call means to us; `operation` is the call's name as `s3:PutObject`."""
    if isinstance(error, ClientError):
        code = error.response.get('Error', {}).get('Code', 'Unknown')
        reason = error.response.get('Error', {}).get('Message', '')
        status = error.response.get('ResponseMetadata', {}).get('HTTPStatusCode', 0)
        if code in PRECONDITION:
            retried = error.response.get('ResponseMetadata', {}).get('RetryAttempts', 0) > 0
            return PreconditionFailed(f'{operation}: the condition does not hold', operation, code, retried)
        if code in THROTTLED or status == 429:
            return Throttled(f'AWS asks for fewer calls of {operation} ({code})', operation, code)
        if status >= 500 and status != HTTPStatus.NOT_IMPLEMENTED:
            return Unavailable(f'AWS cannot do {operation} now ({code})', operation, code)
        return AwsFailed(f'AWS refused {operation}: {code}: {reason}', operation, code)
    code = type(error).__name__
    if isinstance(error, ConnectionError | HTTPClientError | IncompleteReadError | ResponseStreamingError):
        return Unavailable(f'AWS did not answer {operation} ({code})', operation, code)
    if isinstance(error, ResponseParserError):
        return Unavailable(f'The answer to {operation} cannot be read', operation, code)
    return AwsFailed(f'{operation} could not be asked of AWS: {error}', operation, code)


def is_unavailable(failed: AwsFailed) -> bool:
    """Whether a call is refused for lack of a permission, or because it does not exist here: a retry cannot help."""
    return failed.aws_code in NOT_OFFERED


AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)
