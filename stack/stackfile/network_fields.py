# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Network fields: VPC, service discovery, and the network of tasks."""

from dataclasses import dataclass

from stack.stackfile import values
from stack.stackfile.elb_fields import TargetHealthcheck
from stack.stackfile.entries import entry, record
from stack.stackfile.shapes import list_of, switch, whole


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
class DiscoveryHealthcheck(TargetHealthcheck):
    FailureThreshold: int = entry(whole(1, 10), 'Taken, and without effect: AWS Cloud Map uses 1.', default=1)


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
