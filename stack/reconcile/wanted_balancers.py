"""The desired load balancers of one service in AWS's terms."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile.names import dns_name
from stack.stackfile.balancing import container_port
from stack.stackfile.elb_fields import Elb
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.naming import load_balancer_name
from stack.stackfile.network_fields import Vpc

Terms = Mapping[str, Any]


@dataclass(frozen=True)
class Balancer:
    """A load balancer with one listener and one target group; `record` is the alias's hosted zone and name.

    `health` has the members of ModifyTargetGroup. Without security groups, AWS uses the VPC's default one. `container`
    is None for the main container. `key` is unique among those of a service; the first has an empty one.
    """

    name: str
    scheme: str
    vpc: str
    subnets: frozenset[str]
    security_groups: frozenset[str]
    port: int
    protocol: str
    certificate: str | None
    target_type: str
    container_port: int
    health: Terms
    record: tuple[str, str] | None = None
    container: str | None = None
    key: str = ''


@dataclass(frozen=True)
class OthersGroup:
    """A target group that others made, by its ARN; `container` is None for the main container."""

    arn: str
    target_type: str
    container_port: int
    container: str | None = None


@dataclass(frozen=True)
class Balancers:
    """All that `elb` of one service declares."""

    own: tuple[Balancer, ...] = ()
    others: tuple[OthersGroup, ...] = ()


def wanted_balancers(cluster: str, settings: ServiceSettings, vpc: Vpc) -> Balancers:
    return Balancers(tuple(_own(cluster, settings, vpc)), tuple(_others(settings)))


def _own(cluster: str, settings: ServiceSettings, vpc: Vpc) -> Iterator[Balancer]:
    for i, elb in enumerate(elb for elb in settings.elb if elb.is_own):
        port = container_port(settings, elb)
        if elb.type is None or elb.ports.public is None or port is None:
            continue  # a mistake: `stack.reconcile.wanted.faults` has it
        public = elb.type == 'public'
        yield Balancer(
            name=load_balancer_name(cluster, settings.name, elb),
            scheme='internet-facing' if public else 'internal',
            vpc=vpc.id or '',
            subnets=frozenset(vpc.subnets.public if public else vpc.subnets.private),
            security_groups=frozenset(vpc.security_groups.public if public else vpc.security_groups.private),
            port=elb.ports.public,
            protocol=elb.protocol,
            certificate=elb.certificates[0] if elb.certificates else None,
            target_type=target_type(settings),
            container_port=port,
            health=_health(elb, port),
            record=_record(elb),
            container=elb.container,
            key=str(i + 1) if i else '',
        )


def _others(settings: ServiceSettings) -> Iterator[OthersGroup]:
    for elb in settings.elb:
        port = container_port(settings, elb)
        if elb.target_group and port is not None:
            yield OthersGroup(elb.target_group, target_type(settings), port, elb.container)


def target_type(settings: ServiceSettings) -> str:
    """The type of the targets that ECS registers: addresses of tasks, or instances."""
    return 'ip' if settings.task_network == 'awsvpc' else 'instance'


def _record(elb: Elb) -> tuple[str, str] | None:
    return (elb.dns.hosted_zone_id.removeprefix('/hostedzone/'), dns_name(elb.dns.record_name)) if elb.dns else None


def _health(elb: Elb, port: int) -> Terms:
    check = elb.healthcheck
    return {
        'HealthCheckProtocol': check.protocol,
        'HealthCheckPort': str(check.port or port),
        'HealthCheckPath': check.path,
        'HealthCheckIntervalSeconds': check.interval_seconds,
        'HealthCheckTimeoutSeconds': check.timeout_seconds,
        'HealthyThresholdCount': check.healthy_threshold_count,
        'UnhealthyThresholdCount': check.unhealthy_threshold_count,
    }
