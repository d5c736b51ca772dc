"""Service Connect: the configuration of a service, checked, and with what ECS fills in."""

from stack.sandbox.ecs.errors import EcsError, invalid
from stack.sandbox.ecs.model import Cluster, TaskDefinition, Wire
from stack.sandbox.ecs.world import World

_MEMBER = 'serviceConnectConfiguration'


def connected(spec: Wire, cluster: Cluster) -> Wire:
    """The spec with the namespace of the cluster where none is stated, and with the names of ports as discovery names.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
    """
    connect = spec.get(_MEMBER)
    if not connect or not connect.get('enabled'):
        return spec
    default = (cluster.spec.get('serviceConnectDefaults') or {}).get('namespace')
    services = [{'discoveryName': service['portName'], **service} for service in connect.get('services', [])]
    whole = {
        **({'namespace': default} if default else {}),
        **connect,
        **({'services': services} if services else {}),
    }
    return {**spec, _MEMBER: whole}


def check_connect(world: World, definition: TaskDefinition, connect: Wire) -> None:
    """Raises AWS's error for a configuration that is invalid."""
    if not connect.get('enabled'):
        return
    namespace = connect.get('namespace')
    if namespace is None:
        raise invalid('Namespace can not be blank, since the cluster has no default Service Connect namespace.')
    if not world.ports.registry.has_namespace(namespace):
        raise EcsError('NamespaceNotFoundException', 'The specified namespace was not found.')
    containers = definition.spec['containerDefinitions']
    named = {mapping.get('name') for container in containers for mapping in container.get('portMappings', [])}
    names: set[str] = set()
    for service in connect.get('services', []):
        port, name = service['portName'], service['discoveryName']
        if port not in named:
            raise invalid(f'portName({port}) does not refer to any named PortMapping in the Task Definition.')
        if len(service.get('clientAliases', [])) > 1:
            raise invalid('A Service Connect service can have at most 1 client alias.')
        if name in names:
            raise invalid(f'The discovery name {name} is used by several Service Connect services.')
        names.add(name)
