"""Logs and metrics of services."""

from datetime import UTC, datetime

from handlers.api.body import expect_one_of
from handlers.api.operation import Parameter, operation
from handlers.api.times import PAST, read_past
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.errors import InvalidRequest, NotFound
from stack.rollouts.cluster_state import ClusterState
from stack.telemetry.log_sources import container_logs, readable
from stack.telemetry.metric_queries import MOST_POINTS, RANGES, STEPS
from stack.telemetry.service_logs import LogCursor, LogQuestion, page_json, read_page

ORDERS = ('newest', 'oldest')
LOGS = (
    Parameter('since', f'From when on: {PAST}; 1h unless given.'),
    Parameter('until', f'Until before when: {PAST}; now unless given.'),
    Parameter(
        'filter', 'Text that the lines contain, or a filter pattern of CloudWatch: `{ $.level = "error" }`, `%regex%`.'
    ),
    Parameter('task', 'The id of a task; all tasks unless given.'),
    Parameter('container', 'The name of a container; all containers unless given.'),
    Parameter('order', '`newest` (the default) or `oldest`: which lines come first.'),
    Parameter('limit', 'How many lines, from 1 to 1000; 200 unless given.', kind='integer'),
    Parameter('cursor', 'The `cursor` of the page before; it stands for all parameters but `limit`.'),
)
RANGE = Parameter('range', f'{", ".join(RANGES)}: how far back; 1h unless given.')
STEP = Parameter('step', 'Seconds between two points, a multiple of 60; by default it fits the range.', kind='integer')


class Logs(ApiHandler):
    @operation(Role.VIEWER, answer='LogPage', parameters=LOGS, refusals=(400, 403, 404, 422))
    async def get(self, cluster: str, service: str) -> None:
        """The log lines of a service's containers, page by page. `NYSA_LOGS_ROLE` sets the role that this requires.

        A page may have no lines and a cursor: a filter is searched for a few seconds at a time.
        """
        telemetry = self.context.telemetry
        telemetry.check_may_read_logs(self.caller)
        given = self.get_query_argument('cursor', '')
        cursor = LogCursor.decode(given) if given else LogCursor(self.question())
        limit = self.query.number('limit', 200, 1, 1000)
        logs = container_logs(await _state(self, cluster), service)
        page = await read_page(
            await telemetry.logs.of(cluster), readable(logs, cursor.question.container), cursor, limit
        )
        self.reply({**page_json(page, masks=self.is_masked), 'sources': [log.to_json() for log in logs]})

    def question(self) -> LogQuestion:
        """What the query parameters ask for. Raises `InvalidRequest`."""
        now = datetime.now(UTC)
        since, until = self.time('since', '1h', now), self.time('until', '0m', now)
        if since >= until:
            raise InvalidRequest('since must be before until.', [{'path': 'since', 'message': 'before until'}])
        order = self.get_query_argument('order', 'newest')
        expect_one_of('order', order, ORDERS)
        texts = {name: self.get_query_argument(name, '') for name in ('task', 'container', 'filter')}
        for name, text in texts.items():
            if len(text) > 1024:
                allowed = 'at most 1024 characters'
                raise InvalidRequest(f'{name} may have {allowed}.', [{'path': name, 'message': allowed}])
        return LogQuestion(since, until, texts['filter'], texts['task'], texts['container'], order == 'newest')

    def time(self, name: str, default: str, now: datetime) -> int:
        """A query parameter that is a time, in milliseconds since 1970. Raises `InvalidRequest`."""
        at = read_past(name, self.get_query_argument(name, default), now)
        return max(0, int(at.timestamp() * 1000))


class MetricSeries(ApiHandler):
    @operation(Role.VIEWER, answer='ServiceMetrics', parameters=(RANGE, STEP), refusals=(400, 404))
    async def get(self, cluster: str, service: str) -> None:
        """CPU, memory, requests, errors and latency of a service, with a mark for each rollout, and old against new.

        CloudWatch is read at most once a minute for each range, and points come two minutes late.
        """
        range = _range(self)
        step = self.query.number('step', STEPS[range], 60, 86_400)
        if step % 60 or RANGES[range].total_seconds() / step > MOST_POINTS:
            allowed = f'a multiple of 60 that makes at most {MOST_POINTS} points'
            raise InvalidRequest(f'step must be {allowed}.', [{'path': 'step', 'message': allowed}])
        state = await _state(self, cluster)
        self.reply(await self.context.telemetry.metrics.of_service(state, service, range, step))


class ClusterMetricSeries(ApiHandler):
    @operation(Role.VIEWER, answer='ClusterMetrics', parameters=(RANGE,), refusals=(400, 404))
    async def get(self, cluster: str) -> None:
        """CPU and memory of every service of a cluster, for sparklines."""
        range = _range(self)
        self.reply(await self.context.telemetry.metrics.of_cluster(await _state(self, cluster), range))


async def _state(handler: ApiHandler, cluster: str) -> ClusterState:
    state = await handler.context.live.state(cluster)
    if state is None:
        raise NotFound(f'There is no cluster {cluster!r} here.')
    return state


def _range(handler: ApiHandler) -> str:
    """Raises `InvalidRequest`."""
    range = handler.get_query_argument('range', '1h')
    if range not in RANGES:
        allowed = ', '.join(RANGES)
        raise InvalidRequest(f'range must be one of {allowed}.', [{'path': 'range', 'message': allowed}])
    return range
