"""An observed state that matches a desired state, made without AWS: what planner tests start from."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from stack.reconcile import names
from stack.reconcile.balancer_settings import IDLE_TIMEOUT, USUAL_POLICY
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed, Service, TaskDefinition
from stack.reconcile.observed_balancers import Listener, LoadBalancer, TargetGroup
from stack.reconcile.observed_names import Namespace, Record, Registry
from stack.reconcile.schedules import schedule_marks
from stack.reconcile.tasks import run_mark
from stack.reconcile.wanted import Wanted, wanted_services
from stack.reconcile.wanted_balancers import Balancer

CLUSTER = 'staging'
REVISION = 'r1'


def example() -> dict[str, Any]:
    """A desired state with a service of each kind: load balancer, discovery, worker, daemon, task."""
    return {
        'vpc': {
            'id': 'vpc-1',
            'subnets': {'public': ['subnet-a', 'subnet-b'], 'private': ['subnet-c', 'subnet-d']},
            'security_groups': {'public': ['sg-a'], 'private': ['sg-b']},
        },
        'logging': {'log_driver': 'awslogs', 'options': {'awslogs-group': '/ecs/staging'}},
        'service_discovery': {'namespace': 'example.sd'},
        'defaults': {'memory': 930, 'environment': [{'SERVER_PORT': 80}]},
        'services': [
            {
                'web': {
                    'image': 'registry/web:1',
                    'ports': ['8080:8080', '9090:9090'],
                    'environment': [{'SERVER_PORT': 8080}],
                    'desired_count': 2,
                    'elb': {
                        'type': 'public',
                        'protocol': 'HTTPS',
                        'ports': {'public': 443, 'container': 8080},
                        'certificates': ['arn:aws:acm:us-east-1:123456789012:certificate/one'],
                        'dns': {'hosted_zone_id': 'Z1', 'record_name': 'staging.example.com'},
                        'healthcheck': {'protocol': 'HTTP', 'port': 8080, 'path': '/health'},
                    },
                }
            },
            {'users': {'image': 'registry/users:1', 'ports': ['80:80'], 'dns_discovery': {'name': 'user.staging'}}},
            {'mailer': {'image': 'registry/mailer:1'}},
            {'agent': {'image': 'registry/agent:1', 'scheduling_strategy': 'DAEMON'}},
            {'migrate': {'image': 'registry/migrate:1', 'type': 'task'}},
        ],
    }


def service_in(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item[name] for item in document['services'] if name in item)


def settled(document: Mapping[str, Any], cluster: str = CLUSTER, revision: str = REVISION) -> Observed:
    """What AWS holds once the document has been reconciled."""
    observed = Observed(cluster, container_instances=2, cluster_arn=f'arn:aws:ecs:us-east-1:1:cluster/{cluster}')
    for wanted in wanted_services(cluster, document).values():
        observed = _with(observed, wanted, Owner(cluster, wanted.service), revision)
    return observed


def _with(observed: Observed, wanted: Wanted, owner: Owner, revision: str) -> Observed:
    definition = _definition(wanted, owner, revision)
    observed = replace(
        observed,
        newest={**observed.newest, definition.family: definition},
        log_groups=observed.log_groups
        | ({(wanted.log_group.region, wanted.log_group.name)} if wanted.log_group else set()),
    )
    if wanted.schedule:
        return _with_schedule(observed, wanted, definition)
    if wanted.runs_once:
        return observed
    load_balancers, registries = [], []
    for balancer in wanted.balancers.own:
        observed, group = _with_balancer(observed, balancer, owner)
        port = balancer.container_port
        load_balancers += [{'targetGroupArn': group, 'containerName': wanted.service, 'containerPort': port}]
    if wanted.registry:
        observed, arn = _with_registry(observed, wanted, owner)
        registries = [{'registryArn': arn}]
    service = Service(
        name=wanted.service,
        arn=f'arn:aws:ecs:us-east-1:1:service/{owner.cluster}/{wanted.service}',
        status='ACTIVE',
        task_definition=definition.arn,
        desired_count=3 if wanted.scheduling_strategy == 'DAEMON' else wanted.count,
        running_count=3 if wanted.scheduling_strategy == 'DAEMON' else wanted.count,
        launch_type=wanted.launch_type,
        scheduling_strategy=wanted.scheduling_strategy,
        members={
            **wanted.members,
            **({'loadBalancers': load_balancers} if load_balancers else {}),
            **({'serviceRegistries': registries} if registries else {}),
        },
        load_balancers=tuple(load_balancers),
        registries=tuple(registries),
        tags={**wanted.tags, **owner.tags},
    )
    return replace(
        observed,
        services={**observed.services, service.name: service},
        definitions={**observed.definitions, definition.arn: definition},
    )


def _definition(wanted: Wanted, owner: Owner, revision: str) -> TaskDefinition:
    arn = f'arn:aws:ecs:us-east-1:1:task-definition/{wanted.family}:7'
    body = {key: value for key, value in wanted.definition.items() if key != 'tags'}
    body |= {'taskDefinitionArn': arn, 'revision': 7, 'status': 'ACTIVE', 'compatibilities': ['EC2']}
    tags = owner.tags | ({names.RAN_TAG: run_mark(revision)} if wanted.runs_once else {}) | schedule_marks(wanted)
    return TaskDefinition(arn, wanted.family, body, tags)


def _with_schedule(observed: Observed, wanted: Wanted, definition: TaskDefinition) -> Observed:
    """The schedule as GetSchedule returns it: with AWS's own members, and lists in an order of its own."""
    schedule = wanted.schedule
    target = schedule.terms['Target']
    run = {**target['EcsParameters'], 'TaskDefinitionArn': definition.arn}
    run['Tags'] = list(reversed(run['Tags']))
    seen = {
        **schedule.terms,
        'Arn': f'arn:aws:scheduler:us-east-1:1:schedule/{schedule.place}',
        'ActionAfterCompletion': 'NONE',
        'CreationDate': datetime(2030, 1, 1, tzinfo=UTC),
        'Target': {**target, 'Arn': observed.cluster_arn, 'EcsParameters': run},
    }
    for member in {'StartDate', 'EndDate'} & seen.keys():
        seen[member] = datetime.fromisoformat(seen[member]).astimezone(ZoneInfo('Asia/Tokyo'))
    listed = observed.schedule_groups.get(schedule.group, frozenset()) | {schedule.name}
    return replace(
        observed,
        schedules={**observed.schedules, schedule.place: seen},
        schedule_groups={**observed.schedule_groups, schedule.group: listed} if schedule.is_own else {},
    )


def _with_balancer(observed: Observed, balancer: Balancer, owner: Owner) -> tuple[Observed, str]:
    arn, group = f'arn:lb/{balancer.name}', f'arn:tg/{balancer.name}'
    certificates = (balancer.certificate,) if balancer.certificate else ()
    tags = dict(owner.tags)
    stated = balancer.stated
    if stated.names:
        tags[names.SET_TAG] = ' '.join(sorted(stated.names))
    records = ()
    if balancer.records:
        tags[names.RECORD_TAG] = names.records_tag(balancer.records)
        alias = {'HostedZoneId': 'ZELB', 'DNSName': f'dualstack.{balancer.name}.elb.amazonaws.com.'}
        records = tuple(
            Record.read(zone, {'Name': f'{name}.', 'Type': 'A', 'AliasTarget': alias})
            for zone, name in balancer.records
        )
    listener = Listener(
        f'{arn}/listener',
        balancer.port,
        balancer.protocol,
        certificates,
        group,
        ssl_policy=stated.ssl_policy or USUAL_POLICY,
        further=frozenset(stated.further),
    )
    there = LoadBalancer(
        arn=arn,
        name=balancer.name,
        dns_name=f'{balancer.name}.elb.amazonaws.com',
        zone='ZELB',
        scheme=balancer.scheme,
        vpc=balancer.vpc,
        type='application',
        subnets=balancer.subnets,
        security_groups=balancer.security_groups,
        listeners=(listener,),
        attributes={IDLE_TIMEOUT: str(stated.idle_timeout)} if stated.idle_timeout else {},
        tags=tags,
    )
    target_group = TargetGroup(
        arn=group,
        name=balancer.name,
        protocol='HTTP',
        vpc=balancer.vpc,
        target_type=balancer.target_type,
        health={'HealthCheckEnabled': True, **balancer.health},
        load_balancers=(arn,),
        tags=owner.tags,
    )
    return replace(
        observed,
        load_balancers=(*observed.load_balancers, there),
        target_groups=(*observed.target_groups, target_group),
        records=(*observed.records, *records),
    ), group


def _with_registry(observed: Observed, wanted: Wanted, owner: Owner) -> tuple[Observed, str]:
    arn = f'arn:aws:servicediscovery:us-east-1:1:service/srv-{wanted.service}'
    namespace = Namespace('ns-1', 'arn:ns-1', wanted.registry.namespace)
    registry = Registry(f'srv-{wanted.service}', arn, wanted.registry.name, 'ns-1', tags=owner.tags)
    return replace(observed, namespaces=(namespace,), registries=(*observed.registries, registry)), arn
