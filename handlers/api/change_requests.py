"""The author, conditions and options that come with every change, from the query and headers of its request."""

from collections.abc import Mapping

from handlers.access.credentials import source_of, text_of
from handlers.api.query import Query
from stack.access.access import Caller, Role
from stack.changes.approvers import Account
from stack.changes.change_request import ChangeRequest
from stack.errors import AccessDenied, InvalidRequest
from stack.state.revisions import Origin


def read_change_request(query: Query, headers: Mapping[str, str], caller: Caller, address: str) -> ChangeRequest:
    """The change request of a caller at a network address.

    Raises `AccessDenied` where the caller may not override a freeze, and `InvalidRequest`.
    """
    override = query.text('override') or None
    if override and caller.role < Role.ADMIN:
        raise AccessDenied('Overriding a freeze requires the role admin.')
    return ChangeRequest(
        origin=_origin(query, headers, caller, address),
        expected=_expected_revision(headers),
        deploy=query.flag('deploy', default=True),
        dry_run=query.flag('dry_run', default=False),
        plan=query.text('plan'),
        override=override,
        may_lose=caller.role >= Role.ADMIN,
        may_interrupt=caller.role >= Role.ADMIN,
        scope=caller.scope,
        author=Account.of(caller),
    )


def _origin(query: Query, headers: Mapping[str, str], caller: Caller, address: str) -> Origin:
    """Raises `InvalidRequest` for a message that is too long."""
    message = query.text('message') or text_of(headers.get('X-Nysa-Message', ''))
    speaker = f'{caller.speaker}: ' if caller.speaker else ''
    return Origin(caller.name, speaker + source_of(headers, address), message, caller.subject)


def _expected_revision(headers: Mapping[str, str]) -> str | None:
    """The revision in `If-Match`, None for any. Raises `InvalidRequest` for several."""
    header = headers.get('If-Match', '').strip()
    if header in ('', '*'):
        return None
    tags = [tag.strip() for tag in header.split(',')]
    if len(tags) > 1:
        raise InvalidRequest('If-Match must name one revision.', [{'path': 'If-Match', 'message': 'one revision'}])
    return tags[0].removeprefix('W/').strip('"')
