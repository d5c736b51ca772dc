"""A whole site: one stackfile with everything that Nysa makes, and schedulers that may be killed, as processes are."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from stack.aws.ecs_look import EcsLook
from stack.aws.inventory import Inventory
from stack.aws.s3 import Bucket
from stack.errors import NotFound, Unavailable
from stack.scheduler.gate_look import GateLook
from stack.scheduler.lease import Leases
from stack.scheduler.passes import Ask, Ended, Passes
from stack.scheduler.reconciler import Reconciler
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin, Revision
from tests.cluster import READS, Cluster
from tests.places import InOnePlace

ROLE = 'arn:aws:iam::123456789012:role/scheduler'
BALANCED = [f's{n:02}' for n in range(1, 13)]
SCALED, CONNECTED, MIGRATED = BALANCED[:4], BALANCED[4:7], BALANCED[7]
TASKS = ('nightly', 'hourly')
EVERYTHING = (*BALANCED, 'feed', *TASKS)


def site(cluster: Cluster) -> dict[str, Any]:
    """12 services by host and path on one load balancer with a redirect and two certificates, one on a network load
    balancer, autoscaling on four, Service Connect between three, a migration before one, and two scheduled tasks."""
    document = cluster.example()
    for unused in ('logging', 'service_discovery', 'defaults', 'tags'):
        document.pop(unused, None)
    listeners = [
        {'port': 443, 'protocol': 'HTTPS', 'certificates': certificates(cluster)},
        {'port': 80, 'redirect': 'https'},
    ]
    document['load_balancers'] = [{'edge': {'type': 'public', 'listeners': listeners}}]
    document['services'] = [{name: _balanced(cluster, n, name)} for n, name in enumerate(BALANCED)]
    document['services'] += [
        {'feed': {**_served('feed'), 'elb': {'type': 'private', 'protocol': 'TCP', 'ports': {'public': 9000}}}},
        *({name: _task(name, hour)} for hour, name in enumerate(TASKS, 3)),
    ]
    return document


def certificates(cluster: Cluster) -> list[str]:
    """The certificates of the load balancer; the second one is requested when it is asked for first."""
    client, name = cluster.aws.client('acm'), f'www.{cluster.domain}'
    pages = client.get_paginator('list_certificates').paginate()
    known = [
        each['CertificateArn']
        for page in pages
        for each in page['CertificateSummaryList']
        if each['DomainName'] == name
    ]
    return [cluster.certificate, *(known or [client.request_certificate(DomainName=name)['CertificateArn']])]


def _served(name: str) -> dict[str, Any]:
    return {'image': f'team/{name}:1', 'memory': 16, 'ports': [{'container': 80}], 'network_mode': 'bridge'}


def _balanced(cluster: Cluster, n: int, name: str) -> dict[str, Any]:
    by_host, by_path = {'host': [f'{name}.{cluster.domain}']}, {'path': f'/{name}/*'}
    settings = _served(name)
    settings['elb'] = {'load_balancer': 'edge', 'port': 443, 'rules': [by_host if n % 2 else by_path]}
    if name in SCALED:
        settings['autoscaling'] = {'min': 1, 'max': 4, **_followed(n)}
    if name in CONNECTED:
        port = {'container': 80, 'name': 'http', 'app_protocol': 'http'}
        served = {'port': 'http', 'discovery_name': name, 'aliases': [{'port': 80, 'name': name}]}
        connect = {'namespace': f'{cluster.name}-mesh', 'services': [served]}
        settings |= {'ports': [port], 'service_connect': connect}
    if name == MIGRATED:
        settings['pre_deploy'] = [{'migrate': {'command': ['bin/migrate'], 'timeout': 300}}]
    return settings


def _followed(n: int) -> dict[str, Any]:
    """What a service follows. The embedded AWS's load, which depends on the time of day, does not reach it."""
    night = {'cron': '0 20 * * ? 2199', 'timezone': 'Europe/Berlin', 'min': 1}
    return ({'cpu': 110}, {'memory': 110}, {'requests': 10**6}, {'cpu': 120, 'schedules': [night]})[n]


def _task(name: str, hour: int) -> dict[str, Any]:
    schedule = {'cron': f'0 {hour} * * ? 2199', 'timezone': 'Europe/Berlin'}
    return {'image': f'team/{name}:1', 'memory': 16, 'type': 'task', 'scheduler_role': ROLE, 'schedule': schedule}


class Killed(BaseException):
    """Ends a pass as a kill ends a process."""


class Process:
    """One scheduler. Its calls of AWS may fail by `trouble`, and it dies by itself as that decides: see `Trouble`."""

    def __init__(self, stage: Stage, trouble: Callable[[str], Trouble]):
        self._cluster = stage.cluster
        self._trouble = trouble
        self.region = stage.cluster.connection.region
        self.limitations = stage.cluster.connection.limitations
        self.is_dead = False
        # Changing calls are made one after another, so that a kill leaves nothing under way.
        self._changes = asyncio.Lock()
        time, paced, now = stage.cluster.time, stage.cluster.paced, stage.cluster.aws.embedded.clock.now
        reconciler = Reconciler(
            Inventory(paced, now), self._changing, region=paced.region, clock=time.clock, sleep=time.sleep, patience=600
        )
        bucket = Bucket(self, stage.bucket.name)
        gates = GateLook(InOnePlace(EcsLook(paced)), now)
        leases = Leases(bucket, clock=time.clock, sleep=time.sleep)
        self.passes = Passes(RevisionStore(bucket), leases, InOnePlace(reconciler), _not_frozen, gates=gates)

    async def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """A call of S3, which a dead process does not make."""
        if self.is_dead:
            raise asyncio.CancelledError
        return await self._cluster.connection.call(service, operation, **arguments)

    async def _changing(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        if operation.startswith(READS):
            return await self._cluster.paced.call(service, operation, **arguments)
        async with self._changes:
            if self.is_dead:
                raise Killed
            trouble = self._trouble(f'{service}:{operation}')
            trouble.before(self)
            answer = await self._cluster.paced.call(service, operation, **arguments)
            trouble.after(self)
            return answer

    def die(self) -> None:
        self.is_dead = True
        raise Killed

    async def make_pass(self, stage: Stage) -> str:
        """One pass; gives how it ended, `killed` where the process died."""
        state = 'killed'
        try:
            ended: Ended = await self.passes.make(Ask(stage.cluster.name, destroyed=stage.destroyed))
            state = ended.state
        except* (Killed, asyncio.CancelledError):
            pass
        await self._cluster.connection.finished()
        return state


class Trouble:
    """What happens to one changing call: nothing."""

    def before(self, process: Process) -> None:
        """Called before the call is made."""

    def after(self, process: Process) -> None:
        """Called before its answer is given."""


class Dies(Trouble):
    """The process dies instead of the call, or after it: its answer is lost."""

    def __init__(self, is_made: bool):
        self._is_made = is_made

    def before(self, process: Process) -> None:
        if not self._is_made:
            process.die()

    def after(self, process: Process) -> None:
        if self._is_made:
            process.die()


class Fails(Trouble):
    """AWS does not take the call, or takes it and its answer is lost."""

    def __init__(self, name: str, is_made: bool):
        self._failure = Unavailable(f'{name} was not answered.', name, '503')
        self._is_made = is_made

    def before(self, process: Process) -> None:
        if not self._is_made:
            raise self._failure

    def after(self, process: Process) -> None:
        if self._is_made:
            raise self._failure


async def _not_frozen(_: Revision) -> bool:
    return False


def no_trouble(_: str) -> Trouble:
    return Trouble()


def one_in(number: int, seed: int) -> Callable[[str], Trouble]:
    """One of so many changing calls fails, half of these after they took effect."""
    chance = random.Random(seed)
    return lambda name: Fails(name, chance.random() < 0.5) if chance.randrange(number) == 0 else Trouble()


class Stage:
    """A cluster with its desired state in a bucket."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self.bucket = Bucket(cluster.connection, cluster.aws.bucket())
        self.store = RevisionStore(self.bucket)
        self.destroyed: frozenset[str] = frozenset()
        # The tasks of the migration: ECS forgets them an hour after they stopped.
        self.migrations: set[str] = set()

    async def change(self, document: dict[str, Any], *destroyed: str) -> None:
        change = Change(Origin('tester', 'test'), datetime.now(UTC), {'verb': 'replace'}, 'deploy')
        try:
            base = await self.store.read(self.cluster.name)
        except NotFound:
            base = None
        await self.store.write(base, self.cluster.name, serialise(document), [change])
        self.destroyed = frozenset(destroyed)

    async def settle(self, make_pass: Callable[[], Any], most: int = 60) -> int:
        """Make passes until two in a row have nothing left to do; gives their number."""
        complete = 0
        for number in range(1, most):
            state = await make_pass()
            self._see_migrations()
            complete = complete + 1 if state == 'complete' else 0
            if complete == 2:
                return number
            # Beyond the term of a dead holder's lease, and of the waits between steps of a handover.
            self.cluster.wait(65)
        raise AssertionError(f'{most} passes do not settle it')

    def _see_migrations(self) -> None:
        ecs, family = self.cluster.aws.client('ecs'), f'{self.cluster.name}-{MIGRATED}-migrate'
        for status in ('RUNNING', 'STOPPED'):
            listed = ecs.list_tasks(cluster=self.cluster.name, family=family, desiredStatus=status)
            self.migrations |= set(listed['taskArns'])


def found(cluster: Cluster) -> dict[str, Any]:
    """All that there is of a site, without ids and with `C` for the name of its cluster."""
    shown = {
        'ecs': _services(cluster),
        'definitions': _definitions(cluster),
        'balancers': _balancers(cluster),
        'groups': sorted(each['TargetGroupName'] for each in cluster.target_groups()),
        'scaling': _scaling(cluster),
        'schedules': _schedules(cluster),
        'namespaces': _namespaces(cluster),
    }
    return _unnamed(shown, cluster.name)


def _unnamed(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {_unnamed(key, name): _unnamed(each, name) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_unnamed(each, name) for each in value]
    return re.sub(rf'\b{re.escape(name)}\b', 'C', value) if isinstance(value, str) else value


def _services(cluster: Cluster) -> dict[str, Any]:
    ecs = cluster.aws.client('ecs')
    pages = ecs.get_paginator('list_services').paginate(cluster=cluster.name)
    arns = [arn for page in pages for arn in page['serviceArns']]
    shown = {}
    for i in range(0, len(arns), 10):
        for each in ecs.describe_services(cluster=cluster.name, services=arns[i : i + 10])['services']:
            connect = each['deployments'][0].get('serviceConnectConfiguration', {}) if each['deployments'] else {}
            shown[each['serviceName']] = [
                each['taskDefinition'].rpartition('/')[2],
                each['desiredCount'],
                [group['targetGroupArn'].split('/')[1] for group in each['loadBalancers']],
                [served['discoveryName'] for served in connect.get('services', [])],
            ]
    return shown


def _definitions(cluster: Cluster) -> list[str]:
    pages = cluster.aws.client('ecs').get_paginator('list_task_definitions').paginate(status='ACTIVE')
    names = [arn.rpartition('/')[2] for page in pages for arn in page['taskDefinitionArns']]
    return sorted(name for name in names if name.startswith(f'{cluster.name}-'))


def _balancers(cluster: Cluster) -> dict[str, Any]:
    elb = cluster.aws.client('elbv2')
    shown = {}
    for balancer in cluster.load_balancers():
        listeners = elb.describe_listeners(LoadBalancerArn=balancer['LoadBalancerArn'])['Listeners']
        shown[balancer['LoadBalancerName']] = {
            str(each['Port']): [
                each['Protocol'],
                sorted(action['Type'] for action in each['DefaultActions']),
                len(elb.describe_listener_certificates(ListenerArn=each['ListenerArn'])['Certificates']),
                _rules(elb.describe_rules(ListenerArn=each['ListenerArn'])['Rules']),
            ]
            for each in listeners
        }
    return shown


def _rules(rules: list[dict[str, Any]]) -> list[Any]:
    """The conditions and the target group of each rule, but for its priority: those are unique, and chosen once."""
    shown = []
    for rule in rules:
        for condition in () if rule['IsDefault'] else rule['Conditions']:
            config = condition.get('HostHeaderConfig') or condition.get('PathPatternConfig')
            shown.append([config['Values'], rule['Actions'][-1]['TargetGroupArn'].split('/')[1]])
    return sorted(shown)


def _scaling(cluster: Cluster) -> dict[str, Any]:
    client = cluster.aws.client('application-autoscaling')
    shown = {}
    for target in cluster.scalable_targets():
        where = {key: target[key] for key in ('ServiceNamespace', 'ResourceId', 'ScalableDimension')}
        policies = client.describe_scaling_policies(**where)['ScalingPolicies']
        actions = client.describe_scheduled_actions(**where)['ScheduledActions']
        shown[target['ResourceId']] = [
            target['MinCapacity'],
            target['MaxCapacity'],
            sorted(each['PolicyName'] for each in policies),
            sorted(each['Schedule'] for each in actions),
        ]
    return shown


def _schedules(cluster: Cluster) -> dict[str, str]:
    client = cluster.aws.client('scheduler')
    groups = client.list_schedule_groups(NamePrefix=f'nysa-{cluster.name}')['ScheduleGroups']
    listed = [
        (group['Name'], each['Name'])
        for group in groups
        for each in client.list_schedules(GroupName=group['Name'])['Schedules']
    ]
    return {
        f'{group}/{name}': client.get_schedule(GroupName=group, Name=name)['ScheduleExpression']
        for group, name in listed
    }


def _namespaces(cluster: Cluster) -> list[str]:
    pages = cluster.aws.client('servicediscovery').get_paginator('list_namespaces').paginate()
    names = [each['Name'] for page in pages for each in page['Namespaces']]
    return sorted(name for name in names if name == f'{cluster.name}-mesh')
