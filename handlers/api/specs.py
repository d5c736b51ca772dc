"""The settings of one service: the document to read, replace and patch, and its effective configuration."""

from handlers.api.body import mapping
from handlers.api.operation import operation
from handlers.api.parameters import CHANGE, CONDITIONAL_READ, GUARDED
from handlers.api.yaml_answers import reply_yaml, wants_yaml
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.service_specs import spec_of
from stack.rollouts.service_configuration import service_configuration


class Spec(ApiHandler):
    @operation(Role.VIEWER, answer='ServiceSpec', parameters=CONDITIONAL_READ, refusals=(404,))
    async def get(self, cluster: str, service: str) -> None:
        """Read the stored settings of a service; as YAML with `Accept: application/yaml`.

        Values that look like secrets are masked for viewers.
        """
        revision = await self.context.states.read(cluster)
        settings = spec_of(revision, service)
        self.set_header('Vary', 'Accept')
        if self.not_modified(revision.id):
            return
        if wants_yaml(self.request.headers):
            reply_yaml(self, settings, revision=revision.id)
        else:
            self.reply(self.visible(settings), revision=revision.id)

    @operation(
        Role.ADMIN,
        status=202,
        body='ServiceSpec',
        answer='Accepted',
        parameters=CHANGE,
        refusals=(400, 404, *GUARDED, 413, 415, 422),
    )
    async def put(self, cluster: str, service: str) -> None:
        """Create a service or replace all its settings."""
        document = self.body.document()
        settings = mapping(document)
        request = self.change_request()
        await self.reply_outcome(await self.context.specs.put(cluster, service, settings, request, document.position))

    @operation(
        Role.ADMIN,
        status=202,
        body='ServiceSpecPatch',
        answer='Accepted',
        parameters=CHANGE,
        refusals=(400, 404, *GUARDED, 413, 415, 422),
    )
    async def patch(self, cluster: str, service: str) -> None:
        """Merge a JSON merge patch (RFC 7396) into the settings of a service: null removes a setting."""
        patch = mapping(self.body.document())
        await self.reply_outcome(await self.context.specs.patch(cluster, service, patch, self.change_request()))


class Configuration(ApiHandler):
    @operation(Role.VIEWER, answer='Configuration', refusals=(404,))
    async def get(self, cluster: str, service: str) -> None:
        """Read the effective settings of a service, each with its origin, and the addresses of the service.

        Values that look like secrets are masked for viewers.
        """
        state = await self.context.live.at(await self.context.states.read(cluster))
        self.reply(await service_configuration(state, service, self.context.balancers_of))
