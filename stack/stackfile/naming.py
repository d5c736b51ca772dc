"""Names of a service's AWS resources."""

from stack.stackfile.elb_fields import Elb


def family(cluster: str, service: str) -> str:
    """The family of the service's task definitions."""
    return f'{cluster}-{service}'


def shared_balancer_name(cluster: str, name: str) -> str:
    """The name of one of `load_balancers`."""
    return f'{cluster}-{name}-lb'


def gate_family(cluster: str, service: str, gate: str) -> str:
    """The family of the task definitions of a task before or after the service's rollout."""
    return f'{family(cluster, service)}-{gate}'


def load_balancer_name(cluster: str, service: str, elb: Elb) -> str:
    """The name of a load balancer of the service's own, and of its target group."""
    own = f'-{elb.name}' if elb.name else ''
    return f'{family(cluster, service)}{own}-lb'
