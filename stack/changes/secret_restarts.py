"""Restarts of services whose secrets changed, where `restart_on_secret_change` asks for them.

Once for each change of a secret, by one replica: the edit that writes the restart refuses where a later restart is in
the document already, and it is applied to the newest document under a conditional write.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.changes.change_request import ChangeRequest
from stack.changes.changes import Changes
from stack.changes.guards import Freeze
from stack.errors import Conflict, NysaError
from stack.rollouts.stale_secrets import StaleSecret
from stack.stackfile.editing import Edit, change_services
from stack.stackfile.effective import services
from stack.stackfile.restarts import instant
from stack.state.revisions import Origin, Revision

log = logging.getLogger(__name__)

# The least time between two such restarts of a service.
LEAST_BETWEEN = timedelta(minutes=15)

BY = 'nysa'
SOURCE = 'secret rotation'

Document = dict[str, Any]


class SecretRestarts:
    """Makes the restarts. `was_deployed` and `frozen` are asked about the current revision."""

    def __init__(
        self,
        changes: Changes,
        read: Callable[[str], Awaitable[Revision]],
        was_deployed: Callable[[Revision], Awaitable[bool]],
        frozen: Callable[[Revision], Awaitable[Freeze | None]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self._changes = changes
        self._read = read
        self._was_deployed = was_deployed
        self._frozen = frozen
        self._now = now

    async def restart(self, cluster: str, service: str, stale: tuple[StaleSecret, ...]) -> None:
        """Restart a service if that is due and permitted; a refusal is logged, and the next check tries again.

        What was stored without deploying it is not deployed by this, and nothing that is undeclared is lost.
        """
        try:
            current = await self._read(cluster)
            if _is_due(current.document, service, _since(stale), self._now()) and await self._may(current):
                await self._make(cluster, service, stale)
        except NysaError as refusal:
            log.warning('%s in %s is not restarted for its changed secrets: %s', service, cluster, refusal)

    async def _may(self, current: Revision) -> bool:
        return await self._was_deployed(current) and await self._frozen(current) is None

    async def _make(self, cluster: str, service: str, stale: tuple[StaleSecret, ...]) -> None:
        now = self._now()

        def edit(document: Document) -> Document:
            if not _is_due(document, service, _since(stale), now):
                raise Conflict(f'{service} is restarted already.')
            return change_services(document, {service: Edit(restart=now)})

        names = ', '.join(each.name for each in stale)
        request = ChangeRequest(Origin(BY, SOURCE, f'{names} changed'), may_lose=False)
        await self._changes.make(cluster, edit, request.change(verb='restart', service=service), request)
        log.info('%s in %s is restarted: %s changed', service, cluster, names)


def _since(stale: tuple[StaleSecret, ...]) -> datetime:
    return max(secret.since for secret in stale)


def _is_due(document: Document, service: str, since: datetime, now: datetime) -> bool:
    """Whether a service that the document has was not restarted after a change, nor less than `LEAST_BETWEEN` ago."""
    settings = next((raw for name, raw in services(document) if name == service), None)
    if settings is None:
        return False
    done = instant(settings.get('restarted_at'))
    return done is None or (done <= since and now - done >= LEAST_BETWEEN)
