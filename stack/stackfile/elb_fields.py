# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Load balancer fields of a service: `elb`, one or several."""

from dataclasses import dataclass

from stack.stackfile import values
from stack.stackfile.entries import entry, record
from stack.stackfile.rule_fields import ElbRule
from stack.stackfile.shapes import choice, list_of, one_or_several, text, whole

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/register-multiple-targetgroups.html
MOST_TARGET_GROUPS = 5


# Their names have to fit into a tag.
MOST_RECORDS = 5

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
MOST_CERTIFICATES = 26
SSL_POLICY = text(
    r'[A-Za-z0-9-]+', 'the name of a security policy', at_most=64, example='ELBSecurityPolicy-TLS13-1-2-2021-06'
)
IDLE_TIMEOUT = whole(1, 4000)

# Protocols of network load balancers.
NETWORK_PROTOCOLS = ('TCP', 'TLS', 'UDP')


@dataclass(frozen=True, kw_only=True)
class TargetHealthcheck:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"""

    protocol: str | None = entry(
        choice('HTTP', 'HTTPS', 'TCP'),
        'Protocol of the check; `HTTP`, and `TCP` where `elb.protocol` is TCP, TLS or UDP.',
    )
    port: int | None = entry(values.PORT, 'Port of the check; the port on which a task gets requests when absent.')
    path: str = entry(values.URL_PATH, 'Path of the check.', default='/')
    interval_seconds: int = entry(whole(5, 300), 'Time between two checks.', default=30)
    timeout_seconds: int = entry(whole(2, 120), 'Time after which a check has failed.', default=5)
    healthy_threshold_count: int = entry(whole(2, 10), 'Checks passed in a row that make a target healthy.', default=2)
    unhealthy_threshold_count: int = entry(whole(2, 10), 'Checks failed in a row that make it unhealthy.', default=10)
    matcher: str | None = entry(
        text(r'[0-9]{1,3}(?:[-,][0-9]{1,3})*', 'status codes, as 200,302 or 200-299', example='200-299'),
        'The answers that pass; `200`, with `protocol_version: GRPC` the gRPC code `12`.',
    )


@dataclass(frozen=True, kw_only=True)
class Stickiness:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/sticky-sessions.html"""

    cookie: str | None = entry(
        text(r'(?!AWSALB)[!#-+\--:<-\[\]-~]+', 'the name of a cookie', at_most=256, example='session'),
        'A cookie of the application, by which clients are recognised; by default one of the load balancer.',
    )
    duration: int = entry(whole(1, 604_800), 'Seconds for which a client stays with a task.', default=86_400)


@dataclass(frozen=True, kw_only=True)
class ElbPorts:
    public: int | None = entry(
        values.PORT, 'The port that the load balancer listens on; of a load balancer of its own only.'
    )
    test: int | None = entry(
        values.PORT,
        'The port on which a load balancer of its own leads to a new revision before it gets all requests; with a '
        '`deployment.strategy` other than `rolling`.',
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

    A load balancer of its own; or one that several services share: with `load_balancer`, or with `listener` or
    `target_group` one that others made.
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
    alternate_target_group: str | None = entry(
        values.TARGET_GROUP,
        'With `target_group`: the one of the other revision, between which and the first ECS shifts traffic.',
    )
    production_rule: str | None = entry(
        values.LISTENER_RULE,
        'With `target_group`: the rule that leads to both; of a network load balancer the listener.',
    )
    test_rule: str | None = entry(
        values.LISTENER_RULE, 'With `target_group`: the rule or listener that leads to the new revision for tests.'
    )
    listener: str | None = entry(
        values.LISTENER, 'A listener that others made: it gets `rules` of this service, and is not changed otherwise.'
    )
    load_balancer: str | None = entry(
        values.BALANCER_NAME, 'The name of one of `load_balancers`, which several services share.'
    )
    port: int | None = entry(
        values.PORT, 'The port of the listener of `load_balancer`; that of its only one that does not redirect.'
    )
    rules: tuple[ElbRule, ...] = entry(
        list_of(record(ElbRule), at_most=20),
        'Which requests of a shared listener go to the service; with `load_balancer`, all of them where it is absent.',
        default=(),
    )
    type: str | None = entry(
        choice('public', 'private'),
        'Who can reach it, which decides subnets and security groups; required of a load balancer of its own.',
    )
    protocol: str = entry(
        choice('HTTP', 'HTTPS', *NETWORK_PROTOCOLS),
        'Protocol that it listens for; with TCP, TLS and UDP it is a network load balancer.',
        default='HTTP',
    )
    ports: ElbPorts = entry(record(ElbPorts), 'Its ports.', default=ElbPorts())
    container: str | None = entry(values.CONTAINER_NAME, 'The container that gets the requests; the main one.')
    certificates: tuple[str, ...] = entry(
        list_of(values.CERTIFICATE, at_most=MOST_CERTIFICATES),
        'Certificates, with HTTPS or TLS: the first is the default, the others are chosen by the host name (SNI).',
        default=(),
    )
    ssl_policy: str | None = entry(
        SSL_POLICY, 'Which TLS versions and ciphers it accepts; `ELBSecurityPolicy-2016-08`.'
    )
    idle_timeout: int | None = entry(IDLE_TIMEOUT, 'Seconds after which a connection without data is closed; 60.')
    dns: tuple[ElbDns, ...] = entry(
        one_or_several(record(ElbDns), MOST_RECORDS),
        'The DNS record that is kept for it, or a list of several.',
        default=(),
    )
    healthcheck: TargetHealthcheck = entry(
        record(TargetHealthcheck), 'How it finds out which tasks can take requests.', default=TargetHealthcheck()
    )

    deregistration_delay: int | None = entry(whole(0, 3600), 'Seconds in which a stopping task ends its requests; 300.')
    stickiness: Stickiness | None = entry(record(Stickiness), 'Requests of a client go to the same task.')
    slow_start: int | None = entry(
        whole(30, 900), 'Seconds in which a new task gets more and more requests; by default it gets its share at once.'
    )
    algorithm: str | None = entry(
        choice('round_robin', 'least_outstanding_requests', 'weighted_random'),
        'How a task is chosen for a request; `round_robin`.',
    )
    protocol_version: str | None = entry(
        choice('HTTP1', 'HTTP2', 'GRPC'), 'The version of HTTP that tasks get; `HTTP1`.'
    )

    @property
    def is_own(self) -> bool:
        """Whether the load balancer is created for this service alone."""
        return not (self.target_group or self.is_routed)

    @property
    def is_network(self) -> bool:
        """Whether it is a network load balancer."""
        return self.protocol in NETWORK_PROTOCOLS

    @property
    def is_routed(self) -> bool:
        """Whether rules of a shared listener lead to the service."""
        return bool(self.listener or self.load_balancer)
