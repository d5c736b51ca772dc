"""The services of a cluster: all of them, one, and the tags of its image."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from handlers.api.body import only_known
from handlers.api.operation import Parameter, operation
from handlers.api.parameters import CHANGE, CONDITIONAL_READ, GUARDED
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.change_request import Accepted
from stack.changes.image_sources import with_sources
from stack.changes.tags import image_in_ecr, tags_of_service
from stack.errors import AccessDenied, InvalidRequest
from stack.failures.service_report import service_report
from stack.rollouts.cluster_state import ClusterState, document_of
from stack.rollouts.cluster_view import with_deployed
from stack.runs.history import schedule_json
from stack.runs.schedules import schedule_of
from stack.stackfile.editing import Edit
from stack.state.revisions import Revision
from stack.state.service_rows import service_rows

CHANGEABLE = {'image_tag': 'text', 'desired_count': 'a whole number from 0', 'deploy': 'true or false'}
OF_SEVERAL = {'image_tag': 'text', 'desired_count': 'a whole number from 0', 'restart': 'true or false'}


TAG_LIST = (
    Parameter('limit', 'The number of tags, from 1 to 1000. Default: 10.', kind='integer'),
    Parameter('source', 'true adds the commit and author of the images, from their OCI labels.', kind='boolean'),
)


class Services(ApiHandler):
    @operation(Role.VIEWER, answer='Services', parameters=CONDITIONAL_READ, refusals=(404,))
    async def get(self, cluster: str) -> None:
        """List the services in the order of the desired state, each with its deployed state."""
        revision = await self.context.states.read(cluster)
        if not self.not_modified(revision.id):
            state = await self.context.live.at(revision)
            body = self.context.answers.get(state, (revision.id, self.is_masked), lambda: self.rows(revision, state))
            self.send(body, revision.id)

    def rows(self, revision: Revision, state: ClusterState) -> bytes:
        rows = with_deployed(service_rows(revision.document), state)
        return self.encoded({'content': rows, 'unmanaged': state.unmanaged()})

    @operation(
        Role.DEPLOYER,
        status=202,
        body='ServicesChange',
        answer='Accepted',
        parameters=CHANGE,
        refusals=(400, 404, *GUARDED, 413, 415, 422),
    )
    async def patch(self, cluster: str) -> None:
        """Change several services in one revision, all or none: tags, counts, restarts.

        null instead of changes removes a service, which requires the role admin.
        """
        given = self.body.fields({'services': 'changes by service'})
        request = self.change_request()
        edits = several(given.get('services'), request.moment, self.caller.role)
        await self.reply_outcome(await self.context.states.change_services(cluster, edits, request))


class Service(ApiHandler):
    @operation(Role.VIEWER, answer='Service', refusals=(404,))
    async def get(self, cluster: str, service: str) -> None:
        """Read one service: desired and deployed state, tasks, and why the last tasks stopped."""
        revision = await self.context.states.read(cluster)
        state = await self.context.live.at(revision)
        asked = self.context.looks, self.context.recorder, self.context.task_logs
        report = await service_report(state, service, *asked)
        schedule = schedule_of(document_of(revision), service)
        shown = None
        if schedule:
            history = await self.context.runs.read(cluster, service)
            shown = schedule_json(history, schedule, datetime.now(UTC))
        self.reply({**report, 'schedule': shown})

    @operation(
        Role.DEPLOYER,
        status=202,
        body='ServiceChange',
        answer='Accepted',
        parameters=CHANGE,
        refusals=(400, 404, *GUARDED, 413, 415),
    )
    async def put(self, cluster: str, service: str) -> None:
        """Change the image tag, the desired count, or both."""
        given = self.body.fields(CHANGEABLE)
        not_null(given, CHANGEABLE)
        deploy = given.pop('deploy', True)
        if not isinstance(deploy, bool):
            raise InvalidRequest('deploy must be true or false.', [{'path': 'deploy', 'message': 'true or false'}])
        request = self.change_request()
        request = replace(request, deploy=request.deploy and deploy)
        outcome = await self.context.states.change_service(cluster, service, request, given)
        if request.deploy or not isinstance(outcome, Accepted):
            await self.reply_outcome(outcome)
        else:
            self.reply({'revision': outcome.revision.id}, revision=outcome.revision.id)

    @operation(Role.ADMIN, status=202, answer='Accepted', parameters=CHANGE, refusals=(404, *GUARDED))
    async def delete(self, cluster: str, service: str) -> None:
        """Remove a service from the desired state and delete it in ECS."""
        await self.reply_outcome(await self.context.states.remove_service(cluster, service, self.change_request()))


class Restart(ApiHandler):
    @operation(Role.DEPLOYER, status=202, answer='Accepted', parameters=CHANGE, refusals=(404, *GUARDED, 413))
    async def post(self, cluster: str, service: str) -> None:
        """Restart a service: a rollout that replaces all tasks and pulls the image again."""
        await self.reply_outcome(await self.context.states.restart_service(cluster, service, self.change_request()))


class Tags(ApiHandler):
    @operation(
        Role.VIEWER,
        answer='Tags',
        parameters=TAG_LIST,
        refusals=(404, 422),
    )
    async def get(self, cluster: str, service: str) -> None:
        """List the tags of the service's image in ECR, newest first."""
        limit = self.query.number('limit', 10, 1, 1000)
        revision = await self.context.states.read(cluster)
        held = await self.context.freezing.quarantined(revision, service)
        tags = await tags_of_service(revision, service, self.context.tagged_images, held)
        content: Sequence[Any] = tags[:limit]
        if self.query.flag('source', default=False):
            image, _ = image_in_ecr(revision, service)
            content = await with_sources(content, image, self.context.labels_of)
        self.reply({'content': content})


def several(given: Any, at: datetime, role: Role) -> dict[str, Edit | None]:
    """The edit of each service, None for its removal; `at` is the time of a restart.

    Raises `InvalidRequest`, and `AccessDenied` for a removal by a caller whose role is not admin.
    """
    if not isinstance(given, dict) or not given:
        raise InvalidRequest(
            'services must name services.', [{'path': 'services', 'message': 'changes by service, at least one'}]
        )
    edits = {
        name: None if changes is None else _edit(f'services.{name}', changes, at) for name, changes in given.items()
    }
    if None in edits.values() and role < Role.ADMIN:
        raise AccessDenied('Removing a service requires the role admin.')
    return edits


def _edit(where: str, changes: Any, at: datetime) -> Edit:
    if not isinstance(changes, dict) or not changes:
        allowed = f'an object with some of {", ".join(OF_SEVERAL)}; or null'
        raise InvalidRequest(f'{where} must be {allowed}.', [{'path': where, 'message': allowed}])
    only_known(changes, OF_SEVERAL)
    not_null(changes, OF_SEVERAL)
    restart = changes.get('restart', False)
    if not isinstance(restart, bool):
        raise InvalidRequest(
            f'{where}.restart must be true or false.', [{'path': f'{where}.restart', 'message': 'true or false'}]
        )
    return Edit(changes.get('image_tag'), changes.get('desired_count'), at if restart else None)


def not_null(given: Mapping[str, Any], allowed: Mapping[str, str]) -> None:
    """Raise `InvalidRequest` that names each key with a null value."""
    empty = [key for key, value in given.items() if value is None]
    if empty:
        details = [{'path': key, 'message': f'must be {allowed[key]}'} for key in empty]
        raise InvalidRequest(f'{" and ".join(empty)} must not be null.', details)
