"""The desired load balancers of one service in AWS's terms."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.reconcile.balancer_settings import BalancerSettings
from stack.reconcile.conditions import wanted_conditions
from stack.reconcile.group_attributes import GroupSettings
from stack.reconcile.names import dns_name
from stack.reconcile.rule_places import WantedRule
from stack.stackfile.balancing import container_of, container_port
from stack.stackfile.elb_fields import Elb
from stack.stackfile.fields import ServiceSettings, Stackfile
from stack.stackfile.naming import load_balancer_name, shared_balancer_name
from stack.stackfile.network_fields import Vpc
from stack.stackfile.rule_fields import ElbRule

Terms = Mapping[str, Any]

# The rule of a service on a shared load balancer that declares none.
ALL_REQUESTS = ElbRule(path=('/*',))


# The value of HealthCheckPort for the port on which a target gets requests.
TRAFFIC_PORT = 'traffic-port'


def target_protocol(protocol: str) -> str:
    """The protocol of a target group for that of a listener. Encryption ends at the load balancer."""
    return {'TCP': 'TCP', 'TLS': 'TCP', 'UDP': 'UDP'}.get(protocol, 'HTTP')


@dataclass(frozen=True, slots=True)
class Shift:
    """Traffic that ECS shifts between two target groups, with the role `role`.

    Nysa creates the other target group and wires both; for target groups of others, the ARNs are stated.
    """

    role: str
    alternate: str = ''
    production_rule: str = ''
    test_rule: str = ''


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer with one listener and one target group; `records` has the hosted zone and name of each alias.

    `health` has the members of ModifyTargetGroup, `check_ports` the equal values of its HealthCheckPort. Without
    security groups, AWS uses the VPC's default one. `container` is None for the main container. `key` is unique among
    those of a service; the first has an empty one. `stated` has what is left as it is where it is absent. `test_port`
    is that of a listener for tests, which ECS leads to a new revision first.
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
    records: tuple[tuple[str, str], ...] = ()
    container: str | None = None
    key: str = ''
    settings: GroupSettings = field(default_factory=GroupSettings)
    check_ports: frozenset[str] = frozenset()
    stated: BalancerSettings = field(default_factory=BalancerSettings)
    kind: str = 'application'
    target_protocol: str = 'HTTP'
    shift: Shift | None = None
    test_port: int | None = None


@dataclass(frozen=True, slots=True)
class Routed:
    """A target group to which rules of a shared listener lead; `name` is that of the target group.

    `listener` is the ARN of one that others made; otherwise it is the one of the load balancer `balancer` on `port`.
    `vpc` is empty until the listener is known.
    """

    name: str
    target_type: str
    container_port: int
    health: Terms
    rules: tuple[WantedRule, ...]
    listener: str = ''
    balancer: str = ''
    port: int = 0
    records: tuple[tuple[str, str], ...] = ()
    container: str | None = None
    key: str = ''
    vpc: str = ''
    settings: GroupSettings = field(default_factory=GroupSettings)
    check_ports: frozenset[str] = frozenset()
    target_protocol: str = 'HTTP'
    shift: Shift | None = None


@dataclass(frozen=True, slots=True)
class OthersGroup:
    """A target group that others made, by its ARN; `container` is None for the main container."""

    arn: str
    target_type: str
    container_port: int
    container: str | None = None
    shift: Shift | None = None


@dataclass(frozen=True, slots=True)
class Balancers:
    """All that `elb` of one service declares."""

    own: tuple[Balancer, ...] = ()
    routed: tuple[Routed, ...] = ()
    others: tuple[OthersGroup, ...] = ()

    @property
    def is_reached(self) -> bool:
        """Whether requests reach the service through a target group."""
        return bool(self.own or self.routed or self.others)

    @property
    def states_attributes(self) -> bool:
        """Whether an attribute of a target group is stated."""
        return any([own.settings.attributes for own in self.own] + [one.settings.attributes for one in self.routed])

    @property
    def states_settings(self) -> bool:
        """Whether a setting of a load balancer of its own is stated."""
        return any(own.stated.names for own in self.own)

    @property
    def records(self) -> list[tuple[str, str]]:
        """Hosted zone and name of every record."""
        own = [record for each in self.own for record in each.records]
        return own + [record for each in self.routed for record in each.records]


NONE = Balancers()


def key_at(place: int) -> str:
    """The key of a value of `elb`, by its place in the list."""
    return str(place + 1) if place else ''


def wanted_balancers(cluster: str, settings: ServiceSettings, top: Stackfile) -> Balancers:
    if not settings.elb:
        return NONE
    vpc = top.vpc or Vpc()
    return Balancers(
        tuple(_own(cluster, settings, vpc)), tuple(_routed(cluster, settings, top)), tuple(_others(settings))
    )


def _own(cluster: str, settings: ServiceSettings, vpc: Vpc) -> Iterator[Balancer]:
    for i, elb in enumerate(settings.elb):
        if not elb.is_own:
            continue
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
            health=_health(elb),
            check_ports=_check_ports(settings, elb, port),
            stated=BalancerSettings.of(elb),
            records=_records(elb),
            container=elb.container,
            key=key_at(i),
            settings=GroupSettings.of(elb),
            kind='network' if elb.is_network else 'application',
            target_protocol=target_protocol(elb.protocol),
            shift=_shift(settings),
            test_port=elb.ports.test if _shift(settings) else None,
        )


def _routed(cluster: str, settings: ServiceSettings, top: Stackfile) -> Iterator[Routed]:
    shared = {balancer.name: balancer for balancer in top.load_balancers}
    for i, elb in enumerate(settings.elb):
        container, balancer = container_port(settings, elb), shared.get(elb.load_balancer or '')
        listener = balancer.listener(elb.port) if balancer else None
        if not elb.is_routed or container is None or (elb.load_balancer and listener is None):
            continue  # no load balancer, or a mistake
        yield Routed(
            name=load_balancer_name(cluster, settings.name, elb),
            target_type=target_type(settings),
            container_port=container,
            health=_health(elb),
            check_ports=_check_ports(settings, elb, container),
            rules=tuple(WantedRule(wanted_conditions(rule), rule.priority) for rule in elb.rules or (ALL_REQUESTS,)),
            listener=elb.listener or '',
            balancer=shared_balancer_name(cluster, balancer.name) if balancer else '',
            port=listener.port if listener else 0,
            records=_records(elb),
            container=elb.container,
            key=key_at(i),
            settings=GroupSettings.of(elb),
            shift=_shift(settings),
        )


def _others(settings: ServiceSettings) -> Iterator[OthersGroup]:
    for elb in settings.elb:
        port = container_port(settings, elb)
        if elb.target_group and port is not None:
            shift = _stated_shift(settings, elb)
            yield OthersGroup(elb.target_group, target_type(settings), port, elb.container, shift)


def _shift(settings: ServiceSettings) -> Shift | None:
    """Whether ECS shifts the traffic of the service; not without a role, which is a mistake."""
    role = settings.deployment.role_arn
    return Shift(role) if role and not settings.deployment.is_rolling else None


def _stated_shift(settings: ServiceSettings, elb: Elb) -> Shift | None:
    shift = _shift(settings)
    if not (shift and elb.alternate_target_group and elb.production_rule):
        return None
    return Shift(shift.role, elb.alternate_target_group, elb.production_rule, elb.test_rule or '')


def target_type(settings: ServiceSettings) -> str:
    """The type of the targets that ECS registers: addresses of tasks, or instances."""
    return 'ip' if settings.task_network == 'awsvpc' else 'instance'


def _records(elb: Elb) -> tuple[tuple[str, str], ...]:
    return tuple((dns.hosted_zone_id.removeprefix('/hostedzone/'), dns_name(dns.record_name)) for dns in elb.dns)


def _check_ports(settings: ServiceSettings, elb: Elb, port: int) -> frozenset[str]:
    """The values of HealthCheckPort that check the same port as the wanted one.

    `traffic-port` is the port of a target, which need not be the container's in network mode `bridge`.
    """
    container = container_of(settings, elb)
    mapped = {known.host for known in container.ports if known.container == port} if container else set()
    same = settings.task_network in ('awsvpc', 'host') or mapped == {port}
    of_targets = {TRAFFIC_PORT, str(port)} if same else {TRAFFIC_PORT}
    stated = str(elb.healthcheck.port or TRAFFIC_PORT)
    return frozenset(of_targets if stated in of_targets else {stated})


def _health(elb: Elb) -> Terms:
    check = elb.healthcheck
    protocol = check.protocol or ('TCP' if elb.is_network else 'HTTP')
    return {
        'HealthCheckProtocol': protocol,
        'HealthCheckPort': str(check.port or TRAFFIC_PORT),
        **({'HealthCheckPath': check.path} if protocol != 'TCP' else {}),
        'HealthCheckIntervalSeconds': check.interval_seconds,
        'HealthCheckTimeoutSeconds': check.timeout_seconds,
        'HealthyThresholdCount': check.healthy_threshold_count,
        'UnhealthyThresholdCount': check.unhealthy_threshold_count,
    }
