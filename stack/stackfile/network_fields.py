# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Network fields: VPC, load balancers, service discovery, and the network of tasks."""

from dataclasses import dataclass

from stack.stackfile import values
from stack.stackfile.entries import entry, record
from stack.stackfile.shapes import choice, list_of, switch, text, whole


@dataclass(frozen=True, kw_only=True)
class Subnets:
    public: tuple[str, ...] = entry(list_of(values.AWS_ID), 'Subnets of public load balancers.', default=())
    private: tuple[str, ...] = entry(
        list_of(values.AWS_ID),
        'Subnets of private load balancers, and of tasks with an address of their own.',
        default=(),
    )


@dataclass(frozen=True, kw_only=True)
class SecurityGroups:
    public: tuple[str, ...] = entry(list_of(values.AWS_ID), 'Security groups of public load balancers.', default=())
    private: tuple[str, ...] = entry(
        list_of(values.AWS_ID),
        'Security groups of private load balancers, and of tasks with an address of their own.',
        default=(),
    )


@dataclass(frozen=True, kw_only=True)
class Vpc:
    id: str | None = entry(values.AWS_ID, 'The VPC that the cluster lies in.')
    subnets: Subnets = entry(record(Subnets), 'Where load balancers and tasks are placed.', default=Subnets())
    security_groups: SecurityGroups = entry(
        record(SecurityGroups), 'What load balancers and tasks may be reached from.', default=SecurityGroups()
    )


@dataclass(frozen=True, kw_only=True)
class ServiceDiscovery:
    namespace: str = entry(values.NAMESPACE, 'The private DNS namespace (AWS Cloud Map) of the cluster.', required=True)


@dataclass(frozen=True, kw_only=True)
class TargetHealthcheck:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"""

    protocol: str = entry(choice('HTTP', 'HTTPS'), 'Protocol of the check.', default='HTTP')
    port: int | None = entry(values.PORT, 'Port of the check; the container port when absent.')
    path: str = entry(values.URL_PATH, 'Path of the check.', default='/')
    interval_seconds: int = entry(whole(5, 300), 'Time between two checks.', default=30)
    timeout_seconds: int = entry(whole(2, 120), 'Time after which a check has failed.', default=5)
    healthy_threshold_count: int = entry(whole(2, 10), 'Checks passed in a row that make a target healthy.', default=2)
    unhealthy_threshold_count: int = entry(whole(2, 10), 'Checks failed in a row that make it unhealthy.', default=10)


@dataclass(frozen=True, kw_only=True)
class DiscoveryHealthcheck(TargetHealthcheck):
    FailureThreshold: int = entry(whole(1, 10), 'Taken, and without effect: AWS Cloud Map uses 1.', default=1)


@dataclass(frozen=True, kw_only=True)
class ElbPorts:
    public: int = entry(values.PORT, 'The port that the load balancer listens on.', required=True)
    container: int = entry(values.PORT, 'The container port that it sends requests to; one of `ports`.', required=True)


@dataclass(frozen=True, kw_only=True)
class ElbDns:
    hosted_zone_id: str = entry(values.HOSTED_ZONE, 'The Route 53 hosted zone.', required=True)
    record_name: str = entry(values.DOMAIN, 'The record that points to the load balancer.', required=True)


@dataclass(frozen=True, kw_only=True)
class Elb:
    name: str = entry(
        text(r'[A-Za-z0-9-]+', 'letters, digits and -', at_most=32),
        'Part of the name of the load balancer.',
        default='',
    )
    type: str = entry(
        choice('public', 'private'), 'Who can reach it, which decides subnets and security groups.', required=True
    )
    protocol: str = entry(choice('HTTP', 'HTTPS'), 'Protocol that it listens for.', default='HTTP')
    ports: ElbPorts = entry(record(ElbPorts), 'Its ports.', required=True)
    certificates: tuple[str, ...] = entry(
        list_of(values.CERTIFICATE), 'The certificate: exactly one with HTTPS, none with HTTP.', default=()
    )
    dns: ElbDns | None = entry(record(ElbDns), 'The DNS record that is kept for it.')
    healthcheck: TargetHealthcheck = entry(
        record(TargetHealthcheck), 'How it finds out which tasks can take requests.', default=TargetHealthcheck()
    )


@dataclass(frozen=True, kw_only=True)
class DnsDiscovery:
    name: str = entry(values.DISCOVERY_NAME, 'Name below the namespace; unique within it.', required=True)
    healthcheck: DiscoveryHealthcheck | None = entry(
        record(DiscoveryHealthcheck), 'Taken, and without effect: ECS reports the health of a task itself.'
    )


NETWORKS = ('public', 'private')


@dataclass(frozen=True, kw_only=True)
class TaskNetwork:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html"""

    subnets: tuple[str, ...] | None = entry(
        values.one_or_list(values.AWS_ID, at_most=16),
        'Ids of subnets, or `public` or `private`: those of `vpc.subnets`.',
    )
    security_groups: tuple[str, ...] | None = entry(
        values.one_or_list(values.AWS_ID, at_most=5),
        "Ids of security groups, or `public` or `private`: those of `vpc.security_groups`; none are the VPC's default.",
    )
    public_ip: bool | None = entry(switch(), 'Tasks get a public address, as far as Fargate gives one.')
