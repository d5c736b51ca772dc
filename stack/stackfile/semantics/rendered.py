"""What a service renders, and where the stackfile states a member of it.

The rules on it find what ECS refuses, whether a field or the pass-through states it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stack.stackfile.container_fields import Sidecar
from stack.stackfile.effective import without_incomplete
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.places import Path
from stack.stackfile.rendering import Context, place_of
from stack.stackfile.semantics.pass_through import field_of
from stack.stackfile.semantics.rules import Finding, Subject
from stack.stackfile.task_definition import register_arguments
from stack.stackfile.values import deeply_merged

# A region for `awslogs`, which gets that of the cluster.
_REGION = 'us-east-1'


@dataclass(frozen=True)
class Member:
    """A member that ECS refuses: its structure, the path in it, and the container where it is one of a container."""

    place: str
    path: Path
    container: str = ''


Refusal = tuple[Member, str]
RenderedRule = Callable[['Rendered'], Iterator[Refusal]]


@dataclass(frozen=True)
class Rendered:
    """The arguments of RegisterTaskDefinition and CreateService that a service renders, without its own resources."""

    settings: ServiceSettings
    definition: Mapping[str, Any]
    service: Mapping[str, Any]

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        return list(self.definition['containerDefinitions'])

    @property
    def network_mode(self) -> str:
        return str(self.definition.get('networkMode') or 'bridge')

    @property
    def is_of_fargate(self) -> bool:
        """Whether ECS checks the definition for Fargate."""
        return 'FARGATE' in (self.definition.get('requiresCompatibilities') or ())

    @property
    def launch_type(self) -> str:
        """FARGATE, EC2 or EXTERNAL, also for capacity providers."""
        if self.settings.on_fargate:
            return 'FARGATE'
        return 'EC2' if self.settings.capacity_providers else str(self.service.get('launchType', 'EC2'))


def refusals(subject: Subject, rules: tuple[RenderedRule, ...]) -> list[Finding]:
    """The findings of the rules on what a service renders, with whole paths.

    Parts with a wrong shape render nothing, and are not reported again.
    """
    settings = without_incomplete(subject.settings)
    members = place_of(settings, 'service', Context(subject.cluster or '', settings))
    rendered = Rendered(
        settings,
        register_arguments(subject.cluster or '', settings, _REGION),
        deeply_merged(members, settings.ecs.service) if settings.ecs else members,
    )
    found = []
    for rule in rules:
        for member, message in rule(rendered):
            path = _path(settings, member)
            names = tuple(part for part in path if isinstance(part, str))
            if not any(names[: len(faulty)] == faulty for faulty in subject.faulty):
                found.append((subject.where(path), message))
    return found


def _path(settings: ServiceSettings, member: Member) -> Path:
    """The path in the stackfile, below the service, of a member."""
    prefix: Path = ()
    stated: Any = settings
    for i, sidecar in enumerate(settings.containers):
        if isinstance(sidecar, Sidecar) and sidecar.name == member.container:
            prefix, stated = ('containers', i, sidecar.name), sidecar
    passed: Any = getattr(stated.ecs, member.place, {}) if stated.ecs else {}
    if not member.place:
        return (*prefix, *member.path)
    if not member.path or member.path[0] not in passed:
        return (*prefix, field_of(member.place, member.path)) if member.path else prefix
    found: list[str | int] = []
    for part in member.path:
        if not (isinstance(passed, Mapping) and part in passed) and not (
            isinstance(passed, list) and isinstance(part, int) and part < len(passed)
        ):
            break
        passed = passed[part]  # type: ignore[index]  # a mapping with the key, or a list with the index
        found.append(part)
    return (*prefix, 'ecs', member.place, *found)
