"""Observed load balancers: typed values of what Elastic Load Balancing describes.

The method `read` of a class parses an item of the response that the class docstring names.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Answer = Mapping[str, Any]
Tags = Mapping[str, str]


_HEALTH = ('HealthyThresholdCount', 'UnhealthyThresholdCount', 'Matcher')


@dataclass(frozen=True)
class Rule:
    """A rule of a listener (DescribeRules) with its tags; `forwards` has the weight of each target group.

    `conditions` as AWS describes them. `plain`: whether it does no more than forward.
    """

    arn: str
    priority: int
    conditions: tuple[Answer, ...] = ()
    forwards: Mapping[str, int] = field(default_factory=dict)
    plain: bool = True
    tags: Tags = field(default_factory=dict)

    @property
    def target_group(self) -> str | None:
        """The target group that gets all requests; None where there is no single one."""
        serving = [arn for arn, weight in self.forwards.items() if weight]
        return serving[0] if len(serving) == 1 else None

    @classmethod
    def read(cls, found: Answer, tags: Tags) -> 'Rule':
        actions = found.get('Actions') or []
        kinds = [action.get('Type') for action in actions]
        config = (actions[-1].get('ForwardConfig') or {}) if actions else {}
        sticky = (config.get('TargetGroupStickinessConfig') or {}).get('Enabled', False)
        return cls(
            arn=found['RuleArn'],
            priority=int(found['Priority']),
            conditions=tuple(found.get('Conditions') or ()),
            forwards={arn: weight for action in actions for arn, weight in _weights(action)},
            plain=kinds == ['forward'] and not sticky and not found.get('Transforms'),
            tags=tags,
        )


@dataclass(frozen=True)
class Listener:
    """A listener (DescribeListeners); `target_group` gets all requests, None where there is no single one.

    `idle`: target groups that it names with weight 0. `action` is the type of its default action, `default` the action
    itself. `rules` without the default one, and `further` certificates, are read where they matter.
    """

    arn: str
    port: int
    protocol: str
    certificates: tuple[str, ...] = ()
    target_group: str | None = None
    idle: frozenset[str] = frozenset()
    action: str = 'forward'
    default: Answer = field(default_factory=dict)
    ssl_policy: str | None = None
    rules: tuple[Rule, ...] = ()
    further: frozenset[str] = frozenset()
    tags: Tags = field(default_factory=dict)

    @property
    def named(self) -> frozenset[str]:
        """The target groups that its default action names."""
        serving = {self.target_group} if self.target_group else set()
        return frozenset(serving | self.idle | dict(_weights(self.default)).keys())

    @property
    def leads_to(self) -> frozenset[str]:
        """The target groups that its default action or one of its rules names."""
        return self.named.union(*(rule.forwards for rule in self.rules))

    @classmethod
    def read(cls, found: Answer) -> 'Listener':
        actions = found.get('DefaultActions') or []
        weights = {arn: weight for action in actions for arn, weight in _weights(action)}
        serving = [arn for arn, weight in weights.items() if weight]
        protocol = found['Protocol']
        encrypted = found.get('Certificates') or () if protocol in ('HTTPS', 'TLS') else ()
        return cls(
            arn=found['ListenerArn'],
            port=found['Port'],
            protocol=protocol,
            certificates=tuple(certificate['CertificateArn'] for certificate in encrypted),
            target_group=serving[0] if len(serving) == 1 else None,
            idle=frozenset(arn for arn, weight in weights.items() if not weight),
            action=actions[-1].get('Type', 'forward') if actions else 'forward',
            default=actions[-1] if actions else {},
            ssl_policy=found.get('SslPolicy') if protocol in ('HTTPS', 'TLS') else None,
        )


def _weights(action: Answer) -> list[tuple[str, int]]:
    """The target groups that an action forwards to, each with its weight."""
    if action.get('Type') != 'forward':
        return []
    groups = (action.get('ForwardConfig') or {}).get('TargetGroups')
    if not groups:
        return [(action['TargetGroupArn'], 1)] if 'TargetGroupArn' in action else []
    return [(group['TargetGroupArn'], group.get('Weight', 1)) for group in groups]


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer (DescribeLoadBalancers) with its tags and listeners; `attributes` of shared ones."""

    arn: str
    name: str
    dns_name: str
    zone: str
    scheme: str
    vpc: str
    type: str
    subnets: frozenset[str] = frozenset()
    security_groups: frozenset[str] = frozenset()
    listeners: tuple[Listener, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)

    @classmethod
    def read(cls, found: Answer, tags: Tags, listeners: tuple[Listener, ...]) -> 'LoadBalancer':
        return cls(
            arn=found['LoadBalancerArn'],
            name=found['LoadBalancerName'],
            dns_name=found['DNSName'],
            zone=found.get('CanonicalHostedZoneId', ''),
            scheme=found.get('Scheme', 'internet-facing'),
            vpc=found.get('VpcId', ''),
            type=found.get('Type', 'application'),
            subnets=frozenset(zone['SubnetId'] for zone in found.get('AvailabilityZones') or ()),
            security_groups=frozenset(found.get('SecurityGroups') or ()),
            listeners=listeners,
            tags=tags,
        )


@dataclass(frozen=True)
class TargetGroup:
    """A target group (DescribeTargetGroups) with its tags; `health` has its health check.

    `attributes` are read where the stackfile states one, or stated one before.
    """

    arn: str
    name: str
    protocol: str
    vpc: str
    target_type: str
    port: int = 80
    health: Answer = field(default_factory=dict)
    load_balancers: tuple[str, ...] = ()
    version: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)

    @classmethod
    def read(cls, found: Answer, tags: Tags, there: Collection[str]) -> 'TargetGroup':
        """`there` are the ARNs of the load balancers that exist."""
        return cls(
            arn=found['TargetGroupArn'],
            name=found['TargetGroupName'],
            protocol=found.get('Protocol', 'HTTP'),
            vpc=found.get('VpcId', ''),
            target_type=found.get('TargetType', 'instance'),
            port=found.get('Port', 80),
            health={name: value for name, value in found.items() if name.startswith('HealthCheck') or name in _HEALTH},
            version=found.get('ProtocolVersion'),
            load_balancers=tuple(arn for arn in found.get('LoadBalancerArns') or () if arn in there),
            tags=tags,
        )
