"""The desired state of a cluster as a whole."""

import json
from dataclasses import replace

from handlers.api.operation import PLANNED_WITHIN_S, operation
from handlers.api.parameters import CHANGE, CONDITIONAL_READ, GUARDED, PRUNE
from handlers.api.yaml_answers import reply_yaml, wants_yaml
from handlers.base import ApiHandler
from stack.access.access import Role


class Config(ApiHandler):
    @operation(Role.VIEWER, answer='DesiredState', parameters=CONDITIONAL_READ, refusals=(404,))
    async def get(self, cluster: str) -> None:
        """Read the desired state byte for byte as stored; as YAML with `Accept: application/yaml`.

        Values that look like secrets are masked for viewers.
        """
        revision = await self.context.states.read(cluster)
        self.set_header('Vary', 'Accept')
        if self.not_modified(revision.id):
            return
        stored = revision.document  # refuses what is not JSON
        if wants_yaml(self.request.headers):
            reply_yaml(self, stored, revision=revision.id)
        else:
            document = self.visible(stored)
            self.set_header('ETag', f'"{revision.id}"')
            self.set_header('Content-Type', 'application/json; charset=UTF-8')
            self.finish(revision.content if document is stored else json.dumps(document))

    @operation(
        Role.ADMIN,
        status=202,
        body='Stackfile',
        answer='Accepted',
        parameters=(*CHANGE, *PRUNE),
        refusals=(400, 404, *GUARDED, 413, 415),
    )
    async def put(self, cluster: str) -> None:
        """Replace the desired state. A service that is absent from it keeps running unmanaged; `prune` removes it."""
        document = await self.body.stackfile()
        request = self.change_request()
        prune = self.query.flag('prune', default=False)
        await self.reply_outcome(
            await self.context.states.replace(cluster, document.data, request, document.position, prune=prune)
        )


class Deploy(ApiHandler):
    @operation(Role.DEPLOYER, status=202, answer='Accepted', parameters=CHANGE, refusals=(404, *GUARDED))
    async def post(self, cluster: str) -> None:
        """Deploy the stored desired state again."""
        await self.reply_outcome(await self.context.states.deploy(cluster, self.change_request()))


class Plan(ApiHandler):
    @operation(
        Role.VIEWER,
        body='Stackfile',
        answer='Plan',
        parameters=PRUNE,
        refusals=(400, 404, 412, 413, 415),
        seconds=PLANNED_WITHIN_S,
    )
    async def post(self, cluster: str) -> None:
        """Plan another desired state: its effect on each service, by field. Nothing is stored or sent."""
        document = await self.body.stackfile()
        request = replace(self.change_request(), dry_run=True)
        prune = self.query.flag('prune', default=False)
        await self.reply_outcome(
            await self.context.states.replace(cluster, document.data, request, document.position, prune=prune)
        )
