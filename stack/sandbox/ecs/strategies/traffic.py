"""Traffic of a native deployment at its load balancers: target groups in turn, and the weights of their rules.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/nlb-resources-for-blue-green.html
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stack.sandbox.ecs.model import Course, Deployment, Service, TrafficMove, Wire
from stack.sandbox.ecs.strategies.stages import WHOLE, is_native
from stack.sandbox.ecs.world import World

# How many moves of a service's traffic are remembered.
_MOVES_KEPT = 300
# A Network Load Balancer takes so much longer to move traffic, in seconds.
_NETWORK_DELAY = 600.0


class Wiring(NamedTuple):
    """A load balancer of a service: its position in the list, both target groups, and the rules.

    A Network Load Balancer has listeners instead of rules.
    """

    position: int
    groups: tuple[str, str]
    production: str
    test: str


def groups(service: Service, source: Deployment | None) -> list[str]:
    """The target group for each load balancer of a new deployment: with a native strategy the one that its source
    does not use."""
    native = is_native(service.spec['deploymentConfiguration'])
    return [_group(balancer, index, source, native) for index, balancer in enumerate(service.spec['loadBalancers'])]


def _group(balancer: Wire, index: int, source: Deployment | None, native: bool) -> str:
    own: str = balancer.get('targetGroupArn', '')
    alternate = balancer.get('advancedConfiguration', {}).get('alternateTargetGroupArn')
    live = _live(source, index) if source else ''
    if not alternate or live not in (own, alternate):
        return own
    other = alternate if live == own else own
    return other if native else live


def _live(deployment: Deployment, index: int) -> str:
    if index < len(deployment.groups):
        return deployment.groups[index]
    balancers: list[Wire] = deployment.spec.get('loadBalancers', [])
    return str(balancers[index].get('targetGroupArn', '')) if index < len(balancers) else ''


def balancers(deployment: Deployment) -> list[Wire]:
    """The load balancers of a deployment with the target groups that its tasks are registered with."""
    return [
        {**balancer, **({'targetGroupArn': live} if (live := _live(deployment, index)) else {})}
        for index, balancer in enumerate(deployment.spec.get('loadBalancers', []))
    ]


def _wirings(deployment: Deployment) -> Iterator[Wiring]:
    for index, balancer in enumerate(deployment.spec.get('loadBalancers', [])):
        advanced: Wire = balancer.get('advancedConfiguration', {})
        if advanced.get('alternateTargetGroupArn') and advanced.get('productionListenerRule'):
            pair = balancer['targetGroupArn'], advanced['alternateTargetGroupArn']
            yield Wiring(index, pair, advanced['productionListenerRule'], advanced.get('testListenerRule', ''))


def is_wired(world: World, deployment: Deployment) -> bool:
    """Whether both target groups are in the production rule or in the test rule."""
    leads = world.ports.targets.leads
    return all(
        leads(wiring.production, group) or leads(wiring.test, group)
        for wiring in _wirings(deployment)
        for group in wiring.groups
    )


def apply(world: World, service: Service, deployment: Deployment, course: Course) -> None:
    """Write the weights of a course into the rules of a deployment. Test traffic goes where production does until it
    is shifted."""
    tested = course.test or {max(course.production, key=lambda one: course.production[one], default=''): WHOLE}
    carried: dict[str, float] = {}
    for wiring in _wirings(deployment):
        for rule, shares in ((wiring.production, course.production), (wiring.test, tested)):
            weights = _weights(service, wiring, shares)
            if not rule or not any(weights.values()):
                continue
            world.ports.targets.weigh(rule, weights)
            if rule == wiring.production:
                carried |= {group: weight / sum(weights.values()) for group, weight in weights.items()}
    if carried and (not service.traffic or service.traffic[-1].shares != carried):
        service.traffic.append(TrafficMove(world.now, carried))
        del service.traffic[:-_MOVES_KEPT]


def _weights(service: Service, wiring: Wiring, shares: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers, as ELB has them: percent, or tenths of it."""
    percents = dict.fromkeys(wiring.groups, 0.0)
    for deployment in service.deployments:
        live = _live(deployment, wiring.position)
        if live in percents:
            percents[live] += shares.get(deployment.revision, 0.0)
    factor = 1 if all(percent.is_integer() for percent in percents.values()) else 10
    return {group: round(percent * factor) for group, percent in percents.items()}


def delay(deployment: Deployment) -> float:
    """The seconds that a shift takes longer because of a Network Load Balancer."""
    return _NETWORK_DELAY if any(':listener/' in wiring.production for wiring in _wirings(deployment)) else 0.0
