"""Plans of changes: the difference to the stored document, the plan for ECS, and the guards that would refuse them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from stack.changes.change_scope import check_scope
from stack.changes.gate import Gate
from stack.changes.preview import NOT_ASKED, Preview, content_id, preview_rows
from stack.errors import AccessDenied, AwsFailed, Conflict, NotFound, Unprocessable
from stack.notify.notifier import Notifier
from stack.reconcile.plan import Note
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


class Previews:
    def __init__(self, gate: Gate, notifier: Notifier, ecs_plan: EcsPlan | None = None):
        self._gate = gate
        self._notifier = notifier
        self._ecs_plan = ecs_plan

    async def preview(
        self,
        cluster: str,
        base: Revision | None,
        before: Document,
        after: Document,
        change: Change,
        warnings: Sequence[Problem],
    ) -> Preview:
        """The plan of a change from one document to another. Raises `TooLarge`, `AwsFailed`."""
        self._notifier.fits(cluster, serialise(after), [change])
        rows, settings = preview_rows(before, after, change.destroyed)
        ecs, reason = await self._against_ecs(cluster, before, after, change)
        also = ecs.pop('also', ()) if ecs else None
        return Preview(
            cluster,
            base.id if base else None,
            rows,
            settings,
            content_id(after),
            ecs,
            reason,
            await self._refusals(cluster, base, before, after, change),
            tuple(warning.detail() for warning in warnings),
            also=also if change.announce else (),
        )

    async def _against_ecs(
        self, cluster: str, before: Document, after: Document, change: Change
    ) -> tuple[dict[str, Any] | None, str | None]:
        """The plan for ECS, or the reason why there is none."""
        if self._ecs_plan is None:
            return None, NOT_ASKED
        try:
            async with asyncio.timeout(COMPARED_WITHIN_S):
                return dict(await self._ecs_plan(cluster, after, change.destroyed, before)), None
        except TimeoutError:
            return None, f'ECS could not be asked about all of {cluster} within {COMPARED_WITHIN_S:.0f} s.'
        except (AwsFailed, NotFound, Unprocessable) as failed:
            return None, failed.message

    async def _refusals(
        self, cluster: str, base: Revision | None, before: Document, after: Document, change: Change
    ) -> tuple[Note, ...]:
        """The guards that would refuse the change now, as notes: a plan is made all the same."""
        guards = await self._gate.guards(cluster, base)
        try:
            check_scope(change, before, after)
            await self._gate.permit(guards, cluster, before, after, change)
        except (AccessDenied, Conflict) as refusal:
            return (Note(None, refusal.message, refusal.code),)
        return ()
