"""Conversion of ECS's own JSON: task definitions, and the service definition of ecspresso.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
https://github.com/kayac/ecspresso (`ecs-service-def.json` has the members of CreateService)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.changes.adopt.document import write
from stack.changes.conversion.draft import Conversion
from stack.errors import InvalidRequest
from stack.reconcile.names import read_tags
from stack.reconcile.observed import Observed, Service, TaskDefinition
from stack.reconcile.plan import Note
from stack.stackfile.check import check

# The network of a task definition without a service: it stands for one that the author must fill in.
UNKNOWN_NETWORK = {'subnets': ['subnet-00000000'], 'securityGroups': ['sg-00000000'], 'assignPublicIp': 'DISABLED'}

# A note of adoption that does not apply to a file: nothing runs yet.
OF_RUNNING = 'The first deployment would register another task definition'


@dataclass(frozen=True)
class Definition:
    """A task definition, and the service that runs it: the members of CreateService, empty where there is no file."""

    task_definition: Mapping[str, Any]
    service: Mapping[str, Any]
    name: str


def convert(definitions: Sequence[Definition], cluster: str = 'imported', region: str | None = None) -> Conversion:
    """The stackfile of some services."""
    services: dict[str, Service] = {}
    bodies: dict[str, TaskDefinition] = {}
    without_network: list[str] = []
    for number, definition in enumerate(definitions):
        body = dict(definition.task_definition)
        tags = read_tags(body.pop('tags', None))
        arn = f'arn:aws:ecs:{region or "us-east-1"}:000000000000:task-definition/{body["family"]}:{number + 1}'
        body |= {'taskDefinitionArn': arn, 'status': 'ACTIVE', 'revision': number + 1}
        bodies[arn] = TaskDefinition(arn, body['family'], body, tags)
        members = _members(definition, body)
        if members.pop('unknownNetwork', False):
            without_network.append(definition.name)
        services[definition.name] = _service(definition.name, cluster, arn, members)
    written = write(Observed(cluster, services, bodies), region)
    notes = [note for note in written.notes if not note.text.startswith(OF_RUNNING)]
    document = written.document
    if without_network:
        document, more = _without_placeholder(document, without_network)
        notes += more
    missing = tuple('.'.join(map(str, m.path[2:])) + f': {m.message}' for m in check(document).mistakes)
    return Conversion(document, tuple(notes), missing)


def task_definition_of(read: Any) -> dict[str, Any]:
    """The task definition in a file: by itself, or in the answer of DescribeTaskDefinition. Raises `InvalidRequest`."""
    body = read.get('taskDefinition', read) if isinstance(read, Mapping) else None
    containers = body.get('containerDefinitions') if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(containers, list) or not isinstance(body.get('family'), str):
        raise InvalidRequest('This is not a task definition: it has no family or no containerDefinitions.')
    tags = {'tags': read['tags']} if isinstance(read, Mapping) and 'tags' in read else {}
    return {**body, **tags}


def _members(definition: Definition, body: Mapping[str, Any]) -> dict[str, Any]:
    members = dict(definition.service)
    fargate = 'FARGATE' in (body.get('requiresCompatibilities') or ())
    if 'launchType' not in members and 'capacityProviderStrategy' not in members:
        members['launchType'] = 'FARGATE' if fargate else 'EC2'
    if body.get('networkMode') == 'awsvpc' and not members.get('networkConfiguration'):
        members |= {'networkConfiguration': {'awsvpcConfiguration': UNKNOWN_NETWORK}, 'unknownNetwork': True}
    return members


def _service(name: str, cluster: str, task_definition: str, members: Mapping[str, Any]) -> Service:
    return Service.read(
        {
            'desiredCount': 1,
            **members,
            'serviceName': name,
            'serviceArn': f'arn:aws:ecs:us-east-1:000000000000:service/{cluster}/{name}',
            'status': 'ACTIVE',
            'taskDefinition': task_definition,
            'deployments': [{'status': 'PRIMARY', **members}],
        }
    )


def _without_placeholder(document: dict[str, Any], services: Sequence[str]) -> tuple[dict[str, Any], list[Note]]:
    """The document without the network that no file stated."""
    placeholder = set(UNKNOWN_NETWORK['subnets'])
    kept = {key: value for key, value in document.items() if key != 'vpc' or not placeholder & _texts(value)}
    kept['services'] = [
        {
            name: {key: value for key, value in settings.items() if key != 'network' or not placeholder & _texts(value)}
            for name, settings in item.items()
        }
        for item in document['services']
    ]
    text = 'A task definition has no subnets and security groups: add vpc, or network to the service.'
    return kept, [Note(name, text) for name in services]


def _texts(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {text for item in value.values() for text in _texts(item)}
    if isinstance(value, list | tuple):
        return {text for item in value for text in _texts(item)}
    return {value} if isinstance(value, str) else set()
