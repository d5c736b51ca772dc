"""An AWS of recorded answers for rehearsals: it has what a test puts into it, and counts the questions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stack.errors import AwsFailed
from stack.rehearsal.facts import Image, Instance, Quotas, Role, Secret, Subnet
from stack.stackfile.images import ImageReference

ACCOUNT, REGION = '123456789012', 'eu-west-1'
REGISTRY = f'{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com'

CURRENT = Secret(stages={'v1': ('AWSCURRENT',)})
BOTH = Image(frozenset({'amd64', 'arm64'}), is_index=True)
X86 = Instance('x86_64', cpu=2048, memory=4096, free_cpu=2048, free_memory=4096)


def trust(**statement: Any) -> dict[str, Any]:
    """A trust policy of one statement, which by default lets ECS start tasks with the role."""
    usual = {'Effect': 'Allow', 'Action': 'sts:AssumeRole', 'Principal': {'Service': 'ecs-tasks.amazonaws.com'}}
    return {'Version': '2012-10-17', 'Statement': [usual | statement]}


def arn_of_role(name: str) -> str:
    return f'arn:aws:iam::{ACCOUNT}:role/{name}'


@dataclass
class KnownFacts:
    """`stack.rehearsal.facts.Facts` from memory. `failures`: by question, what AWS refuses it with."""

    images: dict[str, Image] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    parameter_names: set[str] = field(default_factory=set)
    roles: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    permitted: set[tuple[str, str]] = field(default_factory=set)
    log_groups: set[str] = field(default_factory=set)
    certificates: dict[str, str] = field(default_factory=dict)
    known_subnets: dict[str, Subnet] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    machines: list[Instance] = field(default_factory=list)
    tasks: dict[str, int] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    rules_of: dict[str, int] = field(default_factory=dict)
    failures: dict[str, AwsFailed] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def _ask(self, question: str) -> None:
        self.asked[question] += 1
        if question in self.failures:
            raise self.failures[question]

    async def image(self, reference: ImageReference) -> Image | None:
        self._ask('image')
        return self.images.get(str(reference))

    async def secret(self, arn: str) -> Secret | None:
        self._ask('secret')
        return self.secrets.get(arn)

    async def parameters(self, names: frozenset[str], region: str | None) -> frozenset[str]:
        self._ask('parameters')
        return names & self.parameter_names

    async def role(self, arn: str) -> Role | None:
        self._ask('role')
        return Role(arn, self.roles[arn]) if arn in self.roles else None

    async def may(self, role: str, action: str, resource: str) -> bool:
        self._ask('may')
        return (role, action) in self.permitted

    async def has_log_group(self, name: str, region: str | None) -> bool:
        self._ask('has_log_group')
        return name in self.log_groups

    async def certificate(self, arn: str) -> str | None:
        self._ask('certificate')
        return self.certificates.get(arn)

    async def subnets(self, ids: frozenset[str]) -> Mapping[str, Subnet]:
        self._ask('subnets')
        return {name: subnet for name, subnet in self.known_subnets.items() if name in ids}

    async def security_groups(self, ids: frozenset[str]) -> Mapping[str, str]:
        self._ask('security_groups')
        return {name: vpc for name, vpc in self.groups.items() if name in ids}

    async def instances(self, cluster: str) -> Sequence[Instance]:
        self._ask('instances')
        return self.machines

    async def running(self, cluster: str, services: frozenset[str]) -> Mapping[str, int]:
        self._ask('running')
        return {name: count for name, count in self.tasks.items() if name in services}

    async def quotas(self) -> Quotas:
        self._ask('quotas')
        return Quotas(self.limits, self.used)

    async def rules(self, balancer: str) -> int:
        self._ask('rules')
        return self.rules_of.get(balancer, 0)
