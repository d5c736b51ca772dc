"""What the audit of the installation records of a request: where it comes from, and why it was refused."""

from typing import TYPE_CHECKING

from tornado.httputil import HTTPServerRequest

from handlers.access.credentials import source_of, token_of
from stack.access import tokens
from stack.access.access import Caller
from stack.access.alb_identity import HEADER
from stack.errors import AccessDenied, ApprovalDenied, NotAuthenticated, NysaError, SignInExpired, TooManyRequests

if TYPE_CHECKING:
    from handlers.context import Context


def audit_refusal(
    context: 'Context',
    request: HTTPServerRequest,
    error: BaseException | None,
    caller: Caller | None,
    cluster: str | None,
) -> None:
    """Record a failed sign-in, or a request without a permission; nothing for any other error.

    The audit of the cluster has a decision on a proposal that does not count already. A request without credentials is
    no sign-in, and an expired one at a load balancer is renewed by it.
    """
    if isinstance(error, ApprovalDenied):
        return
    source = source_of(request.headers, context.access.origins.address(request))
    if isinstance(error, AccessDenied):
        context.installation_audit.denied(caller, error, source, f'{request.method} {request.path}', cluster)
    elif caller is None and isinstance(error, NysaError) and signs_in(request, error):
        context.installation_audit.sign_in_failed(error, source, token_id(request))


def audit_hidden(context: 'Context', request: HTTPServerRequest, caller: Caller, cluster: str) -> None:
    """Record a request for a cluster out of the caller's scope, which is answered as if there were none."""
    source = source_of(request.headers, context.access.origins.address(request))
    error = AccessDenied('The cluster is outside the scope of the caller, who got 404.')
    context.installation_audit.denied(caller, error, source, f'{request.method} {request.path}', cluster)


def signs_in(request: HTTPServerRequest, error: NysaError) -> bool:
    """Whether a request failed to authenticate, and had credentials or was to begin a session.

    The failure may have been one too many; a caller above its rate limit is authenticated.
    """
    failed = error.failed if isinstance(error, TooManyRequests) else error
    if not isinstance(failed, NotAuthenticated) or isinstance(failed, SignInExpired):
        return False
    has_credentials = 'Authorization' in request.headers or HEADER in request.headers
    begins = request.path == '/signed-in' or (request.path == '/api/v1/session' and request.method == 'POST')
    return has_credentials or begins


def token_id(request: HTTPServerRequest) -> str | None:
    """The id of the token that was sent in the header; never its secret."""
    parts = tokens.split(token_of(request.headers.get('Authorization', '')))
    return parts[0] if parts else None
