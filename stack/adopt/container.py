"""What a task definition says, in the words of a stackfile."""

from collections.abc import Mapping
from typing import Any

from stack.stackfile.entries import entries
from stack.stackfile.fields import Healthcheck

Answer = Mapping[str, Any]


def main_container(service: str, body: Answer, attached: frozenset[str]) -> Answer | None:
    """The container that the service is about: the one behind the load balancer, or of the service's name, or the first
    that is essential.
    """
    containers = body.get('containerDefinitions') or ()
    ranked = sorted(
        containers,
        key=lambda each: (
            each.get('name') not in attached,
            each.get('name') != service,
            not each.get('essential', True),
        ),
    )
    return ranked[0] if ranked else None


def container_settings(body: Answer, container: Answer, launch_type: str, region: str | None) -> dict[str, Any]:
    """The settings that come from the task definition, those that it does not have as None or empty."""
    return {
        'image': container.get('image'),
        'memory': _memory(body, container, launch_type),
        'cpu': _whole(body.get('cpu')) if launch_type == 'FARGATE' else container.get('cpu') or None,
        'gpus': _gpus(container),
        'ports': [_port(each) for each in container.get('portMappings') or () if each.get('containerPort')],
        'environment': _pairs(container.get('environment'), 'value'),
        'secrets': _pairs(container.get('secrets'), 'valueFrom'),
        'command': list(container.get('command') or ()),
        'entrypoint': list(container.get('entryPoint') or ()),
        'volumes': _volumes(body, container),
        'privileged': bool(container.get('privileged')),
        'logging': _logging(container.get('logConfiguration'), region),
        'healthcheck': _healthcheck(container.get('healthCheck')),
        'task_role_arn': body.get('taskRoleArn'),
        'task_execution_role_arn': body.get('executionRoleArn'),
    }


def _memory(body: Answer, container: Answer, launch_type: str) -> int | None:
    """On Fargate that of the task; on instances the container's hard limit, or else the nearest thing to it."""
    task = _whole(body.get('memory'))
    if launch_type == 'FARGATE':
        return task
    return container.get('memory') or container.get('memoryReservation') or task


def _whole(text: Any) -> int | None:
    """ECS takes sizes as text, and answers with their digits."""
    return int(text) if isinstance(text, str) and text.isdecimal() else None


def _gpus(container: Answer) -> int | None:
    found = [each for each in container.get('resourceRequirements') or () if each.get('type') == 'GPU']
    return _whole(found[0].get('value')) if found else None


def _port(mapping: Answer) -> str:
    """The port of the instance is always the container's own: see `ServiceSettings.network_mode`."""
    port, protocol = mapping['containerPort'], mapping.get('protocol') or 'tcp'
    return f'{port}:{port}' + (f'/{protocol}' if protocol != 'tcp' else '')


def _pairs(listed: Any, value: str) -> list[dict[str, str]]:
    """Of a name that is there twice ECS uses the last; one without a value is empty."""
    named = {each['name']: each.get(value) or '' for each in listed or () if each.get('name')}
    return [{name: held} for name, held in named.items()]


def _volumes(body: Answer, container: Answer) -> list[str]:
    sources = {each.get('name'): (each.get('host') or {}).get('sourcePath') for each in body.get('volumes') or ()}
    return [
        f'{each["sourceVolume"]}:{sources[each["sourceVolume"]]}:{each.get("containerPath", "")}'
        + (':ro' if each.get('readOnly') else '')
        for each in container.get('mountPoints') or ()
        if sources.get(each.get('sourceVolume'))
    ]


def _logging(configuration: Answer | None, region: str | None) -> dict[str, Any] | None:
    """The region is left out where it is the cluster's own."""
    if not configuration:
        return None
    driver = configuration.get('logDriver')
    own = ('awslogs-region', region) if driver == 'awslogs' else None
    options = {name: value for name, value in (configuration.get('options') or {}).items() if (name, value) != own}
    return {'log_driver': driver, **({'options': options} if options else {})}


def _healthcheck(check: Answer | None) -> dict[str, Any] | None:
    if not check:
        return None
    command = list(check.get('command') or ())
    said = {each.name: check.get(target.key) for each in entries(Healthcheck) for target in each.ecs}
    kept = {
        each.name: said[each.name]
        for each in entries(Healthcheck)
        if each.name != 'command' and said[each.name] not in (None, each.default)
    }
    shell = len(command) == 2 and command[0] == 'CMD-SHELL'
    return {'command': command[1] if shell else command, **kept}
