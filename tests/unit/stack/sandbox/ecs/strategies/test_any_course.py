"""Invariants of native deployments whatever is done and in whatever order.

Requests always find a healthy task, weights add up, answers fit botocore's model, a restart changes nothing, and all
comes to rest.
"""

import json
import random
from typing import Any

import pytest

from stack.sandbox.ecs import Ecs, ManualClock, Ports
from stack.sandbox.ecs.ports import TargetGroup
from stack.sandbox.ecs.strategies.stages import PRE_SHIFT, SHIFT
from tests.unit.stack.sandbox.ecs.answers import faults
from tests.unit.stack.sandbox.ecs.fleet import ACCOUNT, GROUP, PORTS, REGION, VPC, Alarms, TargetGroups
from tests.unit.stack.sandbox.ecs.strategies.native import blue_green, canary, function, linear, pause
from tests.unit.stack.sandbox.ecs.strategies.test_traffic import OTHER, RULE, TEST, advanced

STAGES = (
    'RECONCILE_SERVICE',
    'PRE_SCALE_UP',
    'POST_SCALE_UP',
    'POST_TEST_TRAFFIC_SHIFT',
    'PRE_PRODUCTION_TRAFFIC_SHIFT',
)
ALARMS = {'alarms': {'alarmNames': ['one', 'two'], 'enable': True}}


class Player:
    """One service behind a load balancer, and a player who does anything to it; its images always work."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.clock = ManualClock(speed=self.random.choice([1.0, 7.3]))
        self.targets, self.alarms = TargetGroups(), Alarms()
        group = TargetGroup('ip', True, interval=10, healthy_threshold=2, unhealthy_threshold=3)
        self.targets.groups = {GROUP: group, OTHER: group}
        self.targets.rules = {RULE: {GROUP: 1, OTHER: 0}, TEST: {OTHER: 1}}
        self.ports = Ports(targets=self.targets, alarms=self.alarms)
        self.ecs = Ecs(self.clock, lambda account, region: self.ports, seed=str(seed))
        self.ask('CreateCluster', clusterName='prod')
        tested = self.random.choice([{}, {'testListenerRule': TEST}])
        self.ask(
            'CreateService',
            cluster='prod',
            serviceName='web',
            taskDefinition=self.define(),
            desiredCount=2,
            launchType='FARGATE',
            networkConfiguration=VPC,
            deploymentConfiguration={'strategy': 'BLUE_GREEN'},
            **advanced(**tested),
        )
        self.wait(600)
        assert self.newest()['status'] == 'SUCCESSFUL'

    def ask(self, operation: str, /, **body: Any) -> dict[str, Any]:
        status, answer = self.ecs.handle(operation, body, REGION, ACCOUNT)
        assert status == 200 or answer['__type'] != 'ServerException', answer
        assert status != 200 or not faults(operation, answer)
        return answer

    def define(self) -> str:
        container = {'name': 'web', 'image': 'acme/web:1', 'portMappings': PORTS}
        sizes = {'cpu': '256', 'memory': '512', 'requiresCompatibilities': ['FARGATE']}
        made = self.ask(
            'RegisterTaskDefinition', family='web', networkMode='awsvpc', containerDefinitions=[container], **sizes
        )
        return made['taskDefinition']['taskDefinitionArn']

    def newest(self) -> dict[str, Any]:
        arn = self.service()['currentServiceDeployment']
        return self.ask('DescribeServiceDeployments', serviceDeploymentArns=[arn])['serviceDeployments'][0]

    def service(self) -> dict[str, Any]:
        return self.ask('DescribeServices', cluster='prod', services=['web'])['services'][0]

    def wait(self, seconds: float | None = None) -> None:
        choices = [0.001, 0.4, 2, 7, 30, 60, 200, 1000]
        self.clock.advance((self.random.choice(choices) if seconds is None else seconds) / self.clock.speed)
        self.ecs.advance()

    def configure(self) -> None:
        pick = self.random.choice
        paused = pause(pick([*STAGES, PRE_SHIFT]), minutes=5, action=pick(['ROLLBACK', 'CONTINUE']))
        hooks = pick([[], [paused], [function(*STAGES, SHIFT)]])
        alarms = pick([{}, {'alarms': {**ALARMS['alarms'], 'rollback': pick([True, True, False])}}])
        strategy = pick([blue_green(bake=2), linear(30, 1), canary(12.5, 2), {'strategy': 'ROLLING'}])
        configuration = {'alarms': {'alarmNames': [], 'enable': False, 'rollback': False}, **strategy, **alarms}
        self.update(deploymentConfiguration={**configuration, 'lifecycleHooks': hooks})

    def update(self, **fields: Any) -> None:
        self.ask('UpdateService', cluster='prod', service='web', **fields)

    def deploy(self) -> None:
        self.update(taskDefinition=self.define())

    def scale(self) -> None:
        self.update(desiredCount=self.random.randrange(1, 5))

    def stop(self) -> None:
        kind = self.random.choice(['ROLLBACK', 'ROLLBACK', 'ABORT'])
        arn = self.service()['currentServiceDeployment']
        self.ask('StopServiceDeployment', serviceDeploymentArn=arn, stopType=kind)

    def answer(self) -> None:
        found = self.newest()
        for hook in found.get('lifecycleHookDetails', []):
            action = self.random.choice(['CONTINUE', 'ROLLBACK'])
            arn = found['serviceDeploymentArn']
            self.ask('ContinueServiceDeployment', serviceDeploymentArn=arn, hookId=hook['hookId'], action=action)

    def alarm(self) -> None:
        self.alarms.on = self.random.choice([set(), set(), {'one'}])

    def restart(self) -> None:
        kept = json.loads(json.dumps(self.ecs.state()))
        self.ecs = Ecs(self.clock, lambda account, region: self.ports)
        self.ecs.restore(kept)
        assert self.ecs.state() == kept

    def play(self, turns: int) -> None:
        acts = [self.configure, self.deploy, self.deploy, self.scale, self.stop, self.answer, self.alarm, self.restart]
        for _ in range(turns):
            self.random.choice(acts)()
            for _ in range(self.random.randrange(1, 4)):
                self.wait()
                self.check()

    def check(self) -> None:
        weights = self.targets.rules[RULE]
        for group, weight in weights.items():
            healthy = [
                state for (arn, _, _), state in self.targets.states.items() if arn == group and state == 'healthy'
            ]
            assert healthy or not weight, (weights, self.newest())
        found = self.newest()
        shares = [found['targetServiceRevision'], *found['sourceServiceRevisions']]
        if 'requestedProductionTrafficWeight' in shares[0]:
            assert round(sum(each['requestedProductionTrafficWeight'] for each in shares), 1) == 100
        tasks = self.ask('ListTasks', cluster='prod', serviceName='web')['taskArns']
        assert len(tasks) <= 3 * 4

    def come_to_rest(self) -> None:
        self.alarms.on = set()
        quiet = {'strategy': 'LINEAR', 'bakeTimeInMinutes': 1, 'lifecycleHooks': []}
        self.update(deploymentConfiguration={**quiet, 'alarms': {'alarmNames': [], 'enable': False, 'rollback': False}})
        self.deploy()
        for _ in range(200):
            self.wait(30)
            self.check()
        service = self.service()
        assert self.newest()['status'] == 'SUCCESSFUL'
        (deployment,) = service['deployments']
        assert (deployment['runningCount'], deployment['rolloutState']) == (service['desiredCount'], 'COMPLETED')
        live = max(self.targets.rules[RULE], key=lambda group: self.targets.rules[RULE][group])
        assert {arn for arn, _, _ in self.targets.states} == {live}
        assert len(self.targets.states) == service['desiredCount']


@pytest.mark.parametrize('seed', range(12))
def test_any_course(seed: int, caplog: pytest.LogCaptureFixture):
    player = Player(seed)
    player.play(25)
    player.come_to_rest()
    assert not [record.getMessage() for record in caplog.records if record.levelname == 'ERROR']
