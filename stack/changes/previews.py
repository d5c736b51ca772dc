"""Plans of changes: the difference to the stored document, the plan for ECS, and the guards that would refuse them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from stack.aws.ports import PerDesiredState
from stack.changes.change_scope import check_scope
from stack.changes.gate import Gate
from stack.changes.interrupting import check_interruptions
from stack.changes.preview import NOT_ASKED, Preview, content_id, preview_rows
from stack.errors import AccessDenied, AwsFailed, Conflict, NotFound, Unprocessable
from stack.notify.notifier import Notifier
from stack.reconcile.plan import STARTING, Note, Row
from stack.reconcile.plan import Change as FieldChange
from stack.rehearsal.rehearsal import Rehearsal
from stack.runtime.off_loop import call_off_loop
from stack.stackfile.problems import Problem
from stack.state.revision_store import serialise
from stack.state.revisions import Change, Revision

Document = dict[str, Any]

# How long a plan waits for what runs in ECS; without it the plan compares with the stored document only.
COMPARED_WITHIN_S = 40.0


class EcsPlan(Protocol):
    """Plans in ECS: `stack.scheduler.plan_commands.ecs_plan`.

    Gives the plan that turns what runs into a desired state with some services destroyed, as JSON; under `also` it has
    the side effects of changing the stored document to that one.
    """

    async def __call__(
        self, cluster: str, document: Document, destroyed: Sequence[str], stored: Document
    ) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Edited:
    """An edit to plan: the document of a revision, if there is one, before and after a change."""

    cluster: str
    base: Revision | None
    before: Document
    after: Document
    change: Change
    warnings: Sequence[Problem] = ()

    @property
    def stored(self) -> Document | None:
        """The document before the change; None where there is none, or where it cannot be read."""
        return None if self.base is None or self.base.unreadable else self.before


class Previews:
    def __init__(
        self,
        gate: Gate,
        notifier: Notifier,
        ecs_plan: EcsPlan | None = None,
        rehearsals: PerDesiredState[Rehearsal] | None = None,
    ):
        self._gate = gate
        self._notifier = notifier
        self._ecs_plan = ecs_plan
        self._rehearsals = rehearsals

    async def preview(self, edited: Edited) -> Preview:
        """The plan of an edit. Raises `TooLarge`, `AwsFailed`."""
        return await self._preview(edited, *await call_off_loop(_rows, edited))

    async def rehearsed(self, edited: Edited) -> Preview:
        """The plan of an edit, with what would fail when the services that it touches start.

        Raises `TooLarge`, `AwsFailed`, and `InvalidStackfile` for an account or region that it may not have.
        """
        self._gate.check_place(edited.cluster, edited.stored, edited.after)
        if self._rehearsals is None:
            return await self.preview(edited)
        rehearsal = self._rehearsals.planned(edited.cluster, edited.after)
        rows, settings = await call_off_loop(_rows, edited)
        starting = [row.service for row in rows if row.action in STARTING] if edited.change.announce else []
        rehearsing = asyncio.create_task(rehearsal.rehearse(edited.cluster, edited.after, starting))
        try:
            preview = await self._preview(edited, rows, settings)
            quotas = await rehearsal.quotas(edited.cluster, edited.after, (preview.ecs or {}).get('steps', ()))
            return replace(preview, rehearsal=(await rehearsing).beside(quotas))
        finally:
            rehearsing.cancel()

    async def _preview(self, edited: Edited, rows: tuple[Row, ...], settings: tuple[FieldChange, ...]) -> Preview:
        cluster, base, change = edited.cluster, edited.base, edited.change
        self._notifier.fits(cluster, serialise(edited.after), [change])
        ecs, reason = await self._against_ecs(edited)
        also = ecs.pop('also', ()) if ecs else None
        return Preview(
            cluster,
            base.id if base else None,
            rows,
            settings,
            content_id(edited.after),
            ecs,
            reason,
            await self._refusals(edited),
            tuple(warning.detail() for warning in edited.warnings),
            also=also if change.announce else (),
        )

    async def _against_ecs(self, edited: Edited) -> tuple[dict[str, Any] | None, str | None]:
        """The plan for ECS, or the reason why there is none."""
        if self._ecs_plan is None:
            return None, NOT_ASKED
        try:
            async with asyncio.timeout(COMPARED_WITHIN_S):
                plan = await self._ecs_plan(edited.cluster, edited.after, edited.change.destroyed, edited.before)
                return dict(plan), None
        except TimeoutError:
            asked = f'ECS could not be asked about all of {edited.cluster} within {COMPARED_WITHIN_S:.0f} s'
            return None, f'{asked}; the next plan goes on from there.'
        except (AwsFailed, NotFound, Unprocessable) as failed:
            return None, failed.message

    async def _refusals(self, edited: Edited) -> tuple[Note, ...]:
        """The guards that would refuse the change now, as notes: a plan is made all the same."""
        cluster, before, after, change = edited.cluster, edited.before, edited.after, edited.change
        guards = await self._gate.guards(cluster, edited.base)
        try:
            check_scope(change, before, after)
            await call_off_loop(check_interruptions, cluster, change, before, after)
            await self._gate.permit(guards, cluster, before, after, change)
        except (AccessDenied, Conflict) as refusal:
            return (Note(None, refusal.message, refusal.code),)
        return ()


def _rows(edited: Edited) -> tuple[tuple[Row, ...], tuple[FieldChange, ...]]:
    return preview_rows(edited.before, edited.after, edited.change.destroyed)
