"""The HTTP status of each error. The nearest base class in the table applies."""

from stack import errors

STATUS: dict[type[errors.NysaError], int] = {
    errors.InvalidRequest: 400,
    errors.InvalidStackfile: 400,
    errors.UnsupportedMedia: 415,
    errors.NotAuthenticated: 401,
    errors.SignInExpired: 401,
    errors.TokenExpired: 401,
    errors.AccessDenied: 403,
    errors.ApprovalDenied: 403,
    errors.TooManyRequests: 429,
    errors.Overloaded: 503,
    errors.ShuttingDown: 503,
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Unprocessable: 422,
    errors.Conflict: 409,
    errors.DeploymentMoved: 409,
    errors.RevisionConflict: 412,
    errors.PlanOutdated: 412,
    errors.Quarantined: 409,
    errors.UnconfirmedLoss: 409,
    errors.ApprovalRequired: 409,
    errors.ProposalEnded: 409,
    errors.RolloutFailed: 409,
    errors.Frozen: 423,
    errors.RolloutInProgress: 504,
    errors.TooLarge: 413,
    errors.Misconfigured: 500,
    errors.ProviderFailed: 502,
    errors.ProviderUnavailable: 503,
    errors.StateUnreadable: 502,
    errors.AwsFailed: 502,
    errors.Misplaced: 422,
    errors.PreconditionFailed: 412,
    errors.Throttled: 503,
    errors.Unavailable: 503,
    errors.OutcomeUnknown: 502,
}

# The codes of errors that Tornado raises before or instead of a verb, and of an unexpected error.
HTTP_CODE = {
    400: 'invalid_request',
    404: 'not_found',
    405: 'method_not_allowed',
    413: 'too_large',
    500: 'internal',
}


def headers_of(error: BaseException | None) -> dict[str, str]:
    """The headers of an error answer."""
    if isinstance(error, errors.TooManyRequests):
        return {'Retry-After': str(error.seconds)}
    if isinstance(error, errors.NotAuthenticated):
        # Basic is accepted too, but not offered: a browser would open its password dialog over the page.
        return {'WWW-Authenticate': 'Bearer realm="nysa"'}
    return {}


def status_of(error: errors.NysaError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
