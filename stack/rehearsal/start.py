"""The start of one service's tasks, as checks see it, and the probes that they make."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile.wanted import Wanted
from stack.reconcile.wanted_shared import Shared
from stack.rehearsal.facts import Facts
from stack.rehearsal.finding import Finding, Severity, Unchecked
from stack.rollouts.stop_kinds import StopReason
from stack.stackfile.main_container import main_container

Result = Finding | Unchecked
Results = Iterable[Result]


@dataclass(frozen=True)
class Start:
    """A service of a planned desired state in one cluster and region; `shared` are load balancers that it is behind."""

    cluster: str
    region: str | None
    wanted: Wanted
    shared: tuple[Shared, ...] = ()

    @property
    def service(self) -> str:
        return self.wanted.service

    @property
    def on_fargate(self) -> bool:
        providers = self.providers
        if providers:
            return all(name.startswith('FARGATE') for name in providers)
        return self.wanted.launch_type == 'FARGATE'

    @property
    def providers(self) -> list[str]:
        """The capacity providers of the service."""
        return [each['capacityProvider'] for each in self.wanted.members.get('capacityProviderStrategy') or ()]

    @property
    def architecture(self) -> str | None:
        """The architecture of the task as ECS names it, X86_64 or ARM64; None where the instance decides.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html (Fargate's default is X86_64)
        """
        stated = (self.wanted.definition.get('runtimePlatform') or {}).get('cpuArchitecture')
        return str(stated) if stated else 'X86_64' if self.on_fargate else None

    def containers(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each container with what precedes its fields in a path: nothing for the main one."""
        main = main_container(self.wanted.definition, self.service)
        for container in self.wanted.definition.get('containerDefinitions') or ():
            yield ('' if container is main else f'containers.{container.get("name")}.'), container

    def finding(self, check: str, path: str, reason: StopReason, message: str, severity: Severity = 'error') -> Finding:
        return Finding(self.service, path, check, reason.kind, message, reason.advice, severity)

    def unchecked(self, check: str, path: str, message: str) -> Unchecked:
        return Unchecked(self.service, path, check, message)


@dataclass(frozen=True)
class Probe:
    """One question to AWS for a service; `ask` judges the answer. `path` is the field that it is about."""

    service: str
    check: str
    path: str
    ask: Callable[[Facts], Awaitable[Results]]
