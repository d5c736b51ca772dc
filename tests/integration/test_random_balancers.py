"""Random edits of load balancers: the passes end, and no client notices an edit."""

import asyncio
import copy
from typing import Any

import pytest

from stack.reconcile import names
from stack.reconcile.handover import GRACE_S
from stack.sandbox.elb.matching import ClientRequest
from tests.balancer_edits import DOMAIN, NAMES, ZONE, BalancerEdits
from tests.model_aws import ModelAws
from tests.model_elb import listener_of

CLUSTER = 'staging'
SEEDS, EDITS = 5, 40
MOST_PASSES = 14
# What ECS answers where a service of that name has just been deleted; a later pass creates the new one.
DRAINING = 'still Draining'
# The chance that another edit follows before one is real.
AGAIN = 0.3
# The time for which a client keeps an address, in seconds.
TTL_S = 60.0


class Clients:
    """A client of each service, by its record; `failures` has the requests that failed.

    `ports` are those that the clients use; each moves to the one that the document states once it is served there.
    """

    def __init__(self, aws: ModelAws, edits: BalancerEdits):
        self._aws = aws
        self._edits = edits
        self._addresses: dict[str, tuple[str, float]] = {}
        self.ports: dict[str, int] = {}
        self.failures: list[str] = []
        self.count = 0

    def look(self, when: str) -> None:
        for name, port in self.ports.items():
            self.count += 1
            wanted = self._edits.port(name)
            if wanted != port and not self._failure(name, wanted):
                self.ports[name] = wanted
            elif failure := self._failure(name, port):
                self.failures.append(f'{name} {when}: {failure}')

    def _failure(self, name: str, port: int) -> str:
        """Why a request fails; empty where it does not."""
        try:
            groups = self._aws.elb.ask(self._address(name), port, request_of(name))
        except LookupError as error:
            return str(error)
        return '' if groups else 'no rule leads to it'

    def _address(self, name: str) -> str:
        address, until = self._addresses.get(name, ('', 0.0))
        now = self._aws.clock.now()
        if now >= until:
            alias = self._aws.records[ZONE, f'{name}.{DOMAIN}']['AliasTarget']
            address = alias['DNSName'].rstrip('.').removeprefix('dualstack.')
            self._addresses[name] = address, now + TTL_S
        return address


def request_of(name: str) -> ClientRequest:
    return ClientRequest(f'{name}.{DOMAIN}', '/api/x' if name == 'api' else '/x')


class Run:
    """A document, edited at random and made real after each edit."""

    def __init__(self, seed: int):
        self.aws = ModelAws(CLUSTER)
        self.foreign = foreign_parts(self.aws)
        self.edits = BalancerEdits(CLUSTER, seed, self.foreign['listener'])
        self.clients = Clients(self.aws, self.edits)
        self.aws.followed = self.clients.look
        self.before = self.foreign_now()

    @property
    def gone(self) -> frozenset[str]:
        return frozenset(name for name in ('mail', 'feed') if not self.edits.has(name))

    async def passes(self, **options: Any) -> None:
        """Make passes until nothing is left to do now and later."""
        idle = 0
        for _ in range(MOST_PASSES):
            outcome = await self.aws.reconcile(self.edits.document, **{'destroyed': self.gone, **options})
            failed = [each for each in outcome.failed if DRAINING not in str(each.error)]
            assert failed == [], failed
            assert [note.text for note in outcome.plan.notes if note.blocks] == []
            assert [step.text for step in outcome.plan.steps if step.interrupts] == []
            idle = idle + 1 if outcome.plan.is_empty else 0
            if idle == 2:
                return
            self.aws.advance(GRACE_S)
        raise AssertionError(f'not done: {[step.text for step in outcome.plan.steps]}')

    async def killed_pass(self, lives: int) -> None:
        """Make a pass that ends after so many calls."""
        end = len(self.aws.calls) + lives

        def alive() -> bool:
            return len(self.aws.calls) < end

        outcome = await self.aws.reconcile(self.edits.document, alive, destroyed=self.gone)
        assert [each for each in outcome.failed if DRAINING not in str(each.error)] == [], outcome.failed
        assert [step.text for step in outcome.plan.steps if step.interrupts] == []

    async def begin(self) -> None:
        await self.passes()
        self.clients.ports = {name: self.edits.port(name) for name in NAMES}

    async def edit(self) -> str:
        """Make one edit real. Raises `AssertionError` where a client notices it, or something else is wrong.

        Some are followed by another one after a pass, or after a part of it.
        """
        edit = self.edits.edit()
        while self.edits.random.random() < AGAIN:
            await self.killed_pass(self.edits.random.choice([1, 2, 3, 5, 100]))
            edit += f', {self.edits.edit()}'
        await self.passes()
        self.clients.look(f'after {edit}')
        assert self.clients.failures == [], f'{edit}: {self.clients.failures[:5]}'
        assert self.clients.ports == {name: self.edits.port(name) for name in NAMES}
        check_state(self.aws, self.edits)
        assert self.foreign_now() == self.before
        return edit

    def foreign_now(self) -> Any:
        record = copy.deepcopy(self.aws.records[ZONE, f'theirs.{DOMAIN}'])
        return record, [self.aws.elb.touched(arn) for arn in self.foreign.values()]


def foreign_parts(aws: ModelAws) -> dict[str, str]:
    """What others made: a load balancer with a listener, a rule and a target group, and a record."""

    def make(operation: str, found: str, arn: str, **arguments: Any) -> str:
        return str(aws.elb.call(operation, arguments)[found][0][arn])

    balancer = make('CreateLoadBalancer', 'LoadBalancers', 'LoadBalancerArn', Name='theirs', Subnets=['subnet-a'])
    health = {'HealthCheckIntervalSeconds': 30, 'HealthyThresholdCount': 5, 'UnhealthyThresholdCount': 2}
    described = {'Protocol': 'HTTP', 'Port': 80, 'VpcId': 'vpc-1', 'TargetType': 'ip', **health}
    group = make('CreateTargetGroup', 'TargetGroups', 'TargetGroupArn', Name='theirs', **described)
    forward = [{'Type': 'forward', 'TargetGroupArn': group}]
    listener = make(
        'CreateListener',
        'Listeners',
        'ListenerArn',
        LoadBalancerArn=balancer,
        Port=80,
        Protocol='HTTP',
        DefaultActions=forward,
    )
    path = [{'Field': 'path-pattern', 'PathPatternConfig': {'Values': ['/theirs']}}]
    rule = make('CreateRule', 'Rules', 'RuleArn', ListenerArn=listener, Priority=50, Conditions=path, Actions=forward)
    aws.records[ZONE, f'theirs.{DOMAIN}'] = {'Name': f'theirs.{DOMAIN}.', 'Type': 'A', 'TTL': 60}
    return {'balancer': balancer, 'group': group, 'listener': listener, 'rule': rule}


def check_state(aws: ModelAws, edits: BalancerEdits) -> None:
    """Each part that the document states is there, and no other one of Nysa's."""
    elb = aws.elb
    for each in edits.document['load_balancers']:
        [(key, settings)] = each.items()
        users = [name for name in (*NAMES, 'mail') if edits.has(name) and edits.elb(name).get('load_balancer') == key]
        named = [one for one in elb.balancers.values() if one['LoadBalancerName'] == f'{CLUSTER}-{key}-lb']
        assert len(named) == bool(users), key
        for balancer in named:
            check_shared(aws, balancer['LoadBalancerArn'], settings)
    for name in ('own', 'net'):
        check_own(aws, name, edits.elb(name))
    groups = [arn for arn in elb.groups if names.owner(elb.tags[arn])]
    assert len(groups) == sum(ways(service) for each in edits.document['services'] for service in each.values())
    for name in ('api', 'feed'):
        if edits.has(name):
            check_rules(aws, name, edits.elb(name)['rules'])
    wanted = {record['record_name'] for name in NAMES for record in edits.elb(name)['dns']}
    assert {name for _, name in aws.records} == {*wanted, f'theirs.{DOMAIN}'}


def ways(service: dict[str, Any]) -> int:
    return len(service['elb']) if isinstance(service['elb'], list) else 1


def check_shared(aws: ModelAws, arn: str, settings: dict[str, Any]) -> None:
    elb = aws.elb
    assert elb.attributes[arn]['idle_timeout.timeout_seconds'] == str(settings.get('idle_timeout', 60))
    assert settings.get('tags', {}).items() <= elb.tags[arn].items()
    listeners = {one['Port']: one for one in elb.call('DescribeListeners', {'LoadBalancerArn': arn})['Listeners']}
    assert listeners.keys() == {listener['port'] for listener in settings['listeners']}
    check_encryption(aws, listeners[443], settings['listeners'][0])


def check_own(aws: ModelAws, name: str, settings: dict[str, Any]) -> None:
    elb = aws.elb
    [balancer] = [arn for arn in elb.balancers if elb.tags[arn].get('nysa:service') == name]
    scheme = {'public': 'internet-facing', 'private': 'internal'}[settings['type']]
    assert elb.balancers[balancer]['Scheme'] == scheme
    assert names.PORTS_TAG not in elb.tags[balancer]
    [listener] = elb.call('DescribeListeners', {'LoadBalancerArn': balancer})['Listeners']
    assert listener['Port'] == settings['ports']['public']
    if 'certificates' in settings:
        assert elb.attributes[balancer]['idle_timeout.timeout_seconds'] == str(settings.get('idle_timeout', 60))
        check_encryption(aws, listener, settings)


def check_encryption(aws: ModelAws, listener: dict[str, Any], settings: dict[str, Any]) -> None:
    default, *further = settings['certificates']
    assert listener['Certificates'] == [{'CertificateArn': default}]
    assert set(aws.elb.further[listener['ListenerArn']]) - {default} == set(further)
    assert listener['SslPolicy'] == settings.get('ssl_policy', 'ELBSecurityPolicy-2016-08')


def check_rules(aws: ModelAws, name: str, rules: list[dict[str, Any]]) -> None:
    elb = aws.elb
    own = [rule for arn, rule in elb.rules.items() if elb.tags[arn].get('nysa:service') == name]
    found = [(rule['Conditions'][-1]['PathPatternConfig']['Values'][0], int(rule['Priority'])) for rule in own]
    assert sorted(path for path, _ in found) == sorted(rule['path'] for rule in rules)
    assert len({listener_of(rule['RuleArn']) for rule in own}) == 1
    assert {(rule['path'], rule['priority']) for rule in rules if 'priority' in rule} <= set(found)


@pytest.mark.parametrize('seed', range(SEEDS))
def test_no_client_notices_random_edits(seed: int):
    run = Run(seed)

    async def scenario() -> None:
        await run.begin()
        for _ in range(EDITS):
            await run.edit()
        assert run.clients.count > EDITS * 50
        run.clients.ports = {}
        run.edits.document['services'] = []
        await run.passes(destroyed=frozenset({'mail', 'feed', *NAMES}))

    asyncio.run(scenario())
    assert list(run.aws.elb.balancers) == [run.foreign['balancer']]
    assert list(run.aws.elb.groups) == [run.foreign['group']]
    assert list(run.aws.records) == [(ZONE, f'theirs.{DOMAIN}')]
    assert run.foreign_now() == run.before
