"""Names of a service's AWS resources."""

from stack.stackfile.fields import ServiceSettings


def family(cluster: str, service: str) -> str:
    """The family of the service's task definitions."""
    return f'{cluster}-{service}'


def load_balancer_name(cluster: str, settings: ServiceSettings) -> str | None:
    """The name of its load balancer and target group; None for a service without one."""
    if settings.elb is None:
        return None
    own = f'-{settings.elb.name}' if settings.elb.name else ''
    return f'{family(cluster, settings.name)}{own}-lb'
