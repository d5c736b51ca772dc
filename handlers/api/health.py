"""Health, readiness and metrics of the server."""

from handlers.api.operation import operation
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.runtime.masking import masked


class Alive(ApiHandler):
    @operation(Role.PUBLIC, answer='Health')
    async def get(self) -> None:
        """Check that the process answers; no dependency is checked."""
        self.reply({'status': 'ok', 'version': self.context.version})


class Ready(ApiHandler):
    @operation(Role.PUBLIC, answer='Readiness', refusals=(503,))
    async def get(self) -> None:
        """Check that the bucket and the queue answer."""
        found = await self.context.findings()
        ready = all(finding.ok for finding in found)
        content = {'status': 'ready' if ready else 'not ready', 'checks': [finding.to_json() for finding in found]}
        if not ready:
            failed = next(finding for finding in found if not finding.ok)
            content |= {'error': 'not_ready', 'message': f'{failed.what}: {failed.message}', 'details': []}
        self.reply(masked(content), status=200 if ready else 503)


class Metrics(ApiHandler):
    @operation(Role.PUBLIC, answer='MetricsText')
    async def get(self) -> None:
        """Read the metrics in Prometheus' text format."""
        self.set_header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
        self.finish(await self.context.metrics_text())
