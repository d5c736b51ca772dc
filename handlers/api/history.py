"""What a cluster's desired state was, and how it came to be what it is."""

from handlers.api.operation import Parameter, operation
from handlers.api.yaml_answers import reply_yaml, wants_yaml
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.rollouts.rollout_answer import in_short
from stack.state.history_rows import revision_row

PAGE = (
    Parameter('limit', 'How many, from 1 to 200; 20 unless told.', kind='integer'),
    Parameter('after', 'The `next` of the page before.'),
)
AGAINST = (Parameter('against', 'The revision to compare with, or `current`; the one before unless told.'),)


class Revisions(ApiHandler):
    @operation(Role.VIEWER, answer='Revisions', parameters=PAGE, refusals=(404,))
    async def get(self, cluster: str) -> None:
        """The history, newest first: who, when, why, from where, what changed, and how its rollout ended.

        A removed cluster has one too, without the endings.
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
        """One revision with its content, or its content alone as YAML; `current` names the one that is stored now."""
        found = await self.context.history.revision(cluster, revision)
        self.set_header('Vary', 'Accept')
        if wants_yaml(self.request.headers):
            reply_yaml(self, found.document, revision=found.id)
            return
        before = await self.context.history.before(found)
        row = revision_row(found, before)
        self.reply({**row, 'previous': before.id if before else None, 'config': found.document}, revision=found.id)


class RevisionDiff(ApiHandler):
    @operation(Role.VIEWER, answer='Difference', parameters=AGAINST, refusals=(404, 410))
    async def get(self, cluster: str, revision: str) -> None:
        """What became of another revision in this one, service by service and field by field."""
        against = self.query.text('against')
        found, other, difference = await self.context.history.compare(cluster, revision, against)
        self.reply({'revision': found.id, 'against': other.id if other else None, **difference.to_json()})


class Audit(ApiHandler):
    @operation(Role.VIEWER, answer='AuditPage', parameters=PAGE, refusals=(400, 404))
    async def get(self, cluster: str) -> None:
        """Who did what, and who was refused by a freeze or a quarantine, the newest first."""
        limit = self.query.number('limit', 20, 1, 200)
        entries, following = await self.context.audit.page(cluster, limit, self.query.text('after'))
        self.reply({'content': entries, 'next': following})
