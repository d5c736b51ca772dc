"""Interfaces of the embedded ECS to the rest of AWS: images, target groups, secrets, roles, logs, alarms and Cloud Map.

With the defaults here everything exists and nothing is stored, so that the core runs without moto. `moto_ports`
implements them with moto's backends.
"""

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from stack.sandbox.telemetry.log_lines import LogSource


class Image(NamedTuple):
    """An image that is there; `tags` decide what becomes of its containers."""

    digest: str
    tags: tuple[str, ...]


class TargetGroup(NamedTuple):
    """`attached` once a listener leads to it; times in seconds."""

    target_type: str = 'instance'
    attached: bool = True
    interval: float = 30
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2


class Images(Protocol):
    def find(self, reference: str) -> Image | None: ...


class Targets(Protocol):
    def group(self, arn: str) -> TargetGroup | None: ...

    def register(self, arn: str, target: str, port: int) -> None: ...

    def health(self, arn: str, target: str, port: int, state: str, reason: str) -> None: ...

    def deregister(self, arn: str, target: str, port: int) -> None: ...

    def leads(self, rule: str, arn: str) -> bool:
        """Whether a rule, or the default of a listener, names a target group."""
        ...

    def weigh(self, rule: str, weights: dict[str, int]) -> None:
        """Have a rule forward to target groups by these weights."""
        ...


class Alarms(Protocol):
    def triggered(self, names: list[str]) -> list[str]:
        """Those of the alarms that are in ALARM."""
        ...


class Secrets(Protocol):
    def exists(self, value_from: str) -> bool: ...


class Roles(Protocol):
    def may_assume(self, role: str, service: str) -> bool: ...

    def may_do(self, role: str, action: str) -> bool: ...


class Logs(Protocol):
    def has_group(self, group: str) -> bool: ...

    def write(self, group: str, stream: str, at: float, lines: list[str]) -> None: ...

    def begin(self, group: str, stream: str, source: LogSource) -> None: ...

    def end(self, group: str, stream: str, at: float) -> None: ...


class Registry(Protocol):
    def has(self, arn: str) -> bool: ...

    def has_namespace(self, namespace: str) -> bool: ...

    def register(self, arn: str, instance: str, attributes: dict[str, str]) -> None: ...

    def deregister(self, arn: str, instance: str) -> None: ...


def tags_of(reference: str) -> tuple[str, ...]:
    """The tag that a reference names; nothing where it names a digest alone, `latest` where it names neither."""
    name, _, digest = reference.partition('@')
    _, colon, tag = name.rpartition('/')[2].partition(':')
    return (tag,) if colon else () if digest else ('latest',)


class AnyImage:
    """Every image is there; its digest follows from its name."""

    def find(self, reference: str) -> Image | None:
        _, at, digest = reference.partition('@')
        return Image(digest if at else f'sha256:{hashlib.sha256(reference.encode()).hexdigest()}', tags_of(reference))


class AnyTarget:
    def group(self, arn: str) -> TargetGroup | None:
        return TargetGroup()

    def register(self, arn: str, target: str, port: int) -> None:
        pass

    def health(self, arn: str, target: str, port: int, state: str, reason: str) -> None:
        pass

    def deregister(self, arn: str, target: str, port: int) -> None:
        pass

    def leads(self, rule: str, arn: str) -> bool:
        return True

    def weigh(self, rule: str, weights: dict[str, int]) -> None:
        pass


class NoAlarm:
    def triggered(self, names: list[str]) -> list[str]:
        return []


class AnySecret:
    def exists(self, value_from: str) -> bool:
        return True


class AnyRole:
    def may_assume(self, role: str, service: str) -> bool:
        return True

    def may_do(self, role: str, action: str) -> bool:
        return True


class AnyLog:
    def has_group(self, group: str) -> bool:
        return True

    def write(self, group: str, stream: str, at: float, lines: list[str]) -> None:
        pass

    def begin(self, group: str, stream: str, source: LogSource) -> None:
        pass

    def end(self, group: str, stream: str, at: float) -> None:
        pass


class AnyRegistry:
    def has(self, arn: str) -> bool:
        return True

    def has_namespace(self, namespace: str) -> bool:
        return True

    def register(self, arn: str, instance: str, attributes: dict[str, str]) -> None:
        pass

    def deregister(self, arn: str, instance: str) -> None:
        pass


@dataclass(frozen=True)
class Ports:
    """The ports of one account and region."""

    images: Images = field(default_factory=AnyImage)
    targets: Targets = field(default_factory=AnyTarget)
    secrets: Secrets = field(default_factory=AnySecret)
    logs: Logs = field(default_factory=AnyLog)
    registry: Registry = field(default_factory=AnyRegistry)
    roles: Roles = field(default_factory=AnyRole)
    alarms: Alarms = field(default_factory=NoAlarm)
