"""The audit of the installation."""

from handlers.api.history import PAGE
from handlers.api.operation import operation
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.access.scope import EVERYWHERE
from stack.errors import AccessDenied


class InstallationAudit(ApiHandler):
    @operation(Role.ADMIN, answer='InstallationAuditPage', parameters=PAGE, refusals=(400,))
    async def get(self) -> None:
        """List sign-ins, acts on tokens and requests without a permission, newest first; for admins of all clusters."""
        if not (self.caller.covers(EVERYWHERE) and self.caller.scope.is_everything):
            raise AccessDenied('The audit of the installation requires an admin of all clusters and services.')
        limit = self.query.number('limit', 20, 1, 200)
        entries, following = await self.context.installation_audit.page(limit, self.query.text('after'))
        self.reply({'content': entries, 'next': following})
