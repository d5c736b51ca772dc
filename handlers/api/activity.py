"""What happened in all clusters: activity, and delivery figures."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from handlers.api.account_filter import ACCOUNT, account_filter
from handlers.api.history import PAGE
from handlers.api.operation import Parameter, operation
from handlers.api.times import PAST, read_past
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.activity import ActivityQuery
from stack.errors import InvalidRequest
from stack.rollouts.delivery import GROUPS, Group, Outcome, delivery, outcomes

CLUSTER = Parameter('cluster', 'A cluster, also with wildcards as `prod-*`; may be repeated. All unless given.')
PERIOD = (
    Parameter('since', f'From when on: {PAST}.'),
    Parameter('until', f'Until before when: {PAST}; now unless given.'),
)
ACTIVITY = (
    CLUSTER,
    *ACCOUNT,
    Parameter('by', 'The name of a person or token; may be repeated.'),
    Parameter('service', 'A service, also with wildcards; may be repeated.'),
    Parameter('kind', 'change, override, refusal, deletion, or the verb of a change as `rollback`; may be repeated.'),
    *PERIOD,
    *PAGE,
)
STATS = (
    CLUSTER,
    *ACCOUNT,
    Parameter('service', 'A service, also with wildcards; may be repeated. All unless given.'),
    Parameter(
        'group', 'Any of cluster, service, week and day, separated by commas: a row for each. One row unless given.'
    ),
    Parameter('since', f'From when on: {PAST}; 90d unless given.'),
    PERIOD[1],
    Parameter('format', '`json` (the default) or `csv`; also by the header Accept.'),
)
CSV_TYPE = 'text/csv'


class Activity(ApiHandler):
    @operation(Role.VIEWER, answer='ActivityPage', parameters=ACTIVITY, refusals=(400,))
    async def get(self) -> None:
        """List who did what in all clusters that the caller may see, newest first.

        A page may be short and have a next one: a filter is searched for some thousand entries at a time.
        """
        now = datetime.now(UTC)
        query = ActivityQuery(
            clusters=self.get_query_arguments('cluster'),
            by=self.get_query_arguments('by'),
            services=self.get_query_arguments('service'),
            kinds=self.get_query_arguments('kind'),
            since=self._past('since', now),
            until=self._past('until', now),
        )
        limit = self.query.number('limit', 20, 1, 200)
        entries, following = await self.context.activity.page(query, visible(self), limit, self.query.text('after'))
        concerned = {entry['cluster'] for entry in entries if entry.get('revision')}
        ended = outcomes(await self.context.deployments.read(concerned.__contains__))
        content = [with_outcome(entry, ended) for entry in entries]
        self.reply({'content': content, 'next': following})

    def _past(self, name: str, now: datetime) -> datetime | None:
        text = self.query.text(name)
        return None if text is None else read_past(name, text, now)


class DeploymentStats(ApiHandler):
    @operation(Role.VIEWER, answer='DeploymentStats', parameters=STATS, refusals=(400,))
    async def get(self) -> None:
        """Read how often services are deployed, the lead time, the failure rate and the time to restore."""
        now = datetime.now(UTC)
        since = read_past('since', self.query.text('since') or '90d', now)
        until = read_past('until', self.query.text('until') or '0m', now)
        if since >= until:
            raise InvalidRequest('since must be before until.', [{'path': 'since', 'message': 'before until'}])
        groups, as_csv = read_groups(self.query.text('group') or ''), self._wants_csv()
        clusters = ActivityQuery(clusters=self.get_query_arguments('cluster'))
        services = ActivityQuery(clusters=self.get_query_arguments('service'))
        may_see = visible(self)
        read = await self.context.deployments.read(lambda name: may_see(name) and clusters.covers(name))
        deployments = [deployment for deployment in read if services.covers(deployment.service)]
        images = {deployment.image for deployment in deployments if since <= deployment.ended_at < until}
        pushes, _ = await self.context.pushed_images.of(images)
        pushed = {image: push.pushed_at for image, push in pushes.items()}
        rows = delivery(deployments, pushed, since, until, groups)
        self.set_header('Vary', 'Accept')
        if as_csv:
            self.set_header('Content-Disposition', 'attachment; filename="deployments.csv"')
            self.send(csv_of(rows, groups).encode(), None, CSV_TYPE)
        else:
            self.reply({'content': rows, 'since': since.isoformat(), 'until': until.isoformat()})

    def _wants_csv(self) -> bool:
        given = self.query.text('format')
        if given not in (None, 'json', 'csv'):
            raise InvalidRequest('format must be json or csv.', [{'path': 'format', 'message': 'json or csv'}])
        return given == 'csv' or (given is None and CSV_TYPE in self.request.headers.get('Accept', ''))


def visible(handler: ApiHandler) -> Callable[[str], bool]:
    """Whether the caller may see a cluster and asks about its account. Raises `InvalidRequest`."""
    is_in = account_filter(handler.query, handler.context.places.known)
    return lambda name: handler.caller.may_see(name) and is_in(name)


def with_outcome(entry: Mapping[str, Any], ended: Mapping[tuple[str, str], Outcome]) -> dict[str, Any]:
    """An entry with how the rollout of its revision ended; None where that is not recorded."""
    outcome = ended.get((entry['cluster'], entry.get('revision') or ''))
    content = outcome and {'failed': outcome.failed, 'ended_at': outcome.ended_at.isoformat()}
    return {**entry, 'outcome': content}


def read_groups(given: str) -> list[Group]:
    """The groups that a parameter names, in the order of `GROUPS`. Raises `InvalidRequest`."""
    names = {name.strip() for name in given.split(',') if name.strip()}
    if unknown := names - set(GROUPS):
        allowed = 'any of cluster, service, week and day'
        raise InvalidRequest(
            f'group must be {allowed}, not {", ".join(sorted(unknown))[:100]}.', [{'path': 'group', 'message': allowed}]
        )
    return [group for group in GROUPS if group in names]


def csv_of(rows: Sequence[Mapping[str, Any]], groups: Sequence[str]) -> str:
    """The rows as CSV (RFC 4180), with a column for each number."""
    text = io.StringIO()
    counts = ('deployments', 'failed', 'frequency_per_week', 'failure_rate')
    distributions = ('lead_time_seconds', 'time_to_restore_seconds')
    parts = ('median', 'p90', 'count')
    writer = csv.writer(text)
    writer.writerow([*groups, *counts, *(f'{name}_{part}' for name in distributions for part in parts)])
    for row in rows:
        numbers = [(row[name] or {}).get(part) for name in distributions for part in parts]
        writer.writerow([*(row[group] for group in groups), *(row[name] for name in counts), *numbers])
    return text.getvalue()
