"""Calls of the embedded ECS from within the process, for one account and region."""

from typing import Any

from stack.sandbox.ecs import Ecs


class LocalEcs:
    """LOCK is held by the callers of its methods, since ECS's ports reach into moto."""

    def __init__(self, ecs: Ecs, account: str, region: str):
        self._ecs = ecs
        self._account = account
        self._region = region

    def ask(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The answer of one call; raises RuntimeError where ECS refuses it."""
        status, answer = self._ecs.handle(operation, parameters, self._region, self._account)
        if status != 200:
            raise RuntimeError(f'{operation}: {answer["message"]}')
        return answer

    def create_cluster(self, name: str, instances: int, insights: str) -> None:
        """Create a cluster with container instances and Container Insights, where there is none."""
        settings = [{'name': 'containerInsights', 'value': insights}]
        answer = self.ask('CreateCluster', {'clusterName': name, 'settings': settings})
        if not answer['cluster']['registeredContainerInstancesCount']:
            for _ in range(instances):
                self._ecs.register_container_instance(name, region=self._region, account=self._account)
