"""One service's settings as a document of its own, so that a service can be defined from its own repository."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from voluptuous import Invalid

from stack.changes.change_request import ChangeRequest, Outcome
from stack.changes.changes import Changes
from stack.errors import InvalidRequest, NotFound
from stack.runtime.off_loop import call_off_loop
from stack.stackfile import values
from stack.stackfile.check import Position, check
from stack.stackfile.editing import check_deployable, put_service
from stack.stackfile.effective import services
from stack.stackfile.merge_patch import merged
from stack.stackfile.places import Path
from stack.stackfile.problems import Problem, Report, new_mistakes, refusal
from stack.state.revisions import Revision

Document = dict[str, Any]


class ServiceSpecs:
    """Writes the settings of one service with the checks, plan, guards and history of a whole document."""

    def __init__(self, changes: Changes):
        self._changes = changes

    async def put(
        self,
        cluster: str,
        service: str,
        settings: Mapping[str, Any],
        request: ChangeRequest,
        position: Position | None = None,
    ) -> Outcome:
        """Create a service, or replace all its settings.

        Raises `InvalidStackfile` with the mistakes that the settings make, `InvalidRequest` for a name that no service
        can have, `Unprocessable` for a deployment that another program makes, and what every change raises.
        """
        if not _is_name(service):
            message = values.SERVICE_NAME.description
            raise InvalidRequest(f'{service[:300]!r} cannot be the name of a service: {message}.')
        return await self._change(cluster, service, lambda _: dict(settings), request, position)

    async def patch(self, cluster: str, service: str, patch: Mapping[str, Any], request: ChangeRequest) -> Outcome:
        """Merge a JSON merge patch into the settings of a service. Raises `NotFound`, and what `put` does."""
        settings_of((await self._changes.current(cluster, request)).document, service)
        return await self._change(cluster, service, lambda settings: merged(settings, patch), request, None)

    async def _change(
        self,
        cluster: str,
        service: str,
        edit: Callable[[Mapping[str, Any]], dict[str, Any]],
        request: ChangeRequest,
        position: Position | None,
    ) -> Outcome:
        current = await self._changes.current(cluster, request)
        before = dict(services(current.document)).get(service, {})
        after = edit(before)
        document = put_service(current.document, service, after)
        old, report = await call_off_loop(_reports, current.document, document, cluster)
        if mistakes := new_mistakes(old, report):
            raise refusal([_placed(mistake, service, position) for mistake in mistakes])
        if before:
            check_deployable(service, before, after)
        change = request.change(verb='define', service=service)
        warnings = [warning for warning in report.warnings if _below(warning.path, service) is not None]
        based = replace(request, expected=current.id)
        return await self._changes.make(cluster, lambda _: document, change, based, warnings)


def settings_of(document: Any, service: str) -> Mapping[str, Any]:
    """The settings of a service as they are stored. Raises `NotFound`."""
    for name, settings in services(document):
        if name == service:
            return settings
    raise NotFound(f'There is no service {service!r} in the desired state.')


def spec_of(revision: Revision, service: str) -> Mapping[str, Any]:
    """The settings of a service in a revision. Raises `NotFound`, `StateUnreadable`."""
    return settings_of(revision.document, service)


def _is_name(service: str) -> bool:
    try:
        values.SERVICE_NAME.check(service)
    except Invalid:
        return False
    return True


def _reports(before: Document, after: Document, cluster: str) -> tuple[Report, Report]:
    return check(before, cluster=cluster), check(after, cluster=cluster)


def _below(path: Path, service: str) -> Path | None:
    """The path below a service; None for a path elsewhere."""
    inside = path[:1] == ('services',) and len(path) > 2 and path[2] == service
    return path[3:] if inside else None


def _placed(mistake: Problem, service: str, position: Position | None) -> Problem:
    """A mistake of the service with its path and place in the submitted settings; any other as it is."""
    below = _below(mistake.path, service)
    if below is None:
        return mistake
    line, column = (position(below) if position else None) or (None, None)
    return Problem(below, mistake.message, line, column)
