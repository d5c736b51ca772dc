"""A draft of a plan: the steps and notes of one service, in the order in which they are added."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stack.reconcile import names
from stack.reconcile.names import Owner
from stack.reconcile.plan import Change, Joined, Note, ResultOf, Step, Until


class Blocked(Exception):
    """A condition that needs a person: the service gets a note and no steps."""

    @property
    def note(self) -> str:
        return f'Nothing is planned for it. {self}'


class NotBegun(Blocked):
    """A rollout that must not begin, for a reason that its text states in full."""

    @property
    def note(self) -> str:
        return str(self)


@dataclass
class Draft:
    """The steps of one service, or of the whole cluster where the owner names no service.

    `records`: every record (zone, name) that the desired state names for any service; none of them is deleted.
    `scope`: begins the ids of steps, to tell several parts of one kind apart.
    """

    owner: Owner
    records: frozenset[tuple[str, str]] = frozenset()
    steps: list[Step] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    scope: str = ''

    @property
    def service(self) -> str:
        """The name of the service; empty where the steps are for the whole cluster."""
        return self.owner.service or ''

    def add(
        self,
        name: str,
        kind: str,
        text: str,
        arguments: Mapping[str, Any],
        *,
        after: Iterable[str | None] = (),
        why: Iterable[Change] = (),
        until: Until | None = None,
        not_yet: tuple[str, ...] = (),
        already: tuple[str, ...] = (),
        later: bool = False,
        interrupts: bool = False,
    ) -> str:
        """Add a step and return its id. `after`: ids of steps that come first; None is ignored."""
        service = self.owner.service
        depends_on = tuple(dict.fromkeys(step_id for step_id in (*after, *_mentioned(arguments)) if step_id))
        step = Step(
            f'{service or ""}/{self.scope}{name}',
            kind,
            service,
            text,
            arguments,
            depends_on,
            tuple(why),
            until,
            not_yet,
            already,
            later,
            interrupts,
        )
        self.steps.append(step)
        return step.id

    def wait_for_rollout(self, name: str, text: str, after: Iterable[str | None]) -> str:
        """Add a step that waits until the service has a single deployment, and return its id."""
        return self.add(
            name,
            'ecs:DescribeServices',
            text,
            {'cluster': self.owner.cluster, 'services': [self.service]},
            after=after,
            until=Until('services.0.deployments.1', (None,)),
        )

    def scoped(self, key: str) -> 'Draft':
        """A view of this draft whose steps have `key` in their ids."""
        return replace(self, scope=f'{key}/' if key else '')

    def beside(self, part: str) -> 'Draft':
        """A view of this draft whose steps are those of a second part of one kind."""
        return replace(self, scope=f'{self.scope}{part}/')

    def put_before(self, rollout: Collection[str], added: int, after: Iterable[str | None]) -> None:
        """Let the steps of a rollout come after others; the last `added` steps of the draft are placed before them."""
        ids = [step_id for step_id in after if step_id]
        kept, new = self.steps[: len(self.steps) - added], self.steps[len(self.steps) - added :]
        first = next(place for place, step in enumerate(kept) if step.id in rollout)
        self.steps[:] = [
            *kept[:first],
            *new,
            *(
                replace(step, depends_on=tuple(dict.fromkeys((*step.depends_on, *ids)))) if step.id in rollout else step
                for step in kept[first:]
            ),
        ]

    def take_over(self, what: str, name: str, arn: str, more: Mapping[str, str] | None = None) -> None:
        """Tag a part of a load balancer that Nysa did not create and that has the name that Nysa would choose."""
        self.add(
            f'{what}/take-over',
            'elbv2:AddTags',
            f'Take over the {what.replace("-", " ")} {name}',
            {'ResourceArns': [arn], 'Tags': names.tag_list({**self.owner.tags, **(more or {})})},
            why=[Change('tags', None, self.owner.tags)],
        )

    def note(self, text: str, blocks: bool = False) -> None:
        self.notes.append(Note(self.owner.service, text, blocks=blocks))


def _mentioned(arguments: Any) -> Iterable[str]:
    """The ids of the steps whose results the arguments use."""
    if isinstance(arguments, ResultOf):
        yield arguments.step
    elif isinstance(arguments, Joined):
        yield from _mentioned(arguments.parts)
    elif isinstance(arguments, Mapping):
        for value in arguments.values():
            yield from _mentioned(value)
    elif isinstance(arguments, list | tuple):
        for value in arguments:
            yield from _mentioned(value)
