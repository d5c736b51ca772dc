"""The plan of a change, before it is made: its effect on the desired state, and on what runs."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stack.errors import UnconfirmedLoss
from stack.reconcile.plan import Change, Note, Row
from stack.reconcile.side_effects import SideEffect
from stack.rehearsal.finding import Rehearsed
from stack.state.diff import difference, summary

# How many losses a refusal's message names.
NAMED = 3

NOT_ASKED = 'This server has no planner, so the effect on what runs is not known.'


@dataclass(frozen=True)
class Preview:
    """What would become of each service. Those that `rows` list as unmanaged go on running, and are left alone.

    `more` are further keys of the answer. `restart` is the time that the change writes, if it writes one. `also` are
    its side effects (`stack.reconcile.side_effects`), None where ECS was not asked. `rehearsal` is what would fail at
    start, None where that was not checked; it is no part of the id, and refuses nothing.
    """

    cluster: str
    revision: str | None
    rows: tuple[Row, ...]
    settings: tuple[Change, ...]
    content: str
    ecs: Mapping[str, Any] | None = None
    ecs_reason: str | None = None
    notes: tuple[Note, ...] = ()
    warnings: tuple[Mapping[str, Any], ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    restart: datetime | None = None
    rehearsal: Rehearsed | None = None
    also: tuple[Mapping[str, Any], ...] | None = None

    @property
    def id(self) -> str:
        """A hash over everything that the preview was made from: it changes where any of that changes.

        Of what runs, it covers the services that the change touches, since others may be rolling out meanwhile, and all
        that would be lost. It contains the time of a restart, so that the very same change can be made later.
        """
        destroyed = [row.service for row in self.rows if row.action == 'destroy']
        made_from = [self.cluster, self.revision, self.content, destroyed, self._in_ecs(), self._lost()]
        digest = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:24]
        return f'{digest}-{self.restart.timestamp() * 1000:.0f}' if self.restart else digest

    def _lost(self) -> list[list[str]]:
        return [[effect['service'], effect['path']] for effect in self.also or () if effect['effect'] == 'lost']

    def _in_ecs(self) -> Any:
        touched = {row.service for row in self.rows if row.action != 'nothing'}
        if self.ecs is None or self.settings or not touched:
            return self.ecs and self.ecs['id']
        rows = [row for row in self.ecs['services'] if row['service'] in touched]
        steps = [[step['id'], step['kind'], step['why']] for step in self.ecs['steps'] if step['service'] in touched]
        return [rows, steps]

    @property
    def summary(self) -> str:
        return summary(self.rows, self.settings)

    @property
    def unmanaged(self) -> list[str]:
        return [row.service for row in self.rows if row.action == 'unmanage']

    def to_json(self) -> dict[str, Any]:
        return {
            **self.more,
            'id': self.id,
            'cluster': self.cluster,
            'revision': self.revision,
            'message': self.summary,
            'summary': self.summary,
            'also': None if self.also is None else list(self.also),
            'services': [row.to_json() for row in self.rows],
            'settings': [change.to_json() for change in self.settings],
            'unmanaged': self.unmanaged,
            'notes': [note.to_json() for note in self.notes],
            'warnings': list(self.warnings),
            'rehearsal': self.rehearsal.to_json() if self.rehearsal else None,
            'ecs': self.ecs,
            'ecs_reason': self.ecs_reason,
        }


def restart_in(plan: str | None) -> datetime | None:
    """The time of a restart that a plan's id contains."""
    match = re.fullmatch(r'[0-9a-f]{24}-([0-9]{12,13})', plan or '')
    return datetime.fromtimestamp(int(match[1]) / 1000, UTC) if match else None


def preview_rows(before: Any, after: Any, destroyed: Sequence[str]) -> tuple[tuple[Row, ...], tuple[Change, ...]]:
    """The rows of a change, and what it changes above the services; what it leaves out is `destroyed` or unmanaged."""
    changed = difference(before, after)
    rows = (
        Row(row.service, 'unmanage') if row.action == 'destroy' and row.service not in destroyed else row
        for row in changed.rows
    )
    return tuple(rows), changed.settings


def refuse_losses(lost: Sequence[SideEffect], plan: Preview) -> UnconfirmedLoss:
    """The refusal of a change that would lose what runs and is not declared; `plan` confirms it."""
    named = ', '.join(f'{effect.service}: {effect.path}' for effect in lost[:NAMED])
    more = f' and {len(lost) - NAMED} more' if len(lost) > NAMED else ''
    return UnconfirmedLoss(
        f'This change would also remove what runs in {plan.cluster} and is not in its desired state: {named}{more}. '
        f'Nothing was changed. Add it to the desired state, or repeat the call with plan={plan.id}.',
        [{'path': f'{effect.service}.{effect.path}', 'message': effect.message} for effect in lost],
        [effect.to_json() for effect in lost],
        plan.to_json(),
    )


def content_id(document: Any) -> str:
    """A hash of a document, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
