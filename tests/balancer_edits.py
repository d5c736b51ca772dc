"""A stackfile with load balancers of every kind, and random edits of them."""

import copy
import random
from typing import Any

from stack.stackfile.check import check

Document = dict[str, Any]

ZONE, DOMAIN = 'Z1', 'example.com'
CERTIFICATES = [f'arn:aws:acm:us-east-1:123456789012:certificate/{letter}' for letter in 'abcd']
POLICIES = ('ELBSecurityPolicy-2016-08', 'ELBSecurityPolicy-TLS13-1-2-2021-06')
# Services that are reached at all times.
NAMES = ('api', 'web', 'own', 'net')


class BalancerEdits:
    """A document, and random edits of it; each keeps it valid. `others` is the ARN of a listener of others."""

    def __init__(self, cluster: str, seed: int, others: str):
        self.random = random.Random(seed)
        self._cluster = cluster
        self._others = others
        edge = {
            'type': 'public',
            'listeners': [
                {'port': 443, 'protocol': 'HTTPS', 'certificates': CERTIFICATES[:1]},
                {'port': 80, 'redirect': 'https'},
            ],
        }
        elbs: dict[str, Document] = {
            'api': {'load_balancer': 'edge', 'rules': [{'path': '/api/*'}]},
            'web': {'load_balancer': 'edge'},
            'own': {'type': 'public', 'protocol': 'HTTPS', 'ports': {'public': 443}, 'certificates': CERTIFICATES[:1]},
            'net': {'type': 'private', 'protocol': 'TCP', 'ports': {'public': 9000}},
            'feed': {'listener': others, 'rules': [{'path': '/feed/*'}]},
        }
        self.document: Document = {
            'vpc': {
                'id': 'vpc-1',
                'subnets': {'public': ['subnet-a', 'subnet-b'], 'private': ['subnet-c', 'subnet-d']},
                'security_groups': {'public': ['sg-a'], 'private': ['sg-b']},
            },
            'load_balancers': [{'edge': edge}, {'next': {**copy.deepcopy(edge), 'type': 'private'}}],
            'services': [{name: _service(elb)} for name, elb in elbs.items()],
        }
        for name in NAMES:
            self.elb(name).update(dns=[_record(name)], deregistration_delay=30)

    def service(self, name: str) -> Document:
        return next(each[name] for each in self.document['services'] if name in each)

    def elb(self, name: str) -> Document:
        """The load balancer of a service; the first of several."""
        found: Document | list[Document] = self.service(name)['elb']
        return found[0] if isinstance(found, list) else found

    def has(self, name: str) -> bool:
        return any(name in each for each in self.document['services'])

    def port(self, name: str) -> int:
        """The port that a service is reached on."""
        return int(self.elb(name).get('ports', {}).get('public', 443))

    def edit(self) -> str:
        """Make one edit; its name."""
        edits = [name for name in vars(type(self)) if name.startswith('edit_')]
        before = copy.deepcopy(self.document)
        while True:
            name = self.random.choice(edits)
            getattr(self, name)()
            if self.document != before and not check(self.document, cluster=self._cluster).mistakes:
                return name.removeprefix('edit_')
            self.document = copy.deepcopy(before)

    def _any(self) -> Document:
        return self.elb(self.random.choice(NAMES))

    def _listeners(self) -> list[Document]:
        [settings] = self.random.choice(self.document['load_balancers']).values()
        found: list[Document] = settings['listeners']
        return found

    # Shared load balancers

    def edit_rules(self) -> None:
        more = [{'path': f'/v{self.random.randrange(9)}/*'} for _ in range(self.random.randrange(3))]
        more += [{'path': '/beta/*', 'headers': {'x-beta': '1'}}] if self.random.random() < 0.3 else []
        self.elb('api')['rules'] = [{'path': '/api/*'}, *more]

    def edit_priorities(self) -> None:
        rules = [rule for name in ('api', 'feed') if self.has(name) for rule in self.elb(name)['rules']]
        for rule, priority in zip(rules, self.random.sample(range(1, 30), len(rules)), strict=True):
            rule.pop('priority', None)
            if self.random.random() < 0.7:
                rule['priority'] = priority

    def edit_certificates(self) -> None:
        listener = self._listeners()[0]
        listener['certificates'] = self.random.sample(CERTIFICATES, self.random.randint(1, 4))

    def edit_policy(self) -> None:
        self._listeners()[0]['ssl_policy'] = self.random.choice(POLICIES)

    def edit_default_action(self) -> None:
        listener = self._listeners()[1]
        listener['redirect'] = self.random.choice(['https', {'host': 'www.example.com', 'status': 302}])

    def edit_fixed_response(self) -> None:
        self._listeners()[0]['fixed_response'] = {'status': self.random.choice([404, 503]), 'body': 'Closed'}

    def edit_further_listener(self) -> None:
        listeners = self._listeners()
        if len(listeners) > 2:
            listeners.pop()
        else:
            listeners.append({'port': 8080, 'redirect': 'https'})

    def edit_shared_settings(self) -> None:
        [settings] = self.random.choice(self.document['load_balancers']).values()
        settings.update(idle_timeout=self.random.randint(1, 300), tags={'team': self.random.choice('abc')})

    # All kinds

    def edit_health(self) -> None:
        check_ = self._any().setdefault('healthcheck', {})
        check_['interval_seconds'] = self.random.choice([6, 10, 30])
        check_['healthy_threshold_count'] = self.random.randint(2, 5)

    def edit_attributes(self) -> None:
        balancer = self.elb(self.random.choice(['api', 'web', 'own']))
        for name in ('stickiness', 'slow_start', 'algorithm'):
            balancer.pop(name, None)
        balancer |= self.random.choice(
            [{}, {'stickiness': {'duration': 60}}, {'slow_start': 30}, {'algorithm': 'least_outstanding_requests'}]
        )

    def edit_version(self) -> None:
        balancer = self.elb(self.random.choice(['api', 'web', 'own']))
        balancer['protocol_version'] = self.random.choice(['HTTP1', 'HTTP2'])

    def edit_records(self) -> None:
        name = self.random.choice(NAMES)
        further = self.random.sample(['x', 'y', 'z'], self.random.randrange(3))
        self.elb(name)['dns'] = [_record(name), *(_record(f'{each}.{name}') for each in further)]

    def edit_count(self) -> None:
        self.service(self.random.choice(NAMES))['desired_count'] = self.random.randint(1, 3)

    def edit_image(self) -> None:
        self.service(self.random.choice(NAMES))['image'] = f'team/web:{self.random.randrange(99)}'

    # From one load balancer to another

    def edit_move(self) -> None:
        for name in self.random.choice([('api',), ('web',), ('api', 'web')]):
            if 'load_balancer' in self.elb(name):
                self.elb(name)['load_balancer'] = self.random.choice(['edge', 'next'])

    def edit_kind(self) -> None:
        """From a shared load balancer to one of its own, and back."""
        before = self.elb('web')
        kept = {name: value for name, value in before.items() if name in ('dns', 'deregistration_delay')}
        if 'load_balancer' in before:
            own = {'type': 'public', 'protocol': 'HTTPS', 'ports': {'public': 443}, 'certificates': CERTIFICATES[:1]}
            self.service('web')['elb'] = {**own, **kept}
        else:
            self.service('web')['elb'] = {'load_balancer': 'edge', **kept}

    def edit_scheme(self) -> None:
        self.elb('own')['type'] = self.random.choice(['public', 'private'])

    # A load balancer of its own

    def edit_own_certificates(self) -> None:
        self.elb('own')['certificates'] = self.random.sample(CERTIFICATES, self.random.randint(1, 3))

    def edit_own_settings(self) -> None:
        balancer = self.elb('own')
        for name, value in (('idle_timeout', self.random.randint(1, 300)), ('ssl_policy', POLICIES[1])):
            balancer.pop(name, None)
            if self.random.random() < 0.6:
                balancer[name] = value

    def edit_own_port(self) -> None:
        name, ports = self.random.choice([('own', [443, 8443]), ('net', [9000, 9001])])
        self.elb(name)['ports'] = {'public': self.random.choice(ports)}

    # Services that come and go

    def edit_second_way(self) -> None:
        if self.has('mail'):
            self.document['services'] = [each for each in self.document['services'] if 'mail' not in each]
            return
        ways = [
            {'load_balancer': 'edge', 'port': 443, 'rules': [{'path': '/mail/*'}]},
            {'type': 'private', 'name': 'in', 'ports': {'public': 8000}},
        ]
        self.document['services'].append({'mail': _service(ways)})

    def edit_feed(self) -> None:
        """A service behind a listener of others comes, goes, or changes its rules."""
        if self.has('feed') and self.random.random() < 0.5:
            self.document['services'] = [each for each in self.document['services'] if 'feed' not in each]
            return
        rules = [{'path': f'/feed/{self.random.randrange(3)}/*'}, {'path': '/feed/*'}]
        elb = {'listener': self._others, 'rules': rules[self.random.randrange(2) :]}
        if self.has('feed'):
            self.service('feed')['elb'] = elb
        else:
            self.document['services'].append({'feed': _service(elb)})


def _service(elb: Any) -> Document:
    return {'image': 'team/web:1', 'ports': ['80:80'], 'network_mode': 'awsvpc', 'desired_count': 2, 'elb': elb}


def _record(name: str) -> dict[str, str]:
    return {'hosted_zone_id': ZONE, 'record_name': f'{name}.{DOMAIN}'}
