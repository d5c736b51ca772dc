"""Elastic Load Balancing as a strict model in memory: what AWS refuses is refused, and a request gets an answer.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Operations.html
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stack.errors import AwsFailed
from stack.sandbox.ecs.ports import TargetGroup
from stack.sandbox.elb.matching import ClientRequest, meets
from stack.sandbox.moto_elbv2 import forwards

Wire = dict[str, Any]

ARN = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:'
POLICY = 'ELBSecurityPolicy-2016-08'
# Protocol of a listener → protocols of target groups that it can forward to.
PROTOCOLS = {
    'HTTP': ('HTTP',),
    'HTTPS': ('HTTP',),
    'TCP': ('TCP',),
    'TLS': ('TCP',),
    'UDP': ('UDP',),
}
ENCRYPTED = ('HTTPS', 'TLS')


@dataclass
class ModelElb:
    """The service `elbv2`. All parts are in AWS's shapes, by ARN; `tags`, `attributes`, `further` certificates too.

    `states` has the health of the targets of a target group. It is the port `Targets` of the embedded ECS as well.
    """

    balancers: dict[str, Wire] = field(default_factory=dict)
    groups: dict[str, Wire] = field(default_factory=dict)
    listeners: dict[str, Wire] = field(default_factory=dict)
    rules: dict[str, Wire] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    further: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: int = 0

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Wire:
        """Make a call. Raises `AwsFailed`."""
        method = getattr(self, f'_{operation}', None)
        if method is None:
            raise refused('InvalidAction', operation)
        answer: Wire = method(**copy.deepcopy(dict(arguments))) or {}
        return copy.deepcopy(answer)

    def touched(self, arn: str) -> Wire:
        """Everything about one part, to compare."""
        known = (self.balancers, self.groups, self.listeners, self.rules, self.tags, self.attributes, self.further)
        return copy.deepcopy({number: some[arn] for number, some in enumerate(known) if arn in some})

    # Load balancers

    def _CreateLoadBalancer(
        self,
        Name: str,
        Subnets: Sequence[str],
        Type: str = 'application',
        Scheme: str = 'internet-facing',
        SecurityGroups: Sequence[str] = ('sg-default',),
        Tags: Sequence[Wire] = (),
    ) -> Wire:
        if len(Name) > 32 or any(each['LoadBalancerName'] == Name for each in self.balancers.values()):
            raise refused('DuplicateLoadBalancerName', Name)
        arn = f'{ARN}loadbalancer/{"app" if Type == "application" else "net"}/{Name}/{self._number()}'
        made = self.balancers[arn] = {
            'LoadBalancerArn': arn,
            'LoadBalancerName': Name,
            'DNSName': f'{Name}-{self.numbers}.us-east-1.elb.amazonaws.com',
            'CanonicalHostedZoneId': 'ZELB',
            'Scheme': Scheme,
            'VpcId': 'vpc-1',
            'Type': Type,
            'AvailabilityZones': [{'SubnetId': subnet} for subnet in Subnets],
            'SecurityGroups': list(SecurityGroups),
        }
        self._tag(arn, Tags)
        self.attributes[arn] = {'idle_timeout.timeout_seconds': '60'}
        return {'LoadBalancers': [made]}

    def _DeleteLoadBalancer(self, LoadBalancerArn: str) -> None:
        for listener in self._listeners_of(LoadBalancerArn):
            self._DeleteListener(listener['ListenerArn'])
        self.balancers.pop(LoadBalancerArn, None)
        self._forget(LoadBalancerArn)

    def _DescribeLoadBalancers(self) -> Wire:
        return {'LoadBalancers': list(self.balancers.values())}

    def _DescribeLoadBalancerAttributes(self, LoadBalancerArn: str) -> Wire:
        return self._attributes(self.balancers, LoadBalancerArn)

    def _ModifyLoadBalancerAttributes(self, LoadBalancerArn: str, Attributes: Sequence[Wire]) -> None:
        self._set_attributes(self.balancers, LoadBalancerArn, Attributes)

    # Target groups

    def _CreateTargetGroup(self, Name: str, Tags: Sequence[Wire] = (), **described: Any) -> Wire:
        if len(Name) > 32 or any(each['TargetGroupName'] == Name for each in self.groups.values()):
            raise refused('DuplicateTargetGroupName', Name)
        arn = f'{ARN}targetgroup/{Name}/{self._number()}'
        version = {} if described['Protocol'] in ('TCP', 'UDP') else {'ProtocolVersion': 'HTTP1'}
        matcher = {} if described['Protocol'] in ('TCP', 'UDP') else {'Matcher': {'HttpCode': '200'}}
        known = {**version, **matcher, **described}
        self.groups[arn] = {'TargetGroupArn': arn, 'TargetGroupName': Name, 'HealthCheckEnabled': True, **known}
        self._tag(arn, Tags)
        self.attributes[arn], self.states[arn] = {}, {}
        return {'TargetGroups': [self._described(arn)]}

    def _ModifyTargetGroup(self, TargetGroupArn: str, **described: Any) -> None:
        allowed = {name for name in described if name.startswith('HealthCheck') or name.endswith('ThresholdCount')}
        assert described.keys() <= allowed | {'Matcher'}, described
        self._known(self.groups, TargetGroupArn).update(described)

    def _DeleteTargetGroup(self, TargetGroupArn: str) -> None:
        if self._leading(TargetGroupArn):
            raise refused('ResourceInUse', TargetGroupArn)
        self.groups.pop(TargetGroupArn, None)
        self.states.pop(TargetGroupArn, None)
        self._forget(TargetGroupArn)

    def _DescribeTargetGroups(self) -> Wire:
        return {'TargetGroups': [self._described(arn) for arn in self.groups]}

    def _DescribeTargetGroupAttributes(self, TargetGroupArn: str) -> Wire:
        return self._attributes(self.groups, TargetGroupArn)

    def _ModifyTargetGroupAttributes(self, TargetGroupArn: str, Attributes: Sequence[Wire]) -> None:
        self._set_attributes(self.groups, TargetGroupArn, Attributes)

    def _DescribeTargetHealth(self, TargetGroupArn: str) -> Wire:
        self._known(self.groups, TargetGroupArn)
        # A healthy one first: a plan waits for the first.
        states = sorted(self.states[TargetGroupArn].values(), key=lambda state: state != 'healthy')
        return {'TargetHealthDescriptions': [{'TargetHealth': {'State': state}} for state in states]}

    def _described(self, arn: str) -> Wire:
        return {**self.groups[arn], 'LoadBalancerArns': self._leading(arn)}

    def _leading(self, group: str) -> list[str]:
        """The load balancers that lead to a target group."""
        return sorted({balancer for balancer, actions in self._actions() if group in dict(forwards(actions[-1]))})

    def _actions(self) -> Iterator[tuple[str, list[Wire]]]:
        for listener in self.listeners.values():
            yield listener['LoadBalancerArn'], listener['DefaultActions']
        for arn, rule in self.rules.items():
            yield self.listeners[listener_of(arn)]['LoadBalancerArn'], rule['Actions']

    # Listeners

    def _CreateListener(
        self,
        LoadBalancerArn: str,
        Port: int,
        Protocol: str,
        DefaultActions: list[Wire],
        Certificates: Sequence[Wire] = (),
        SslPolicy: str = POLICY,
        Tags: Sequence[Wire] = (),
    ) -> Wire:
        self._known(self.balancers, LoadBalancerArn)
        self._check_port(LoadBalancerArn, Port, None)
        arn = f'{LoadBalancerArn.replace(":loadbalancer/", ":listener/")}/{self._number()}'
        made = {'ListenerArn': arn, 'LoadBalancerArn': LoadBalancerArn, 'Port': Port, 'Protocol': Protocol}
        made |= self._encryption(Protocol, Certificates, SslPolicy)
        made['DefaultActions'] = self._checked(LoadBalancerArn, Protocol, DefaultActions)
        self.listeners[arn], self.further[arn] = made, []
        self._tag(arn, Tags)
        return {'Listeners': [made]}

    def _ModifyListener(
        self,
        ListenerArn: str,
        Port: int | None = None,
        Protocol: str | None = None,
        DefaultActions: list[Wire] | None = None,
        Certificates: Sequence[Wire] = (),
        SslPolicy: str | None = None,
    ) -> None:
        listener = self._known(self.listeners, ListenerArn)
        balancer = listener['LoadBalancerArn']
        protocol = Protocol or listener['Protocol']
        if Port is not None:
            self._check_port(balancer, Port, ListenerArn)
        actions = self._checked(balancer, protocol, DefaultActions or listener['DefaultActions'])
        encryption = self._encryption(
            protocol, Certificates or listener.get('Certificates', ()), SslPolicy or listener.get('SslPolicy', POLICY)
        )
        kept = {name: value for name, value in listener.items() if name not in ('Certificates', 'SslPolicy')}
        changed = {'Port': Port or listener['Port'], 'Protocol': protocol, 'DefaultActions': actions}
        self.listeners[ListenerArn] = {**kept, **changed, **encryption}
        if protocol not in ENCRYPTED:
            self.further[ListenerArn] = []

    def _DeleteListener(self, ListenerArn: str) -> None:
        for arn in [arn for arn in self.rules if listener_of(arn) == ListenerArn]:
            self._DeleteRule(arn)
        self.listeners.pop(ListenerArn, None)
        self._forget(ListenerArn)

    def _DescribeListeners(self, LoadBalancerArn: str) -> Wire:
        self._known(self.balancers, LoadBalancerArn)
        return {'Listeners': self._listeners_of(LoadBalancerArn)}

    def _DescribeListenerCertificates(self, ListenerArn: str) -> Wire:
        default = self._known(self.listeners, ListenerArn)['Certificates'][0]['CertificateArn']
        found = [{'CertificateArn': default, 'IsDefault': True}]
        found += [{'CertificateArn': arn, 'IsDefault': False} for arn in self.further[ListenerArn]]
        return {'Certificates': found}

    def _AddListenerCertificates(self, ListenerArn: str, Certificates: Sequence[Wire]) -> None:
        if self._known(self.listeners, ListenerArn)['Protocol'] not in ENCRYPTED:
            raise refused('UnsupportedProtocol', ListenerArn)
        further = self.further[ListenerArn]
        further += [arn for each in Certificates if (arn := each['CertificateArn']) not in further]

    def _RemoveListenerCertificates(self, ListenerArn: str, Certificates: Sequence[Wire]) -> None:
        gone = {each['CertificateArn'] for each in Certificates}
        self.further[ListenerArn] = [arn for arn in self.further[ListenerArn] if arn not in gone]

    def _listeners_of(self, balancer: str) -> list[Wire]:
        return [each for each in self.listeners.values() if each['LoadBalancerArn'] == balancer]

    def _check_port(self, balancer: str, port: int, but: str | None) -> None:
        if any(each['Port'] == port and each['ListenerArn'] != but for each in self._listeners_of(balancer)):
            raise refused('DuplicateListener', str(port))

    def _encryption(self, protocol: str, certificates: Sequence[Wire], policy: str) -> Wire:
        if protocol not in ENCRYPTED:
            return {}
        if len(certificates) != 1:
            raise refused('CertificateNotFound', protocol)
        return {'Certificates': list(certificates), 'SslPolicy': policy}

    def _checked(self, balancer: str, protocol: str, actions: list[Wire]) -> list[Wire]:
        """Actions as AWS describes them. Raises `AwsFailed` for a target group of another load balancer."""
        for group, _ in forwards(actions[-1]):
            found = self._known(self.groups, group)
            if not {balancer}.issuperset(self._leading(group)):
                raise refused('TargetGroupAssociationLimit', group)
            if found['Protocol'] not in PROTOCOLS[protocol]:
                raise refused('IncompatibleProtocols', group)
        return actions

    # Rules

    def _CreateRule(
        self,
        ListenerArn: str,
        Priority: int,
        Conditions: list[Wire],
        Actions: list[Wire],
        Tags: Sequence[Wire] = (),
    ) -> Wire:
        listener = self._known(self.listeners, ListenerArn)
        if Priority in self._priorities(ListenerArn).values():
            raise refused('PriorityInUse', str(Priority))
        arn = f'{ListenerArn.replace(":listener/", ":listener-rule/")}/{self._number()}'
        actions = self._checked(listener['LoadBalancerArn'], listener['Protocol'], Actions)
        self.rules[arn] = {'RuleArn': arn, 'Priority': str(Priority), 'Conditions': Conditions, 'Actions': actions}
        self._tag(arn, Tags)
        return {'Rules': [self.rules[arn]]}

    def _ModifyRule(
        self, RuleArn: str, Conditions: list[Wire] | None = None, Actions: list[Wire] | None = None
    ) -> None:
        rule = self._known(self.rules, RuleArn)
        if Conditions is not None:
            rule['Conditions'] = Conditions
        if Actions is not None:
            listener = self.listeners[listener_of(RuleArn)]
            rule['Actions'] = self._checked(listener['LoadBalancerArn'], listener['Protocol'], Actions)

    def _SetRulePriorities(self, RulePriorities: Sequence[Wire]) -> None:
        asked = {each['RuleArn']: each['Priority'] for each in RulePriorities}
        for arn in asked:
            self._known(self.rules, arn)
        found = {**self._priorities(listener_of(next(iter(asked)))), **asked}
        if len(set(found.values())) < len(found):
            raise refused('PriorityInUse', str(asked))
        for arn, priority in asked.items():
            self.rules[arn]['Priority'] = str(priority)

    def _DeleteRule(self, RuleArn: str) -> None:
        self._known(self.rules, RuleArn)
        del self.rules[RuleArn]
        self._forget(RuleArn)

    def _DescribeRules(self, ListenerArn: str) -> Wire:
        listener = self._known(self.listeners, ListenerArn)
        return {'Rules': [*self._rules_of(ListenerArn), default_rule(listener)]}

    def _rules_of(self, listener: str) -> list[Wire]:
        found = [rule for arn, rule in self.rules.items() if listener_of(arn) == listener]
        return sorted(found, key=lambda rule: int(rule['Priority']))

    def _priorities(self, listener: str) -> dict[str, int]:
        return {rule['RuleArn']: int(rule['Priority']) for rule in self._rules_of(listener)}

    # Tags and attributes

    def _AddTags(self, ResourceArns: Sequence[str], Tags: Sequence[Wire]) -> None:
        for arn in ResourceArns:
            self._tag(self._existing(arn), Tags)

    def _RemoveTags(self, ResourceArns: Sequence[str], TagKeys: Sequence[str]) -> None:
        for arn in ResourceArns:
            self.tags[arn] = {key: value for key, value in self.tags[arn].items() if key not in TagKeys}

    def _DescribeTags(self, ResourceArns: Sequence[str]) -> Wire:
        assert len(ResourceArns) <= 20
        described = [
            {
                'ResourceArn': arn,
                'Tags': [{'Key': key, 'Value': value} for key, value in self.tags[self._existing(arn)].items()],
            }
            for arn in ResourceArns
        ]
        return {'TagDescriptions': described}

    def _tag(self, arn: str, tags: Sequence[Wire]) -> None:
        assert all(len(tag['Value']) <= 256 for tag in tags), tags
        self.tags.setdefault(arn, {}).update({tag['Key']: tag['Value'] for tag in tags})

    def _attributes(self, known: Mapping[str, Wire], arn: str) -> Wire:
        self._known(known, arn)
        return {'Attributes': [{'Key': key, 'Value': value} for key, value in self.attributes[arn].items()]}

    def _set_attributes(self, known: Mapping[str, Wire], arn: str, attributes: Sequence[Wire]) -> None:
        self._known(known, arn)
        self.attributes[arn] |= {each['Key']: each['Value'] for each in attributes}

    def _known(self, parts: Mapping[str, Wire], arn: str) -> Wire:
        if arn not in parts:
            raise refused('NotFound', arn)
        return parts[arn]

    def _existing(self, arn: str) -> str:
        if not any(arn in parts for parts in (self.balancers, self.groups, self.listeners, self.rules)):
            raise refused('NotFound', arn)
        return arn

    def _forget(self, arn: str) -> None:
        for parts in (self.tags, self.attributes, self.further):
            parts.pop(arn, None)  # type: ignore[attr-defined]  of different values

    def _number(self) -> str:
        self.numbers += 1
        return f'{self.numbers:016x}'

    # The port of the embedded ECS

    def group(self, arn: str) -> TargetGroup | None:
        found = self.groups.get(arn)
        if found is None:
            return None
        return TargetGroup(
            target_type=found['TargetType'],
            attached=bool(self._leading(arn)),
            interval=found['HealthCheckIntervalSeconds'],
            healthy_threshold=found['HealthyThresholdCount'],
            unhealthy_threshold=found['UnhealthyThresholdCount'],
        )

    def register(self, arn: str, target: str, port: int) -> None:
        if arn in self.states:
            self.states[arn][f'{target}:{port}'] = 'initial'

    def health(self, arn: str, target: str, port: int, state: str, reason: str) -> None:
        if f'{target}:{port}' in self.states.get(arn, {}):
            self.states[arn][f'{target}:{port}'] = state

    def deregister(self, arn: str, target: str, port: int) -> None:
        self.states.get(arn, {}).pop(f'{target}:{port}', None)

    def leads(self, rule: str, arn: str) -> bool:
        return arn in dict(forwards(self._action(rule)))

    def weigh(self, rule: str, weights: dict[str, int]) -> None:
        action = self._action(rule)
        action.pop('TargetGroupArn', None)
        groups = [{'TargetGroupArn': arn, 'Weight': weight} for arn, weight in weights.items()]
        action['ForwardConfig'] = {**action.get('ForwardConfig', {}), 'TargetGroups': groups}

    def _action(self, rule: str) -> Wire:
        """The action of a rule, or of the default one of a listener."""
        if rule in self.rules:
            found: list[Wire] = self.rules[rule]['Actions']
        else:
            found = self.listeners[listener_of(rule) if ':listener-rule/' in rule else rule]['DefaultActions']
        return found[-1]

    # A client

    def ask(self, dns_name: str, port: int, request: ClientRequest) -> list[str]:
        """The target groups that may get a request, each with a healthy target; none where it ends elsewhere.

        Raises `LookupError` where it fails.
        """
        balancer = next((arn for arn, one in self.balancers.items() if one['DNSName'] == dns_name), None)
        listeners = self._listeners_of(balancer) if balancer else []
        listener = next((one for one in listeners if one['Port'] == port), None)
        if listener is None:
            raise LookupError(f'{dns_name} does not listen on port {port}')
        rules = self._rules_of(listener['ListenerArn'])
        met = next((rule for rule in rules if meets(request, rule['Conditions'])), default_rule(listener))
        groups = [arn for arn, weight in forwards(met['Actions'][-1]) if weight]
        for arn in groups:
            if 'healthy' not in self.states[arn].values():
                raise LookupError(f'{arn} of {met["RuleArn"]} has no healthy target: {self.states[arn]}')
        return groups


def listener_of(rule: str) -> str:
    """The ARN of a rule's listener."""
    return rule.rpartition('/')[0].replace(':listener-rule/', ':listener/')


def default_rule(listener: Wire) -> Wire:
    """The default rule of a listener."""
    arn = f'{listener["ListenerArn"].replace(":listener/", ":listener-rule/")}/default'
    actions = listener['DefaultActions']
    return {'RuleArn': arn, 'Priority': 'default', 'Conditions': [], 'Actions': actions, 'IsDefault': True}


def refused(code: str, what: str) -> AwsFailed:
    return AwsFailed(f'{code}: {what}', 'elbv2', code)
