"""A service in the making, and the document of all of them, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stack.changes.adopt.found import ordered
from stack.reconcile.plan import Note
from stack.stackfile.check import check

# A service needs them: a mistake in them is stated, and left for the author to correct. So is one that needs another
# field, as `vpc` or a role.
REQUIRED = ('image', 'launch_type')

# Mistakes are corrected one by one; a document has fewer fields than this.
MOST_ROUNDS = 500


@dataclass(frozen=True)
class Conversion:
    """A stackfile, notes on what has no counterpart, and what its author must still fill in."""

    document: dict[str, Any]
    notes: tuple[Note, ...] = ()
    missing: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The notes as text, those to complete first."""
        shown = (f'{note.service}: {note.text}' if note.service else note.text for note in self.notes)
        return [*(f'COMPLETE: {text}' for text in self.missing), *shown]


@dataclass
class Draft:
    """The settings of a service, and the keys of its source that are not converted yet."""

    name: str
    source: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def take(self, *keys: str) -> Any:
        """The value of the first key that the source has; all of them count as converted."""
        values = [self.source.pop(key) for key in keys if key in self.source]
        return next((value for value in values if value is not None), None)

    def put(self, name: str, value: Any) -> None:
        """Set a field, unless the value is empty."""
        if value is not None and value not in ([], {}, ''):
            self.settings[name] = value

    def note(self, text: str) -> None:
        self.notes.append(Note(self.name, text))

    def note_rest(self) -> None:
        """Note every key of the source that was not converted."""
        for key, value in self.source.items():
            if value not in (None, [], {}, ''):
                self.note(f'{key} is not carried over: a stackfile has no counterpart.')
        self.source = {}


def mapping(value: Any) -> dict[str, Any]:
    """A mapping with text keys; empty for anything else."""
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


def pairs(value: Any) -> dict[str, Any]:
    """A mapping, or a list of `KEY=value`; a key without a value has None."""
    if isinstance(value, list):
        split = (str(item).partition('=') for item in value)
        return {name: text if equals else None for name, equals, text in split}
    return mapping(value)


def items(value: Any) -> list[Any]:
    """A list, or one value as a list; empty for None."""
    return value if isinstance(value, list) else [] if value is None else [value]


def finished(drafts: Sequence[Draft], top: Mapping[str, Any], notes: Sequence[Note] = ()) -> Conversion:
    """The document of all services. A field with a mistake is left out with a note; a required one is stated."""
    document = {**top, 'services': [{draft.name: ordered(draft.settings)} for draft in drafts]}
    collected = [*notes, *(note for draft in drafts for note in draft.notes)]
    for _ in range(MOST_ROUNDS):
        removed = next(
            (
                note
                for mistake in check(document).mistakes
                if (note := _leave_out(document, mistake.path, mistake.message))
            ),
            None,
        )
        if removed is None:
            break
        collected.append(removed)
    missing = tuple(f'{_shown(mistake.path)}: {mistake.message}' for mistake in check(document).mistakes)
    return Conversion(document, tuple(collected), missing)


def _leave_out(document: dict[str, Any], path: Sequence[Any], message: str) -> Note | None:
    """Remove the field of a service that a path leads to; None where it must stay."""
    match path:
        case ('services', int(index), str(name), str(field), *_) if field not in REQUIRED and ' needs ' not in message:
            settings = document['services'][index][name]
            if field in settings:
                del settings[field]
                return Note(name, f'{field} is left out: {message}.')
    return None


def _shown(path: Sequence[Any]) -> str:
    match path:
        case ('services', int(), str(name), *below):
            return '.'.join(map(str, (name, *below)))
    return '.'.join(map(str, path)) or 'the document'
