"""The history of a cluster: its revisions, their differences, and the audit."""

from handlers.api.operation import Parameter, operation
from handlers.api.yaml_answers import reply_yaml, wants_yaml
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.rollouts.rollout_answer import in_short

PAGE = (
    Parameter('limit', 'Page size, from 1 to 200. Default: 20.', kind='integer'),
    Parameter('after', 'The `next` of the previous page.'),
)
AGAINST = (Parameter('against', 'The revision to compare with, or `current`. Default: the previous revision.'),)


class Revisions(ApiHandler):
    @operation(Role.VIEWER, answer='Revisions', parameters=PAGE, refusals=(404,))
    async def get(self, cluster: str) -> None:
        """List the revisions, newest first: who, when, why, from where, what changed, and how the rollout ended.

        For a removed cluster the verdicts are absent.
        """
        limit = self.query.number('limit', 20, 1, 200)
        page = await self.context.history.page(cluster, limit, self.query.text('after'))
        state = await self.context.live.state(cluster)
        rows = [{**row, 'rollout': in_short(state, row['revision']) if state else None} for row in page.rows]
        content = {'content': rows, 'next': page.following, 'versioned': page.keeps_versions}
        if not page.keeps_versions:
            content['message'] = 'The bucket keeps no versions, so there is no history beyond the current revision.'
        self.reply(content)


class OneRevision(ApiHandler):
    @operation(Role.VIEWER, answer='Revision', refusals=(404, 410))
    async def get(self, cluster: str, revision: str) -> None:
        """Read one revision with its content, or the content alone as YAML; `current` is the stored one."""
        found = await self.context.history.revision(cluster, revision)
        self.set_header('Vary', 'Accept')
        if wants_yaml(self.request.headers):
            reply_yaml(self, found.document, revision=found.id)
            return
        before = await self.context.history.before(found)
        row = await self.context.history.row(found, before)
        self.reply({**row, 'previous': before.id if before else None, 'config': found.document}, revision=found.id)


class RevisionDiff(ApiHandler):
    @operation(Role.VIEWER, answer='Difference', parameters=AGAINST, refusals=(404, 410))
    async def get(self, cluster: str, revision: str) -> None:
        """Compare a revision with another one, by service and field."""
        against = self.query.text('against')
        found, other, difference = await self.context.history.compare(cluster, revision, against)
        self.reply({'revision': found.id, 'against': other.id if other else None, **difference.to_json()})


class Audit(ApiHandler):
    @operation(Role.VIEWER, answer='AuditPage', parameters=PAGE, refusals=(400, 404))
    async def get(self, cluster: str) -> None:
        """List who did what, and which changes a freeze or a quarantine refused, newest first."""
        limit = self.query.number('limit', 20, 1, 200)
        entries, following = await self.context.audit.page(cluster, limit, self.query.text('after'))
        self.reply({'content': entries, 'next': following})
