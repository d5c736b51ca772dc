"""A plan as text: for a terminal, and in one line for a chat. Secrets are masked in both."""

from collections.abc import Iterable, Iterator
from typing import Any

from stack.reconcile.plan import Change, Plan, Row
from stack.runtime.masking import MASK, is_concealed, masked, masked_text

_SIGNS = {'create': '+', 'update': '~', 'replace': '±', 'run': '»', 'destroy': '-'}
_COLOURS = {'create': 32, 'update': 33, 'replace': 35, 'run': 36, 'destroy': 31}
_DONE = {
    'create': 'to create',
    'update': 'to update',
    'replace': 'to replace',
    'run': 'to run',
    'destroy': 'to destroy',
}
LONGEST_VALUE = 120


def plan_lines(plan: Plan, seconds: float, colour: bool = False) -> Iterator[str]:
    """The whole plan for a terminal; `seconds` is what it is expected to take."""
    yield f'Plan {plan.id} for {plan.cluster}: {headline(plan, seconds)}'
    for row in plan.rows:
        if row.action != 'nothing':
            yield _coloured(f'{_SIGNS[row.action]} {row.service}', _COLOURS[row.action], colour) + f'  {row.action}'
            yield from (f'    {change_text(each)}' for each in row.changes)
    if len(plan.waves) > 1:
        yield f'Waves: {waves_text(plan)}'
    for note in plan.notes:
        yield f'! {note.service + ": " if note.service else ""}{masked_text(note.text)}'
    if plan.unmanaged:
        yield f'Not managed, and left alone: {", ".join(plan.unmanaged)}'
    for number, step in enumerate(plan.steps, start=1):
        yield f'{number:4}. {masked_text(step.text)}  ({step.kind}{"; interrupts requests" if step.interrupts else ""})'


def waves_text(plan: Plan) -> str:
    """The order of the rollouts, as `1. database; 2. api, worker`; empty where all begin at once."""
    if len(plan.waves) < 2:
        return ''
    return '; '.join(f'{number}. {", ".join(wave)}' for number, wave in enumerate(plan.waves, start=1))


def headline(plan: Plan, seconds: float) -> str:
    """How much there is to do, as `1 service to create, 2 services to update; 9 steps, about 12 s`."""
    if not plan.steps:
        return 'nothing to do.'
    counts = [(sum(row.action == action for row in plan.rows), done) for action, done in _DONE.items()]
    parts = [f'{_many(count, "service")} {done}' for count, done in counts if count]
    return f'{", ".join(parts) or "parts to tidy up"}; {_many(len(plan.steps), "step")}, about {duration(seconds)}'


def _many(count: int, what: str) -> str:
    return f'{count} {what}{"" if count == 1 else "s"}'


def duration(seconds: float) -> str:
    """Seconds as `12 s`, `3 min 5 s` or `1 h 2 min`."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f'{whole} s'
    if whole < 3600:
        return f'{whole // 60} min {whole % 60} s'
    return f'{whole // 3600} h {whole % 3600 // 60} min'


def in_brief(rows: Iterable[Row], most: int = 5) -> str:
    """The changes of the services, as `web: image a:1 → a:2; mailer: create; and 2 more`."""
    moved = [row for row in rows if row.action != 'nothing']
    parts = []
    for row in moved[:most]:
        texts = (change_text(change, variables=False) for change in row.changes[:3])
        changes = ', '.join(texts) if row.action == 'update' else row.action
        parts.append(f'{row.service}: {changes or row.action}')
    return '; '.join(parts) + (f'; and {len(moved) - most} more' if len(moved) > most else '')


def change_text(change: Change, *, variables: bool = True) -> str:
    """One difference, as `image a:1 → a:2`; without the values of secrets, and without `variables` of no variable."""
    shown = masked(change.to_json())
    if MASK in (shown['before'], shown['after']) or (not variables and is_concealed(change.path)):
        how = 'added' if change.before is None else 'removed' if change.after is None else 'changed'
        return f'{change.path} {how}'
    return f'{change.path} {_value(shown["before"])} → {_value(shown["after"])}'


def _value(value: Any) -> str:
    if value is None:
        return '–'
    text = ', '.join(map(_value, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + '…'


def _coloured(text: str, code: int, colour: bool) -> str:
    return f'\x1b[{code}m{text}\x1b[0m' if colour else text
