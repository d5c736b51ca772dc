"""What schedulers would do, in short: brings ECS to what is stored, some seconds later."""

import asyncio
import contextlib
import json
from typing import Any

from stack.errors import AwsFailed
from stack.reconcile.wanted import wanted_services
from stack.state.revisions import decode
from tests.simulation.ecs import REGION
from tests.simulation.s3 import Version
from tests.simulation.world import World


class Deployer:
    """Not the product's scheduler: for worlds that are about those who watch."""

    def __init__(self, world: World):
        self.world = world
        self._made: dict[tuple[str, str], str] = {}
        world.s3.wrote.append(self._wrote)

    def _wrote(self, key: str, version: Version) -> None:
        if '/' in key or version.deleted:
            return
        changes = decode(version.metadata)
        if not changes or any(each.announce for each in changes):
            self.world.start(None, self._deploy(key, version))

    async def _deploy(self, cluster: str, version: Version) -> None:
        await asyncio.sleep(0.1 + 3 * self.world.network.draw('deploy', cluster, version.id))
        if self.world.s3.current(cluster) is not version:
            return
        for service, wanted in wanted_services(cluster, json.loads(version.body), REGION).items():
            with contextlib.suppress(AwsFailed):
                self._make(cluster, service, wanted)

    def _make(self, cluster: str, service: str, wanted: Any) -> None:
        definition = json.dumps(wanted.definition, sort_keys=True)
        if self._made.get((cluster, service)) == definition:
            return
        known = (cluster, service) in self._made
        self._made[cluster, service] = definition
        made = self.world.ecs.do('RegisterTaskDefinition', **wanted.definition)
        arn = made['taskDefinition']['taskDefinitionArn']
        if known:
            self.world.ecs.do('UpdateService', cluster=cluster, service=service, taskDefinition=arn)
            return
        self.world.ecs.do(
            'CreateService', cluster=cluster, serviceName=service, taskDefinition=arn, desiredCount=wanted.count
        )
