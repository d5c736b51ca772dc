"""Generator of services that are plausible: right or wrong, in fields and in the pass-through."""

from random import Random
from typing import Any

from stack.stackfile.ecs_model import SET_BY_FIELDS, SHAPES, shapes
from stack.stackfile.entries import Entry, entries
from stack.stackfile.fields import ServiceSettings
from tests.unit.stack.changes.adopt.any_definition import SECRET, any_member
from tests.unit.stack.stackfile.test_json_schema import edges, refusal

_PLAUSIBLE: dict[str, list[Any]] = {
    'ports': [
        ['80:80'],
        ['80:81'],
        [{'container': 80, 'host': 0}],
        [{'range': '5000-5010'}],
        [{'container': 80, 'name': 'http', 'app_protocol': 'http'}],
        ['80:80', '81:81/udp'],
        [{'container': 80, 'app_protocol': 'http'}],
    ],
    'network_mode': ['awsvpc', 'bridge', 'host', 'none', 'default'],
    'launch_type': ['EC2', 'FARGATE', 'EXTERNAL'],
    'network': [
        {'subnets': ['subnet-1']},
        {'subnets': ['subnet-1'], 'public_ip': True},
        {'subnets': []},
        {'subnets': 'public'},
        {'security_groups': ['sg-1']},
    ],
    'capacity_providers': [
        [{'FARGATE': {'weight': 1}}],
        [{'FARGATE_SPOT': {'weight': 1, 'base': 2}}],
        [{'instances': {'weight': 1}}],
        [{'FARGATE': {}}],
        [{'instances': None}],
    ],
    'volumes': [
        ['a:/b:/c'],
        [{'name': 'x'}],
        [{'name': 'x', 'mount': '/y', 'efs': {'file_system': 'fs-1'}}],
        [{'name': 'e', 'mount': '/e', 'ebs': {'size': 10}}],
        [{'name': 'd', 'docker': {'scope': 'shared'}}],
    ],
    'mounts': [['x:/m'], ['nope:/m']],
    'volumes_from': [['side']],
    'links': [['side'], ['side:s']],
    'depends_on': [{'side': 'start'}, {'side': 'healthy'}, {'side': 'complete'}],
    'containers': [
        [{'side': {'image': 'x'}}],
        [{'side': {'image': 'x', 'memory': 64, 'essential': False}}],
        [{'side': {'image': 'x', 'memory': 64, 'healthcheck': {'command': 'true'}}}],
        [{'side': {'image': 'x', 'memory': 4}}],
        [{'a': {'image': 'x', 'memory': 64, 'ports': ['80:80']}}],
    ],
    'logging': [
        {'log_driver': 'awslogs', 'options': {'awslogs-group': 'g'}},
        {'log_driver': 'json-file'},
        {'log_driver': 'awsfirelens'},
        {'log_driver': 'splunk'},
        {'log_driver': 'awslogs', 'options': {'awslogs-group': ''}},
    ],
    'firelens': [{'type': 'fluentbit'}, {'type': 'fluentd', 'options': {'a': 'b'}}],
    'task': [{'cpu': 256, 'memory': 512}, {'cpu': 100}, {'memory': 512}, {'cpu': 1, 'memory': 4}, {}],
    'healthcheck': [
        {'command': 'true'},
        {'command': ['CMD', 'x'], 'interval': 5, 'timeout': 120},
        {'command': 'x', 'retries': 10, 'start_period': 0},
    ],
    'secrets': [{'A': '/x'}, {'A': SECRET}],
    'env_files': [['arn:aws:s3:::b/a.env']],
    'task_execution_role_arn': ['role'],
    'registry_credentials': [SECRET],
    'placement_constraints': [
        [{'type': 'memberOf', 'expression': 'attribute:ecs.os-type == linux'}],
        [{'type': 'memberOf', 'expression': 'nonsense ('}],
        [{'type': 'distinctInstance'}],
        [{'type': 'memberOf', 'expression': ''}],
        [{'type': 'memberOf', 'expression': 'x'}],
    ],
    'placement_strategy': [
        [{'type': 'random'}],
        [{'type': 'spread', 'field': 'instanceId'}],
        [{'type': 'binpack', 'field': 'cpu'}],
        [{'type': 'binpack', 'field': 'nonsense'}],
        [{'type': 'spread', 'field': 'attribute:ecs.availability-zone'}],
    ],
    'deployment_configuration': [
        {'maximum_percent': 150},
        {'maximum_percent': 100, 'minimum_healthy_percent': 0},
        {'minimum_healthy_percent': 100},
        {'maximum_percent': 0},
        {'maximum_percent': 100},
        {'maximum_percent': 200, 'minimum_healthy_percent': 150},
    ],
    'deployment': [
        {'strategy': 'rolling', 'maximum_percent': 150, 'minimum_healthy_percent': 50},
        {'strategy': 'rolling', 'bake_time': '5m'},
        {'strategy': 'rolling', 'canary': {'percent': 5}},
        {'strategy': 'rolling', 'circuit_breaker': {'enable': True, 'rollback': True, 'threshold': 3}},
        {'early_success': {'healthy_percent': 80}, 'minimum_healthy_percent': 50},
        {'early_success': {'healthy_percent': 40}, 'minimum_healthy_percent': 50},
        {'strategy': 'blue_green', 'bake_time': '10m'},
        {'strategy': 'blue_green', 'bake_time': '25h'},
        {'strategy': 'blue_green', 'circuit_breaker': {'enable': True}},
        {'strategy': 'blue_green', 'pause': ['post_test_traffic_shift']},
        {'strategy': 'blue_green', 'pause': ['production_traffic_shift']},
        {'strategy': 'blue_green', 'hooks': [{'type': 'pause', 'stages': ['pre_scale_up'], 'timeout': '15d'}]},
        {'strategy': 'linear', 'linear': {'step_percent': 10, 'step_bake_time': '3m'}},
        {'strategy': 'linear', 'linear': {'step_percent': 2}},
        {'strategy': 'canary', 'canary': {'percent': 5, 'bake_time': '10m'}},
        {'strategy': 'canary', 'linear': {'step_percent': 10}},
        {'alarms': {'names': ['web-5xx'], 'rollback': True}},
        {'alarms': {'names': []}},
    ],
    'deployment_circuit_breaker': [{'enable': True}, {'enable': True, 'rollback': True}],
    'az_rebalancing': [True, False],
    'scheduling_strategy': ['DAEMON', 'REPLICA'],
    'desired_count': [0, 3, 5000, 10000],
    'controller': ['ecs', 'code_deploy', 'external'],
    'grace_period': [0, 10],
    'compatibilities': [['EC2'], ['FARGATE'], [], ['EXTERNAL'], ['EC2', 'FARGATE'], ['MANAGED_INSTANCES']],
    'tags': [
        {'a': 'b'},
        {'a': ''},
        {'nysa:x': 'y'},
        {'a': 'x' * 256},
        {'a': 'x' * 257},
        {f'k{i}': 'v' for i in range(49)},
        {f'k{i}': 'v' for i in range(51)},
    ],
    'task_definition_tags': [{'a': 'x' * 300}, {}],
    'architecture': ['arm64'],
    'operating_system': ['linux', 'windows_server_2019_core'],
    'platform_version': ['LATEST', '1.4.0', 'x'],
    'ephemeral_storage': [21, 200],
    'memory': [4, 5, 6, 64, 1024],
    'memory_reservation': [4, 5, 6, 32, 2000],
    'cpu': [1, 256, 1024],
    'propagate_tags': ['service', 'task_definition'],
    'container_name': ['app', 'side'],
    'essential': [False, True],
    'stop_timeout': [0, 1, 30, 121],
    'start_timeout': [0, 2, 1000],
    'ulimits': [{'nofile': 1024}, {'nofile': {'soft': 2, 'hard': 1}}, {'cpu': {'soft': 1, 'hard': 2}}],
    'sysctls': [{'net.core.somaxconn': 1}],
    'gpus': [0, 1],
    'restart_policy': [{'enabled': True}, {'enabled': True, 'attempt_period': 1}],
    'hostname': ['x'],
    'extra_hosts': [['a:1.2.3.4']],
    'dns': [{'servers': ['10.0.0.2']}],
    'shared_memory': [0, 1, 64],
    'tmpfs': [[{'path': '/x', 'size': 1}]],
    'capabilities': [{'add': ['SYS_PTRACE']}, {'add': ['ALL']}, {'drop': ['ALL']}],
    'init': [True],
    'exec': [True],
}

_ELSEWHERE = ('name', 'image', 'ecs', 'elb', 'dns_discovery', 'type')


def any_service(random: Random) -> dict[str, Any]:
    """A stackfile with one service, `web`."""
    settings: dict[str, Any] = {'image': 'team/app:1'}
    for name in random.sample(sorted(_POOL), random.choice((1, 2, 3, 5, 8))):
        settings[name] = random.choice(_POOL[name])
    if random.random() < 0.3:
        settings['ecs'] = _pass_through(random)
    vpc = {
        'id': 'vpc-1',
        'subnets': {'private': ['subnet-a', 'subnet-b'], 'public': ['subnet-c', 'subnet-d']},
        'security_groups': {'private': ['sg-a'], 'public': ['sg-b']},
    }
    return {**({'vpc': vpc} if random.random() < 0.7 else {}), 'services': [{'web': settings}]}


def _values(entry: Entry) -> list[Any]:
    """Plausible values, and those at the limits of the field's shape."""
    at_limits = [value for value in edges(dict(entry.shape.json)) if refusal(entry, value) is None]
    return [*_PLAUSIBLE.get(entry.name, ()), *at_limits]


_POOL = {
    entry.name: values
    for entry in entries(ServiceSettings)
    if entry.name not in _ELSEWHERE and (values := _values(entry))
}


def _pass_through(random: Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place, shape in SHAPES.items():
        if random.random() < 0.4:
            members = shapes()[shape]['members']
            names = [name for name in members if name not in SET_BY_FIELDS[place]]
            found[place] = {
                name: any_member(shape, name, random) for name in random.sample(names, random.randint(1, 2))
            }
    return found
