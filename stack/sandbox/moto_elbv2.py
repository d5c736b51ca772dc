"""Corrections of moto's load balancers: one listener for each port, priorities that swap, links of target groups."""

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from moto.elbv2.exceptions import (
    DuplicateListenerError,
    DuplicatePriorityError,
    LoadBalancerNotFoundError,
    PriorityInUseError,
    RuleNotFoundError,
)
from moto.elbv2.models import ELBv2Backend, FakeAction, FakeListener, FakeRule

from stack.sandbox.patching import replace


def install() -> None:
    create, modify = ELBv2Backend.create_listener, ELBv2Backend.modify_listener

    signature, modified = inspect.signature(create), inspect.signature(modify)

    def create_listener(self: ELBv2Backend, *args: Any, **kwargs: Any) -> FakeListener:
        """moto compares the port with the ARNs of listeners, and so finds none.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
        """
        asked = signature.bind(self, *args, **kwargs).arguments
        balancer = self.load_balancers.get(asked['load_balancer_arn'])
        if balancer is None:
            raise LoadBalancerNotFoundError()
        same_port = _on_port(balancer, asked['port'])
        if same_port is None:
            made = create(**asked)
            link(self)
            return made
        actions = [FakeAction(each).data for each in copy.deepcopy(asked['actions'])]
        same = (same_port.protocol, same_port.certificate, [each.data for each in same_port.default_actions])
        if same != (asked['protocol'], asked['certificate'], actions):
            raise DuplicateListenerError()
        return same_port

    def modify_listener(self: ELBv2Backend, arn: str, port: str | None = None, *args: Any, **kwargs: Any) -> Any:
        listener = self.describe_listeners(load_balancer_arn=None, listener_arns=[arn])[0]
        balancer = self.load_balancers[listener.load_balancer_arn]
        if port is not None and _on_port(balancer, port) not in (None, listener):
            raise DuplicateListenerError()
        # The first one is the default; it may be in the list of further ones as well.
        further = listener.certificates[1:]
        asked = modified.bind(self, arn, port, *args, **kwargs).arguments
        protocol = asked.get('protocol')
        if protocol in ('TLS', 'UDP'):
            # moto refuses them here, but not for a new listener.
            asked['protocol'] = None
            listener.protocol = protocol
            listener.certificate = next((each['CertificateArn'] for each in asked.get('certificates') or ()), None)
            listener.certificates = [listener.certificate] if listener.certificate else []
        modify(**asked)
        # moto removes the further certificates; AWS replaces the default one alone.
        if listener.protocol == 'HTTPS' and listener.certificate:
            listener.certificates = list(dict.fromkeys([listener.certificate, *further]))
        link(self)
        return listener

    replace(ELBv2Backend, 'create_listener', create_listener)
    replace(ELBv2Backend, 'modify_listener', modify_listener)
    replace(ELBv2Backend, 'set_rule_priorities', _set_rule_priorities)
    for name in ('create_rule', 'modify_rule', 'delete_rule', 'delete_listener', 'delete_load_balancer'):
        replace(ELBv2Backend, name, _linking(getattr(ELBv2Backend, name)))


def _linking(change: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(change)
    def changed(self: ELBv2Backend, *args: Any, **kwargs: Any) -> Any:
        answer = change(self, *args, **kwargs)
        link(self)
        return answer

    return changed


def link(backend: ELBv2Backend) -> None:
    """Give each target group the load balancers whose listeners and rules name it: moto only ever adds to them.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroup.html
    """
    leading: dict[str, set[str]] = {}
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                for action in rule.actions:
                    for arn, _ in forwards(action.data):
                        leading.setdefault(arn, set()).add(balancer.arn)
    for arn, group in backend.target_groups.items():
        group.load_balancer_arns = sorted(leading.get(arn, ()))


def forwards(action: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The target groups of an action, each with its weight."""
    groups = (action.get('ForwardConfig') or {}).get('TargetGroups')
    if groups:
        return [(group['TargetGroupArn'], int(group.get('Weight', 1))) for group in groups]
    return [(action['TargetGroupArn'], 1)] if 'TargetGroupArn' in action else []


def weigh(backend: ELBv2Backend, rule: FakeRule, weights: Mapping[str, int]) -> None:
    """Have a rule forward to target groups by weights, as ECS does for native deployments.

    The rest of the action stays; AWS shows no single target group in it.
    """
    data: dict[str, Any] = copy.deepcopy(rule.actions[-1].data) if rule.actions else {'Type': 'forward'}
    data.pop('TargetGroupArn', None)
    groups = [{'TargetGroupArn': arn, 'Weight': weight} for arn, weight in weights.items()]
    data['ForwardConfig'] = {**data.get('ForwardConfig', {}), 'TargetGroups': groups}
    rule.actions = [*rule.actions[:-1], FakeAction(data)]
    if rule.is_default:
        [listener] = backend.describe_listeners(None, [rule.listener_arn])
        listener.default_actions = rule.actions
    link(backend)


def _set_rule_priorities(self: ELBv2Backend, rule_priorities: list[dict[str, Any]]) -> list[Any]:
    """All at once, so that two rules can swap: moto refuses a priority that another rule of the call has.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetRulePriorities.html
    """
    asked = {each['RuleArn']: int(each['Priority']) for each in rule_priorities}
    if len(set(asked.values())) < len(asked):
        raise DuplicatePriorityError(str(next(iter(asked.values()))))
    found = self.describe_rules(listener_arn=None, rule_arns=list(asked))
    if len(found) < len(asked):
        raise RuleNotFoundError()
    [listener] = self.describe_listeners(None, [found[0].listener_arn])
    others = {str(rule.priority) for rule in listener.rules.values() if rule.arn not in asked}
    if others & {str(priority) for priority in asked.values()}:
        raise PriorityInUseError()
    for rule in found:
        rule.priority = asked[rule.arn]
    return found


def _on_port(balancer: Any, port: Any) -> FakeListener | None:
    """The listener on a port; moto keeps ports as text or as numbers."""
    return next((each for each in balancer.listeners.values() if str(each.port) == str(port)), None)
