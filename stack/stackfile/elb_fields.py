# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Load balancer fields of a service: `elb`, one or several."""

from dataclasses import dataclass

from stack.stackfile import values
from stack.stackfile.entries import entry, record
from stack.stackfile.shapes import choice, list_of, text, whole

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/register-multiple-targetgroups.html
MOST_TARGET_GROUPS = 5


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
class ElbPorts:
    public: int | None = entry(
        values.PORT, 'The port that the load balancer listens on; of a load balancer of its own only.'
    )
    container: int | None = entry(
        values.PORT, 'The container port that it sends requests to; the TCP port of the container where it has one.'
    )


@dataclass(frozen=True, kw_only=True)
class ElbDns:
    hosted_zone_id: str = entry(values.HOSTED_ZONE, 'The Route 53 hosted zone.', required=True)
    record_name: str = entry(values.DOMAIN, 'The record that points to the load balancer.', required=True)


@dataclass(frozen=True, kw_only=True)
class Elb:
    """One way by which requests reach a service.

    A load balancer of its own, or with `target_group` one that others made.
    """

    name: str = entry(
        text(r'[A-Za-z0-9-]+', 'letters, digits and -', at_most=32),
        'Part of the name of the load balancer.',
        default='',
    )
    target_group: str | None = entry(
        values.TARGET_GROUP,
        'A target group that others made: the service is attached to it, and it is never changed.',
    )
    type: str | None = entry(
        choice('public', 'private'),
        'Who can reach it, which decides subnets and security groups; required of a load balancer of its own.',
    )
    protocol: str = entry(choice('HTTP', 'HTTPS'), 'Protocol that it listens for.', default='HTTP')
    ports: ElbPorts = entry(record(ElbPorts), 'Its ports.', default=ElbPorts())
    container: str | None = entry(values.CONTAINER_NAME, 'The container that gets the requests; the main one.')
    certificates: tuple[str, ...] = entry(
        list_of(values.CERTIFICATE), 'The certificate: exactly one with HTTPS, none with HTTP.', default=()
    )
    dns: ElbDns | None = entry(record(ElbDns), 'The DNS record that is kept for it.')
    healthcheck: TargetHealthcheck = entry(
        record(TargetHealthcheck), 'How it finds out which tasks can take requests.', default=TargetHealthcheck()
    )

    @property
    def is_own(self) -> bool:
        """Whether the load balancer is created for this service alone."""
        return self.target_group is None
