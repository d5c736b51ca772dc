"""The embedded ECS's ports on moto: its ECR, ELBv2, Secrets Manager, SSM, IAM, Logs, alarms and
Cloud Map.

moto is not safe to use from several threads: the caller of `Ecs` with these ports holds the lock that protects
moto.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.ecr.models import ecr_backends
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeRule, FakeTargetGroup, elbv2_backends
from moto.logs.models import LogsBackend, LogStream, logs_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.servicediscovery.models import servicediscovery_backends
from moto.ssm.models import ssm_backends

from stack.sandbox import moto_iam, moto_logs
from stack.sandbox.ecs.ports import AnyImage, Image, Ports, TargetGroup, tags_of
from stack.sandbox.moto_elbv2 import forwards, weigh
from stack.sandbox.patching import replace
from stack.sandbox.telemetry.log_lines import LogSource

_ECR = re.compile(r'(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)(?::([^@]+))?(?:@(.+))?')
# Where a target group keeps what ECS knows about its targets: `ID:PORT` → (state, reason). It is part of moto's
# object, so that it lasts as long as that does.
_STATES = 'ecs_target_states'


def ports(account: str, region: str) -> Ports:
    """The ports of one account and region."""
    _show_target_states()
    return Ports(
        MotoImages(),
        MotoTargets(account, region),
        MotoSecrets(account, region),
        MotoLogs(account, region),
        MotoRegistry(account, region),
        MotoRoles(account),
        MotoAlarms(account, region),
    )


class MotoImages:
    """ECR's images; images of other registries are always there."""

    def find(self, reference: str) -> Image | None:
        match = _ECR.fullmatch(reference)
        if match is None:
            return AnyImage().find(reference)
        account, region, name, tag, digest = match.groups()
        try:
            repository = ecr_backends[account][region].repositories.get(name)
        except KeyError:
            # AWS has no such region.
            return None
        for image in repository.images if repository else []:
            tags = tuple(image.image_tags)
            if digest:
                if image.get_image_digest() == digest:
                    return Image(digest, (tag,) if tag else tags)
            elif (tag or 'latest') in tags:
                return Image(image.get_image_digest(), tags_of(reference))
        return None


class MotoTargets:
    """ELBv2's target groups. moto knows a target by its id alone; ours are kept by id and port."""

    def __init__(self, account: str, region: str):
        self._account = account
        self._region = region

    @property
    def _backend(self) -> ELBv2Backend:
        return elbv2_backends[self._account][self._region]

    def _group(self, arn: str) -> FakeTargetGroup | None:
        return self._backend.target_groups.get(arn)

    def group(self, arn: str) -> TargetGroup | None:
        group = self._group(arn)
        if group is None:
            return None
        return TargetGroup(
            target_type=group.target_type,
            attached=bool(group.load_balancer_arns),
            interval=float(group.health_check_interval_seconds),
            healthy_threshold=int(group.healthy_threshold_count),
            unhealthy_threshold=int(group.unhealthy_threshold_count),
        )

    def register(self, arn: str, target: str, port: int) -> None:
        group = self._group(arn)
        if group is not None:
            group.targets[f'{target}:{port}'] = {'Id': target, 'Port': port}

    def health(self, arn: str, target: str, port: int, state: str, reason: str) -> None:
        group = self._group(arn)
        if group is not None:
            vars(group).setdefault(_STATES, {})[f'{target}:{port}'] = (state, reason)

    def deregister(self, arn: str, target: str, port: int) -> None:
        group = self._group(arn)
        if group is not None:
            group.targets.pop(f'{target}:{port}', None)
            vars(group).get(_STATES, {}).pop(f'{target}:{port}', None)

    def leads(self, rule: str, arn: str) -> bool:
        found = self._rule(rule)
        return found is not None and any(arn == group for action in found.actions for group, _ in forwards(action.data))

    def weigh(self, rule: str, weights: dict[str, int]) -> None:
        found = self._rule(rule)
        if found is not None:
            weigh(self._backend, found, weights)

    def _rule(self, arn: str) -> FakeRule | None:
        """A rule, or the default one of a listener."""
        listeners = (each for one in self._backend.load_balancers.values() for each in one.listeners.values())
        rules = ((listener, rule) for listener in listeners for rule in listener.rules.values())
        return next((r for listener, r in rules if arn == r.arn or (arn == listener.arn and r.is_default)), None)


class MotoAlarms:
    """CloudWatch's alarms; SetAlarmState sets them off."""

    def __init__(self, account: str, region: str):
        self._account = account
        self._region = region

    def triggered(self, names: list[str]) -> list[str]:
        known = cloudwatch_backends[self._account][self._region].alarms
        return [name for name in names if name in known and known[name].state_value == 'ALARM']


class MotoSecrets:
    """Secrets Manager's secrets and SSM's parameters, by whatever `valueFrom` names them with."""

    def __init__(self, account: str, region: str):
        self._account = account
        self._region = region

    def exists(self, value_from: str) -> bool:
        if ':secretsmanager:' not in value_from:
            return ssm_backends[self._account][self._region].get_parameter(value_from) is not None
        # After the secret's own name there may be `:json-key:version-stage:version-id`.
        arn = ':'.join(value_from.split(':')[:7])
        secrets = secretsmanager_backends[self._account][self._region].secrets
        return arn in secrets and not secrets[arn].is_deleted()


class MotoRoles:
    """IAM's roles, as `moto_iam` answers for them."""

    def __init__(self, account: str):
        self._account = account

    def may_assume(self, role: str, service: str) -> bool:
        return moto_iam.may_assume(self._account, role, service)

    def may_do(self, role: str, action: str) -> bool:
        return moto_iam.may_do(self._account, role, action)


class MotoLogs:
    def __init__(self, account: str, region: str):
        self._account = account
        self._region = region

    @property
    def _backend(self) -> LogsBackend:
        return logs_backends[self._account][self._region]

    def has_group(self, group: str) -> bool:
        return group in self._backend.groups

    def write(self, group: str, stream: str, at: float, lines: list[str]) -> None:
        events = [{'timestamp': int(at * 1000), 'message': line} for line in lines]
        self._stream(group, stream).put_log_events(events)

    def begin(self, group: str, stream: str, source: LogSource) -> None:
        moto_logs.set_source(self._stream(group, stream), source)

    def end(self, group: str, stream: str, at: float) -> None:
        moto_logs.end_source(self._stream(group, stream), at)

    def _stream(self, group: str, stream: str) -> LogStream:
        self._backend.ensure_log_group(group)
        self._backend.ensure_log_stream(group, stream)
        return self._backend.groups[group].streams[stream]


class MotoRegistry:
    """Cloud Map's instances. Those of a service that has been deleted went with it."""

    def __init__(self, account: str, region: str):
        self._account = account
        self._region = region

    def _service(self, arn: str) -> Any:
        return servicediscovery_backends[self._account][self._region].services.get(arn.rpartition('/')[2])

    def has(self, arn: str) -> bool:
        return self._service(arn) is not None

    def has_namespace(self, namespace: str) -> bool:
        """Whether there is a namespace of that name or ARN."""
        known = servicediscovery_backends[self._account][self._region].namespaces.values()
        return any(namespace in (found.name, found.arn) for found in known)

    def register(self, arn: str, instance: str, attributes: dict[str, str]) -> None:
        service = self._service(arn)
        if service is not None:
            backend = servicediscovery_backends[self._account][self._region]
            backend.register_instance(service.id, instance, instance, attributes)

    def deregister(self, arn: str, instance: str) -> None:
        service = self._service(arn)
        if service is not None and any(i.instance_id == instance for i in service.instances):
            servicediscovery_backends[self._account][self._region].deregister_instance(service.id, instance)


@cache
def _show_target_states() -> None:
    """Have moto's DescribeTargetHealth report ECS's view; to moto every target is healthy from the start."""
    moto_health_for: Callable[..., FakeHealthStatus] = FakeTargetGroup.health_for

    def health_for(self: FakeTargetGroup, target: dict[str, Any], ec2_backend: Any) -> FakeHealthStatus:
        known = vars(self).get(_STATES, {}).get(f'{target["Id"]}:{target.get("Port")}')
        if known is None:
            return moto_health_for(self, target, ec2_backend)
        state, reason = known
        return FakeHealthStatus(target['Id'], target['Port'], self.health_check_port, state, reason or None)

    replace(FakeTargetGroup, 'health_for', health_for)
