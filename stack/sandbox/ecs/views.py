"""Responses of ECS in AWS's shapes; absent values are left out."""

from typing import Any

from stack.sandbox.ecs import containers
from stack.sandbox.ecs.model import Container, Task, TaskDefinition, Wire
from stack.sandbox.ecs.placement import needs
from stack.sandbox.ecs.world import World


def given(**fields: Any) -> Wire:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def tag_list(tags: dict[str, str]) -> list[Wire]:
    return [{'key': key, 'value': value} for key, value in tags.items()]


def definition_arn(world: World, definition: TaskDefinition) -> str:
    return world.arn('task-definition', f'{definition.family}:{definition.revision}')


def definition_view(world: World, definition: TaskDefinition) -> Wire:
    return given(
        taskDefinitionArn=definition_arn(world, definition),
        family=definition.family,
        revision=definition.revision,
        status=definition.status,
        registeredAt=definition.registered_at,
        deregisteredAt=definition.deregistered_at,
        registeredBy=f'arn:aws:iam::{world.region.account}:root',
        **definition.spec,
    )


def task_arn(world: World, task: Task) -> str:
    return world.arn('task', task.cluster, task.id)


def task_view(world: World, task: Task) -> Wire:
    """A task as DescribeTasks and `ECS Task State Change` have it, without its tags."""
    definition = world.definition(task.definition)
    wanted = needs(definition)
    fargate = task.launch_type == 'FARGATE'
    instance = world.arn('container-instance', task.cluster, task.instance) if task.instance else None
    return given(
        taskArn=task_arn(world, task),
        clusterArn=world.arn('cluster', task.cluster),
        taskDefinitionArn=task.definition,
        containerInstanceArn=instance,
        group=task.group,
        startedBy=task.started_by or None,
        launchType=task.launch_type,
        platformVersion='1.4.0' if fargate else None,
        platformFamily='Linux' if fargate else None,
        capacityProviderName=task.spec.get('capacityProviderName'),
        lastStatus=task.status,
        desiredStatus=task.desired,
        healthStatus=containers.health(world, task),
        connectivity='CONNECTED' if task.status not in ('PROVISIONING', 'STOPPED') else None,
        availabilityZone=task.zone,
        cpu=str(wanted.cpu),
        memory=str(wanted.memory),
        attachments=_attachments(task),
        attributes=[{'name': 'ecs.cpu-architecture', 'value': 'x86_64'}],
        containers=[_container(world, task, container) for container in task.containers],
        overrides={'containerOverrides': [], 'inferenceAcceleratorOverrides': [], **task.spec.get('overrides', {})},
        enableExecuteCommand=task.spec.get('enableExecuteCommand', False),
        createdAt=task.created_at,
        stopCode=task.stop_code,
        stoppedReason=task.stopped_reason,
        version=task.version,
        **task.times,
    )


def _container(world: World, task: Task, container: Container) -> Wire:
    interfaces = [{'attachmentId': task.eni, 'privateIpv4Address': task.address}] if task.eni else []
    return given(
        containerArn=world.arn('container', task.cluster, task.id, container.runtime_id[:32]),
        taskArn=task_arn(world, task),
        name=container.name,
        image=container.image,
        imageDigest=container.digest,
        runtimeId=container.runtime_id if container.status != 'PENDING' else None,
        lastStatus=container.status,
        exitCode=container.exit_code,
        reason=container.reason,
        healthStatus=container.health,
        networkBindings=container.bindings,
        networkInterfaces=interfaces,
    )


def _attachments(task: Task) -> list[Wire]:
    if task.eni is None:
        return []
    network = task.spec.get('networkConfiguration', {}).get('awsvpcConfiguration', {})
    status = {'PROVISIONING': 'PRECREATED', 'STOPPED': 'DELETED'}.get(task.status, 'ATTACHED')
    details = [('networkInterfaceId', f'eni-{task.eni[:17]}'), ('privateIPv4Address', task.address or '')]
    if network.get('subnets'):
        details.insert(0, ('subnetId', network['subnets'][0]))
    return [
        {
            'id': task.eni,
            'type': 'ElasticNetworkInterface',
            'status': status,
            'details': [{'name': name, 'value': value} for name, value in details],
        }
    ]
