"""What a rehearsal asks of AWS: values, and the Protocol of the adapter. Never the value of a secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from stack.stackfile.images import ImageReference


@dataclass(frozen=True)
class Image:
    """An image in ECR. `platforms` are its processor architectures in Docker's words, as `arm64`; empty where unknown.

    `is_index`: a manifest list, of which Docker chooses the image of the host's platform.
    """

    architectures: frozenset[str] = frozenset()
    is_index: bool = False


@dataclass(frozen=True)
class Secret:
    """A secret; `stages` are the labels of each version, by version id."""

    is_deleted: bool = False
    stages: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Role:
    """An IAM role with its trust policy."""

    arn: str
    trust: Mapping[str, Any]


@dataclass(frozen=True)
class Subnet:
    vpc: str
    free_addresses: int


@dataclass(frozen=True)
class Instance:
    """A container instance that accepts tasks: CPU units and MiB, registered and remaining."""

    architecture: str
    cpu: int
    memory: int
    free_cpu: int
    free_memory: int


@dataclass(frozen=True)
class Quotas:
    """The quotas of Elastic Load Balancing by AWS's name, as `target-groups`, and how much is used of some of them."""

    limits: Mapping[str, int]
    used: Mapping[str, int]


class Facts(Protocol):
    """Reads AWS: see `stack.aws.start_facts.StartFacts`. None is what AWS does not have. All raise `AwsFailed`."""

    async def image(self, reference: ImageReference) -> Image | None: ...
    async def secret(self, arn: str) -> Secret | None: ...
    async def parameters(self, names: frozenset[str], region: str | None) -> frozenset[str]: ...
    async def role(self, arn: str) -> Role | None: ...
    async def may(self, role: str, action: str, resource: str) -> bool: ...
    async def has_log_group(self, name: str, region: str | None) -> bool: ...
    async def certificate(self, arn: str) -> str | None: ...
    async def subnets(self, ids: frozenset[str]) -> Mapping[str, Subnet]: ...
    async def security_groups(self, ids: frozenset[str]) -> Mapping[str, str]: ...
    async def instances(self, cluster: str) -> Sequence[Instance]: ...
    async def running(self, cluster: str, services: frozenset[str]) -> Mapping[str, int]: ...
    async def quotas(self) -> Quotas: ...
    async def rules(self, balancer: str) -> int: ...
