"""One embedded ECS as a test sees it: boto3 on one side, the clock and the ports on the other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stack.sandbox.ecs import Ecs, ManualClock
from stack.sandbox.ecs.ports import AnyImage, Image, TargetGroup
from stack.sandbox.telemetry.log_lines import LogSource

ACCOUNT, REGION = '123456789012', 'us-east-1'
BREAKER = {'enable': True, 'rollback': True}
GROUP = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1'
PORTS = [{'containerPort': 80}]
REGISTRY = 'arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1'
VPC = {'awsvpcConfiguration': {'subnets': ['subnet-1'], 'securityGroups': ['sg-1']}}


class Repositories:
    """Images that are there, but for those whose reference is in `missing`."""

    def __init__(self):
        self.missing: set[str] = set()
        self._any = AnyImage()

    def find(self, reference: str) -> Image | None:
        return None if reference in self.missing else self._any.find(reference)


class TargetGroups:
    """Target groups by ARN, the state of each target, and the weights of each rule."""

    def __init__(self):
        self.rules: dict[str, dict[str, int]] = {}
        self.groups: dict[str, TargetGroup] = {}
        self.states: dict[tuple[str, str, int], str] = {}
        self.seen: list[str] = []

    def group(self, arn: str) -> TargetGroup | None:
        return self.groups.get(arn)

    def register(self, arn: str, target: str, port: int) -> None:
        self.states[arn, target, port] = 'registered'

    def health(self, arn: str, target: str, port: int, state: str, reason: str) -> None:
        self.states[arn, target, port] = state
        self.seen.append(state)

    def deregister(self, arn: str, target: str, port: int) -> None:
        self.states.pop((arn, target, port), None)

    def leads(self, rule: str, arn: str) -> bool:
        return arn in self.rules.get(rule, {})

    def weigh(self, rule: str, weights: dict[str, int]) -> None:
        self.rules[rule] = weights

    def registered(self, arn: str) -> int:
        return sum(group == arn for group, _, _ in self.states)


class Alarms:
    """CloudWatch alarms; those in `on` are in ALARM."""

    def __init__(self):
        self.on: set[str] = set()

    def triggered(self, names: list[str]) -> list[str]:
        return [name for name in names if name in self.on]


class Roles:
    """Roles that ECS may assume, but for those in `refused`."""

    def __init__(self):
        self.refused: set[str] = set()

    def may_assume(self, role: str, service: str) -> bool:
        return role not in self.refused

    def may_do(self, role: str, action: str) -> bool:
        return True


class Vault:
    def __init__(self):
        self.missing: set[str] = set()

    def exists(self, value_from: str) -> bool:
        return value_from not in self.missing


class LogGroups:
    def __init__(self):
        self.groups = {'/ecs/prod'}
        self.lines: dict[str, list[str]] = {}
        self.sources: dict[str, LogSource] = {}
        self.ended: dict[str, float] = {}

    def has_group(self, group: str) -> bool:
        return group in self.groups

    def write(self, group: str, stream: str, at: float, lines: list[str]) -> None:
        self.lines.setdefault(stream, []).extend(lines)

    def begin(self, group: str, stream: str, source: LogSource) -> None:
        self.sources[stream] = source

    def end(self, group: str, stream: str, at: float) -> None:
        self.ended[stream] = at


class CloudMap:
    def __init__(self):
        self.services = {REGISTRY}
        self.instances: dict[str, dict[str, str]] = {}

    def has(self, arn: str) -> bool:
        return arn in self.services

    def register(self, arn: str, instance: str, attributes: dict[str, str]) -> None:
        self.instances[instance] = attributes

    def deregister(self, arn: str, instance: str) -> None:
        self.instances.pop(instance, None)


@dataclass
class Fleet:
    """The cluster `prod` and shorthand for what tests do to it; `aws` is a boto3 client."""

    aws: Any
    ecs: Ecs
    clock: ManualClock
    images: Repositories
    targets: TargetGroups
    vault: Vault
    logs: LogGroups
    map: CloudMap
    alarms: Alarms
    roles: Roles
    events: list[dict] = field(default_factory=list)

    def machines(self, number: int = 3, **sizes: Any) -> list[str]:
        """Adds EC2 machines to the cluster."""
        ask = self.ecs.register_container_instance
        return [ask('prod', region=REGION, account=ACCOUNT, **sizes) for _ in range(number)]

    def define(self, tag: str = '1', family: str = 'web', mode: str = 'bridge', **container: Any) -> str:
        """Registers a task definition of one container, and returns its ARN."""
        spec = {'name': 'web', 'image': f'acme/web:{tag}', 'memory': 128, **container}
        answer = self.aws.register_task_definition(family=family, networkMode=mode, containerDefinitions=[spec])
        return answer['taskDefinition']['taskDefinitionArn']

    def create(self, name: str = 'web', count: int | None = 2, **fields: Any) -> dict[str, Any]:
        counted = {} if count is None else {'desiredCount': count}
        fields = {'taskDefinition': 'web', **counted, **fields}
        return self.aws.create_service(cluster='prod', serviceName=name, **fields)['service']

    def update(self, name: str = 'web', **fields: Any) -> dict[str, Any]:
        return self.aws.update_service(cluster='prod', service=name, **fields)['service']

    def service(self, name: str = 'web') -> dict[str, Any]:
        return self.aws.describe_services(cluster='prod', services=[name])['services'][0]

    def primary(self, name: str = 'web') -> dict[str, Any]:
        return self.service(name)['deployments'][0]

    def tasks(self, name: str = 'web', status: str = 'RUNNING') -> list[dict[str, Any]]:
        arns = self.aws.list_tasks(cluster='prod', serviceName=name, desiredStatus=status)['taskArns']
        return self.aws.describe_tasks(cluster='prod', tasks=arns)['tasks'] if arns else []

    def events_of(self, name: str = 'web') -> list[str]:
        """The service's events, oldest first, without their prefix `(service NAME) `."""
        prefix = f'(service {name}) '
        return [event['message'].removeprefix(prefix) for event in reversed(self.service(name)['events'])]

    def wait(self, seconds: float = 300) -> None:
        """Turns the clock, and lets all happen that is due by then."""
        self.clock.advance(seconds)
        self.ecs.advance()

    def steady(self, name: str = 'web', **fields: Any) -> dict[str, Any]:
        """Creates a service and waits until it is steady."""
        self.create(name, **fields)
        self.wait()
        service = self.service(name)
        assert stable(service), service
        return service


def balancer(**fields: Any) -> dict[str, Any]:
    """A service's load balancer at port 80 of the container `web`."""
    return {'loadBalancers': [{'targetGroupArn': GROUP, 'containerName': 'web', 'containerPort': 80, **fields}]}


def balanced(fleet: Fleet, mode: str = 'host', **fields: Any) -> dict[str, Any]:
    """A steady service behind a load balancer."""
    kind = 'ip' if mode == 'awsvpc' else 'instance'
    fleet.targets.groups[GROUP] = TargetGroup(kind, True, interval=10, healthy_threshold=2, unhealthy_threshold=3)
    fleet.define(mode=mode, portMappings=PORTS)
    network = {'networkConfiguration': VPC} if mode == 'awsvpc' else {}
    return fleet.steady(**balancer(), **network, **fields)


def refused(call: Callable[..., Any], *args: Any, **fields: Any) -> tuple[str, str]:
    """The code and the message with which ECS refuses a call of boto3's."""
    with pytest.raises(ClientError) as caught:
        call(*args, **fields)
    assert caught.value.response['ResponseMetadata']['HTTPStatusCode'] == 400
    error = caught.value.response['Error']
    return error['Code'], error['Message']


def stable(service: dict[str, Any]) -> bool:
    """What boto3's `services_stable` waiter waits for."""
    return len(service['deployments']) == 1 and service['runningCount'] == service['desiredCount']
