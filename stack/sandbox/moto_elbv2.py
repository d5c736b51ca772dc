"""Corrections of moto's load balancers: one listener for each port."""

import copy
import inspect
from typing import Any

from moto.elbv2.exceptions import DuplicateListenerError, LoadBalancerNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeAction, FakeListener

from stack.sandbox.patching import replace


def install() -> None:
    create, modify = ELBv2Backend.create_listener, ELBv2Backend.modify_listener

    signature = inspect.signature(create)

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
            return create(**asked)
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
        return modify(self, arn, port, *args, **kwargs)

    replace(ELBv2Backend, 'create_listener', create_listener)
    replace(ELBv2Backend, 'modify_listener', modify_listener)


def _on_port(balancer: Any, port: Any) -> FakeListener | None:
    """The listener on a port; moto keeps ports as text or as numbers."""
    return next((each for each in balancer.listeners.values() if str(each.port) == str(port)), None)
