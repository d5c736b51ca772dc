"""Application Auto Scaling of the embedded AWS over our ECS and moto's CloudWatch and load balancers.

Its state is an attribute of moto's own backend, with which it is kept and forgotten; moto's code answers no call.
"""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.elbv2.models import elbv2_backends

from stack.sandbox.autoscaling.autoscaler import Autoscaler, Place
from stack.sandbox.autoscaling.model import Region
from stack.sandbox.autoscaling.ports import Alarm
from stack.sandbox.calls import Call
from stack.sandbox.ecs import Clock, Ecs
from stack.sandbox.http_server import Answer

_STATE = 'embedded'


def autoscaler(account: str, ecs: Ecs, clock: Clock) -> Autoscaler:
    """The service of one account."""

    def place(name: str) -> Place:
        attributes = vars(applicationautoscaling_backends[account][name])
        region = attributes.setdefault(_STATE, Region(account, name))
        return Place(region, _EcsServices(ecs, account, name), _CloudWatch(account, name))

    def places() -> Iterable[Place]:
        if account not in applicationautoscaling_backends.keys():  # noqa: SIM118 - `in` makes what it does not find
            return []
        backends = list(applicationautoscaling_backends[account].items())
        return [place(name) for name, backend in backends if _STATE in vars(backend)]

    return Autoscaler(clock, place, places)


def answer(service: Autoscaler, call: Call, body: bytes) -> Answer:
    """The answer to one HTTP request."""
    try:
        params = json.loads(body or b'{}')
    except ValueError:
        params = None
    status, found = service.handle(call.operation, params, call.region)
    return Answer(status, (('Content-Type', 'application/x-amz-json-1.1'),), json.dumps(found).encode())


class _EcsServices:
    """The services of our ECS in one region."""

    def __init__(self, ecs: Ecs, account: str, region: str):
        self._ecs = ecs
        self._account = account
        self._region = region

    def _described(self, cluster: str, service: str) -> Mapping[str, Any]:
        asked = {'cluster': cluster, 'services': [service]}
        status, found = self._ecs.handle('DescribeServices', asked, self._region, self._account)
        services = found['services'] if status == 200 else []
        return services[0] if services and services[0]['status'] == 'ACTIVE' else {}

    def exists(self, cluster: str, service: str, /) -> bool:
        return bool(self._described(cluster, service))

    def desired(self, cluster: str, service: str, /) -> int:
        return int(self._described(cluster, service).get('desiredCount', 0))

    def is_rolling_out(self, cluster: str, service: str, /) -> bool:
        deployments = self._described(cluster, service).get('deployments', ())
        return any(deployment['rolloutState'] == 'IN_PROGRESS' for deployment in deployments)

    def serves(self, cluster: str, service: str, label: str, /) -> bool:
        balancer, _, group = label.partition('/targetgroup/')
        attached = [each['targetGroupArn'] for each in self._described(cluster, service).get('loadBalancers', ())]
        groups = elbv2_backends[self._account][self._region].target_groups
        return any(
            arn.endswith(f':targetgroup/{group}')
            and arn in groups
            and any(leading.endswith(f':loadbalancer/{balancer}') for leading in groups[arn].load_balancer_arns)
            for arn in attached
        )

    def scale(self, cluster: str, service: str, count: int, /) -> None:
        self._ecs.scale(cluster, service, count, region=self._region, account=self._account)


def _alarm(found: Any) -> Alarm:
    """An alarm of moto's."""
    dimensions = [{'Name': each.name, 'Value': each.value} for each in found.dimensions]
    return Alarm(
        name=found.name,
        metric={'Namespace': found.namespace, 'MetricName': found.metric_name, 'Dimensions': dimensions},
        statistic=found.statistic,
        threshold=float(found.threshold),
        comparison=found.comparison_operator,
        periods=math.ceil(int(found.evaluation_periods) * int(found.period) / 60),
    )


class _CloudWatch:
    """The metrics of one region."""

    def __init__(self, account: str, region: str):
        self._account = account
        self._region = region

    def alarms(self, policy: str, /) -> list[Alarm]:
        found = cloudwatch_backends[self._account][self._region].alarms.values()
        return [_alarm(alarm) for alarm in found if policy in alarm.alarm_actions and alarm.metric_name]

    def values(self, metric: Mapping[str, Any], statistic: str, start: float, end: float, /) -> list[float]:
        query = {'Id': 'm', 'MetricStat': {'Metric': dict(metric), 'Period': 60, 'Stat': statistic}, 'ReturnData': True}
        # moto's times are in UTC, without their zone.
        begin, close = (datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at in (start, end))
        [found] = cloudwatch_backends[self._account][self._region].get_metric_data([query], begin, close)
        return [float(value) for value in found['values']]
