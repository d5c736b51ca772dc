"""A plan in the making: the steps and notes for one service, in the order in which they were thought of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.reconcile import names
from stack.reconcile.names import Owner
from stack.reconcile.plan import Change, Note, ResultOf, Step, Until


class Blocked(Exception):
    """Something stands in the way that a person has to see to: nothing is planned for the service but a note."""


@dataclass
class Draft:
    """Collects the steps for one service, or for the whole cluster where the owner names no service.

    `records`: every record (zone, name) that the desired state wants, for whichever service: none of them is deleted.
    """

    owner: Owner
    records: frozenset[tuple[str, str]] = frozenset()
    steps: list[Step] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

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
    ) -> str:
        """Add a step and give its id. `after` are ids of steps that come first; None among them is passed over."""
        service = self.owner.service
        depends_on = tuple(dict.fromkeys(each for each in (*after, *_mentioned(arguments)) if each))
        step = Step(f'{service or ""}/{name}', kind, service, text, arguments, depends_on, tuple(why), until, not_yet)
        self.steps.append(step)
        return step.id

    def take_over(self, what: str, name: str, arn: str) -> None:
        """Mark a part of a load balancer that Nysa did not make, and that has the very name that it would have got."""
        self.add(
            f'{what}/take-over',
            'elbv2:AddTags',
            f'Take over the {what.replace("-", " ")} {name}',
            {'ResourceArns': [arn], 'Tags': names.tag_list(self.owner.tags)},
            why=[Change('tags', None, self.owner.tags)],
        )

    def note(self, text: str, blocks: bool = False) -> None:
        self.notes.append(Note(self.owner.service, text, blocks=blocks))


def _mentioned(arguments: Any) -> Iterable[str]:
    """The ids of the steps whose results the arguments take."""
    if isinstance(arguments, ResultOf):
        yield arguments.step
    elif isinstance(arguments, Mapping):
        for value in arguments.values():
            yield from _mentioned(value)
    elif isinstance(arguments, list | tuple):
        for value in arguments:
            yield from _mentioned(value)
