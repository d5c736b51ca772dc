"""Load balancers of a service: the container behind each, and their names in AWS."""

from stack.stackfile.container_fields import ContainerSettings
from stack.stackfile.elb_fields import Elb
from stack.stackfile.fields import ServiceSettings


def container_of(settings: ServiceSettings, elb: Elb) -> ContainerSettings | None:
    """The container that gets the requests; None where the task has no container of that name."""
    if elb.container in (None, settings.main_container):
        return settings
    return next((sidecar for sidecar in settings.sidecars if sidecar.name == elb.container), None)


def exposed_ports(container: ContainerSettings | None, elb: Elb) -> list[int]:
    """The ports of a container that can get the requests, in ascending order: those for UDP or for TCP."""
    ports = container.ports if container else ()
    protocol = 'udp' if elb.protocol == 'UDP' else 'tcp'
    return sorted({port.container for port in ports if port.protocol == protocol and port.container})


def container_port(settings: ServiceSettings, elb: Elb) -> int | None:
    """The container port that gets the requests; None where it is absent and the container has not exactly one."""
    if elb.ports.container is not None:
        return elb.ports.container
    exposed = exposed_ports(container_of(settings, elb), elb)
    return exposed[0] if len(exposed) == 1 else None
