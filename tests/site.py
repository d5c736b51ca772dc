"""A whole site: one stackfile with everything that Nysa makes, and what is found of it in AWS."""

from __future__ import annotations

import re
from typing import Any

from tests.cluster import Cluster

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


def whole() -> dict[str, Any]:
    """What a site is in AWS once it is made, with `C` for the name of the cluster."""
    rules = [[[f'/{service}/*'], f'C-{service}-lb'] for service in BALANCED[::2]]
    rules += [[[f'{service}.C.example.com'], f'C-{service}-lb'] for service in BALANCED[1::2]]
    return {
        'ecs': {
            service: [f'C-{service}:1', 1, [f'C-{service}-lb'], [service] if service in CONNECTED else []]
            for service in (*BALANCED, 'feed')
        },
        'definitions': sorted(f'C-{service}:1' for service in EVERYTHING),
        'balancers': {
            'C-edge-lb': {'443': ['HTTPS', ['fixed-response'], 2, sorted(rules)], '80': ['HTTP', ['redirect'], 0, []]},
            'C-feed-lb': {'9000': ['TCP', ['forward'], 0, []]},
        },
        'groups': sorted(f'C-{service}-lb' for service in (*BALANCED, 'feed')),
        'scaling': {
            f'service/C/{service}': [1, 4, [f'nysa-{policy}'], actions]
            for service, policy, actions in zip(
                SCALED,
                ('cpu', 'memory', 'requests', 'cpu'),
                ([], [], [], ['cron(0 20 * * ? 2199)']),
                strict=True,
            )
        },
        'schedules': {f'nysa-C/{task}': f'cron(0 {hour} * * ? 2199)' for hour, task in enumerate(TASKS, 3)},
        'namespaces': ['C-mesh'],
    }


def removed() -> dict[str, Any]:
    """What is left of a site: a namespace may serve others."""
    return {name: ['C-mesh'] if name == 'namespaces' else type(held)() for name, held in whole().items()}


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
