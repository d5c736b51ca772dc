"""Side effects of a change: what the pass after it does to services beyond the change itself.

Two lists of rows are compared: what a pass would do for the stored document, and for the changed one. What is in both
happens because of the change's announcement, and not because of its content.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stack.reconcile.plan import Action, Change, Row

# lost: it runs, and the desired state does not declare it · changed: it runs otherwise than declared · the others are
# of a whole service
Effect = Literal['lost', 'changed', 'replaced', 'created', 'run', 'destroyed']

_OF_SERVICE: dict[Action, Effect] = {
    'replace': 'replaced',
    'create': 'created',
    'run': 'run',
    'destroy': 'destroyed',
}
_ORDER: tuple[Effect, ...] = ('lost', 'destroyed', 'replaced', 'changed', 'created', 'run')

# Names that another program gave a task definition, which carry no behaviour.
_NAMES = frozenset({'family', 'container_name'})

_TEXT: dict[Effect, str] = {
    'lost': '{service} loses {path}, which runs and is not declared',
    'changed': '{service}: {path} becomes what is declared',
    'replaced': '{service} is deleted and created again',
    'created': '{service} is created',
    'run': '{service} runs its task',
    'destroyed': '{service} is destroyed',
}


@dataclass(frozen=True)
class SideEffect:
    """One effect on a service; `path` is the differing field, None where the whole service is concerned."""

    service: str
    effect: Effect
    path: str | None = None
    before: Any = None
    after: Any = None

    @property
    def message(self) -> str:
        """The effect as a sentence, without values."""
        return _TEXT[self.effect].format(service=self.service, path=self.path)

    def brief(self) -> dict[str, Any]:
        """The effect without its values, for records."""
        return {'service': self.service, 'path': self.path, 'effect': self.effect}

    def to_json(self) -> dict[str, Any]:
        return {**self.brief(), 'before': self.before, 'after': self.after, 'message': self.message}


def side_effects(
    stored: Iterable[Row], changed: Iterable[Row], touched: Collection[str] = ()
) -> tuple[SideEffect, ...]:
    """The effects that both lists of rows have, losses first: those of the stored document and of the changed one.

    A service that the change touches is created, or runs its task, because of the change.
    """
    before = {row.service: row for row in stored}
    effects = [effect for row in changed if row.service in before for effect in _shared(before[row.service], row)]
    beside = [effect for effect in effects if effect.service not in touched or effect.effect not in ('created', 'run')]
    return tuple(sorted(beside, key=lambda effect: _ORDER.index(effect.effect)))


def losses(effects: Iterable[SideEffect]) -> list[SideEffect]:
    """The effects by which something that runs, and is not declared, would go."""
    return [effect for effect in effects if effect.effect == 'lost']


def _shared(stored: Row, changed: Row) -> Sequence[SideEffect]:
    of_service = _OF_SERVICE.get(changed.action)
    if of_service is not None:
        return [SideEffect(changed.service, of_service)] if stored.action == changed.action else []
    return [_of_field(changed.service, change) for change in changed.changes if _counts(change, stored)]


def _counts(change: Change, stored: Row) -> bool:
    is_mark = change.path == 'tags' and change.before is None
    return change in stored.changes and change.path not in _NAMES and not is_mark


def _of_field(service: str, change: Change) -> SideEffect:
    effect: Effect = 'lost' if is_empty(change.after) else 'changed'
    return SideEffect(service, effect, change.path, change.before, change.after)


def is_empty(value: Any) -> bool:
    """Whether a value of a document means that nothing is declared."""
    return value is None or value == [] or value == {}
