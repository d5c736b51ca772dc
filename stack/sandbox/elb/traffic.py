"""The answer to a client's request through an embedded load balancer.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeListener, FakeLoadBalancer, FakeTargetGroup

from stack.sandbox.elb.matching import ClientRequest, meets
from stack.sandbox.moto_elbv2 import forwards

# A target group's attribute of moto's with what ECS knows about its targets: see `stack.sandbox.ecs.moto_ports`.
STATES = 'ecs_target_states'

NO_LISTENER, NO_TARGET = 'no listener on this port', 'no registered target takes requests'


@dataclass(frozen=True)
class Reply:
    """The answer: `target` is the one that got the request, as ID:PORT; `location` that of a redirect."""

    status: int
    target: str = ''
    target_group: str = ''
    location: str = ''
    body: str = ''
    certificates: tuple[str, ...] = ()
    reason: str = field(default='')

    def to_json(self) -> str:
        return json.dumps({name: value for name, value in vars(self).items() if value or name == 'status'})


def send(backend: ELBv2Backend, dns_name: str, port: int, request: ClientRequest, turn: int = 0) -> Reply:
    """Send a request to the load balancer of a DNS name. `turn` is the number of the request: targets take turns.

    A name or port without a listener refuses the connection: status 0.
    """
    listener = _listener(backend, dns_name, port)
    if listener is None:
        return Reply(0, reason=NO_LISTENER)
    rules = sorted(
        (rule for rule in listener.rules.values() if not rule.is_default), key=lambda rule: int(rule.priority)
    )
    default = next(rule for rule in listener.rules.values() if rule.is_default)
    rule = next((rule for rule in rules if meets(request, rule.conditions)), default)
    action = rule.actions[-1].data
    kinds = {'redirect': _redirected, 'fixed-response': _fixed}
    if action['Type'] in kinds:
        return kinds[action['Type']](action, request, listener)
    return _forwarded(backend, action, turn, tuple(listener.certificates))


def _listener(backend: ELBv2Backend, dns_name: str, port: int) -> FakeListener | None:
    balancers: list[FakeLoadBalancer] = list(backend.load_balancers.values())
    found = next((one for one in balancers if one.dns_name.lower() == dns_name.lower()), None)
    listeners = found.listeners.values() if found else ()
    return next((one for one in listeners if int(one.port) == port), None)


def _redirected(action: Mapping[str, Any], request: ClientRequest, listener: FakeListener) -> Reply:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html"""
    config = action.get('RedirectConfig') or {}
    known = {
        'protocol': listener.protocol,
        'host': request.host.partition(':')[0],
        'port': str(listener.port),
        'path': request.path.removeprefix('/'),
        'query': '&'.join(f'{key}={value}' for key, value in request.query),
    }

    def filled(name: str, usual: str) -> str:
        text = str(config.get(name) or usual)
        for key, value in known.items():
            text = text.replace(f'#{{{key}}}', value)
        return text

    query = filled('Query', '#{query}')
    protocol, host, port = filled('Protocol', '#{protocol}'), filled('Host', '#{host}'), filled('Port', '#{port}')
    location = f'{protocol.lower()}://{host}:{port}{filled("Path", "/#{path}")}'
    status = 301 if config.get('StatusCode') == 'HTTP_301' else 302
    return Reply(status, location=f'{location}?{query}' if query else location)


def _fixed(action: Mapping[str, Any], request: ClientRequest, listener: FakeListener) -> Reply:
    config = action.get('FixedResponseConfig') or {}
    return Reply(int(config['StatusCode']), body=config.get('MessageBody') or '')


def _forwarded(backend: ELBv2Backend, action: Mapping[str, Any], turn: int, certificates: tuple[str, ...]) -> Reply:
    """Forward to a target: target groups in proportion to their weights, their targets in turn.

    Without a target that takes requests the load balancer answers 503.
    """
    weighted = [arn for arn, weight in forwards(action) for _ in range(weight)]
    if not weighted:
        return Reply(503, reason='the rule forwards to no target group')
    arn = weighted[turn % len(weighted)]
    group = backend.target_groups.get(arn)
    targets = usable_targets(group) if group else []
    if not targets:
        return Reply(503, target_group=arn, reason=NO_TARGET)
    target = targets[turn // len(weighted) % len(targets)]
    return Reply(200, target, arn, certificates=certificates)


def usable_targets(group: FakeTargetGroup) -> list[str]:
    """The targets that get requests: the healthy ones, or where none is healthy those that fail their checks.

    A target that is being registered or drained gets none:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """
    states: dict[str, tuple[str, str]] = vars(group).get(STATES, {})
    healthy = sorted(target for target, (state, _) in states.items() if state == 'healthy')
    return healthy or sorted(target for target, (state, _) in states.items() if state == 'unhealthy')
