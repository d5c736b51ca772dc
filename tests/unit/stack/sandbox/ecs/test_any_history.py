"""What holds whatever is done and in whatever order: nothing leaks, nothing is counted twice, all comes to rest."""

import json
import random
from typing import Any

import pytest

from stack.sandbox.ecs import Ecs, ManualClock, Ports
from stack.sandbox.ecs.model import Cluster
from stack.sandbox.ecs.placement import needs
from stack.sandbox.ecs.ports import TargetGroup
from tests.unit.stack.sandbox.ecs.fleet import ACCOUNT, BREAKER, REGION, CloudMap, TargetGroups

GROUP = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1'
TAGS = ('1', '2', '3-slow', '4-broken', '5-unhealthy', '6-oom', '7-flaky', '8-port-in-use', '9-spot')
NAMES = ('a', 'b', 'c')


class History:
    """One embedded ECS, and a player who does anything that ECS may be asked to do."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.clock = ManualClock(speed=self.random.choice([1.0, 7.3, 100.0]))
        self.targets, self.map = TargetGroups(), CloudMap()
        self.targets.groups[GROUP] = TargetGroup(interval=5)
        ports = Ports(targets=self.targets, registry=self.map)
        self.ecs = Ecs(self.clock, lambda account, region: ports, seed=str(seed))
        self.ask('CreateCluster', clusterName='prod')
        self.machine()

    def ask(self, action: str, **body: Any) -> dict[str, Any]:
        """A refusal is an answer like any other here; anything else that goes wrong is raised."""
        return self.ecs.handle(action, body, REGION, ACCOUNT)[1]

    def machine(self) -> None:
        self.ecs.register_container_instance('prod', region=REGION, account=ACCOUNT, memory=600)

    def define(self, tag: str) -> str:
        ports = [{'containerPort': 80}]
        container = {'name': 'web', 'image': f'acme/web:{tag}', 'memory': 100, 'portMappings': ports}
        if self.random.random() < 0.5:
            container['healthCheck'] = {'command': ['CMD', 'true'], 'interval': 5}
        mode = self.random.choice(['host', 'bridge'])
        made = self.ask('RegisterTaskDefinition', family='web', networkMode=mode, containerDefinitions=[container])
        return made['taskDefinition']['taskDefinitionArn']

    def create(self) -> None:
        service: dict[str, Any] = {'cluster': 'prod', 'serviceName': self.random.choice(NAMES)}
        if self.random.random() < 0.5:
            service['loadBalancers'] = [{'targetGroupArn': GROUP, 'containerName': 'web', 'containerPort': 80}]
        if self.random.random() < 0.2:
            service['schedulingStrategy'] = 'DAEMON'
        else:
            service['desiredCount'] = self.random.randrange(4)
        breaker = {'deploymentCircuitBreaker': BREAKER} if self.random.random() < 0.5 else {}
        percents = self.random.choice([{}, {'minimumHealthyPercent': 0, 'maximumPercent': 100}])
        self.ask(
            'CreateService',
            **service,
            taskDefinition=self.define(self.random.choice(TAGS)),
            deploymentConfiguration={**breaker, **percents},
        )

    def update(self) -> None:
        changes = self.random.choice(
            [
                {'taskDefinition': self.define(self.random.choice(TAGS))},
                {'desiredCount': self.random.randrange(5)},
                {'forceNewDeployment': True},
                {'loadBalancers': [], 'forceNewDeployment': True},
            ]
        )
        self.ask('UpdateService', cluster='prod', service=self.random.choice(NAMES), **changes)

    def delete(self) -> None:
        self.ask('DeleteService', cluster='prod', service=self.random.choice(NAMES), force=True)

    def run(self) -> None:
        self.ask('RunTask', cluster='prod', taskDefinition='web', count=2)

    def stop(self) -> None:
        for task in self.ask('ListTasks', cluster='prod')['taskArns'][:1]:
            self.ask('StopTask', cluster='prod', task=task)

    def lose(self) -> None:
        for machine in self.ask('ListContainerInstances', cluster='prod')['containerInstanceArns'][:1]:
            self.ask('DeregisterContainerInstance', cluster='prod', containerInstance=machine, force=True)

    def wait(self, seconds: float | None = None) -> None:
        self.clock.advance(self.random.choice([0.001, 0.7, 3, 20, 400]) if seconds is None else seconds)
        self.ecs.advance()

    def play(self, turns: int) -> None:
        acts = [self.create, self.update, self.update, self.delete, self.run, self.stop, self.machine, self.lose]
        for _ in range(turns):
            self.random.choice(acts)()
            self.wait()
            self.check()

    def check(self) -> None:
        (world,) = self.ecs._worlds.values()
        cluster = world.region.clusters['prod']
        for instance in cluster.instances.values():
            there = [t for t in cluster.tasks.values() if t.instance == instance.id and t.status != 'STOPPED']
            wanted = [needs(world.definition(task.definition)) for task in there]
            assert instance.used_memory == sum(each.memory for each in wanted) <= instance.memory
            ports = [port for each in wanted for port in each.ports]
            assert sorted(instance.ports) == sorted(ports)
        self._check_traffic(cluster)
        for service in cluster.services.values():
            assert all(task.status != 'STOPPED' for task in world.tasks_of(service))
            assert service.status != 'ACTIVE' or service.deployments

    def _check_traffic(self, cluster: Cluster) -> None:
        taking = [t for t in cluster.tasks.values() if t.status in ('ACTIVATING', 'RUNNING', 'DEACTIVATING')]
        balanced = [task for task in taking if task.spec.get('loadBalancers')]
        assert len(self.targets.states) == len(balanced)


@pytest.mark.parametrize('seed', range(25))
def test_any_history(seed: int):
    history = History(seed)
    history.play(40)

    kept = json.loads(json.dumps(history.ecs.state()))
    other = History(seed)
    other.ecs.restore(kept)
    assert other.ecs.state() == kept

    for name in NAMES:
        history.ask('DeleteService', cluster='prod', service=name, force=True)
    history.wait(8000)
    history.check()
    assert history.ask('ListTasks', cluster='prod', desiredStatus='STOPPED')['taskArns'] == []
    assert history.ask('ListTasks', cluster='prod')['taskArns'] == []
    found = history.ask('DescribeServices', cluster='prod', services=list(NAMES))
    assert found['services'] == []
    assert not history.targets.states
