"""A cluster whose services all roll out at once, each to another ending, with everything that reports its verdict."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from stack.aws.ecs_deployments import EcsDeployments
from stack.chat.chat_lines import ENDED, ICONS
from stack.rollouts.revision_view import verdict_json
from stack.rollouts.rollout import Verdict
from stack.sandbox.faults import Fault
from stack.scheduler.hook_answers import HookAnswers
from stack.state.revision_store import RevisionStore
from tests.aws import Aws
from tests.ending_rows import NEED_TRAFFIC, STALLED_AFTER, STRATEGIES, Row, Settings, rows
from tests.integration.test_stopping import Stopped
from tests.live_client import LiveClient
from tests.places import InOnePlace, in_no_account
from tests.rolling import Rolling, eventually
from tests.webhook import Webhook

# By row: ending, cause, and whether the reason is the right one.
Report = dict[str, Any]


class Table(Stopped):
    """The services of a strategy's rows, between `begin` and `close`."""

    # During an outage, each step of time is to have a look or two.
    chance = 1.0
    _reading: asyncio.Task[None] | None = None

    def __init__(self, aws: Aws, strategy: str):
        super().__init__(aws)
        self.strategy = strategy
        self.rows = rows(strategy)
        self.ecs = aws.client('ecs')
        self.cloudwatch = aws.client('cloudwatch')
        # By row: the revision that rolls it out.
        self.revisions: dict[str, str] = {}
        self.answers = HookAnswers(self.bucket, InOnePlace(EcsDeployments(self.connection)), in_no_account)
        self.other = Rolling(aws, bucket=self.bucket.name, cluster=self.name, beside=self)
        self._answered: set[str] = set()

    async def begin(self, webhook: Webhook) -> None:
        """Version 1 of every service runs, and this cluster has its subscribers."""
        await self.open()
        for row in self.rows:
            if 'alarms' in row.deployment:
                self._alarm(row.service, 'OK')
        await self.change({'services': [{row.service: self._settings(row, '1', {})} for row in self.rows]})
        await self.live.state(self.name)
        self.channel = await LiveClient.connect(self.port)
        await self.channel.subscribe('*')
        self._reading = asyncio.create_task(self._read())
        await self.chat(webhook)
        await self.act_by_plan()
        await self.settled(step=20)
        await self.other.live.state(self.name)

    async def _read(self) -> None:
        """Read the channel until it is closed: a subscriber that falls behind is dropped."""
        self.channel.patience = 600
        while await self.channel.next() is not None:
            pass

    async def close(self) -> None:
        if self._reading is not None:
            self.channel.cut()
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self.other.close()
        await super().close()
        self.cloudwatch.delete_alarms(AlarmNames=[self._alarm_of(row.service) for row in self.rows])

    def _settings(self, row: Row, tag: str, deployment: Mapping[str, Any], count: int = 2) -> Settings:
        more = dict(deployment)
        if isinstance(more.get('alarms'), bool):
            more['alarms'] = {'names': [self._alarm_of(row.service)], 'rollback': more['alarms']}
        pace = {**STRATEGIES[self.strategy], 'stalled_after': STALLED_AFTER, **more}
        settings = {'image': f'team/{row.service}:{tag}', 'desired_count': count, 'memory': 64, 'deployment': pace}
        return settings | (self._connected(row.service) if self.strategy in NEED_TRAFFIC else {})

    def _connected(self, service: str) -> Settings:
        """An endpoint of Service Connect, whose traffic ECS shifts."""
        served = [{'port': 'http', 'discovery_name': service, 'aliases': [{'port': 80, 'name': service}]}]
        port = {'container': 80, 'name': 'http', 'app_protocol': 'http'}
        connect = {'namespace': f'{self.name}-mesh', 'services': served}
        return {'ports': [port], 'network_mode': 'bridge', 'service_connect': connect}

    async def edit(self, service: str, settings: Settings | None, message: str = '') -> str:
        """A revision with other settings of a service, None without it; its id."""
        document = dict((await RevisionStore(self.bucket).read(self.name)).document)
        services = {name: known for each in document['services'] for name, known in each.items()}
        did: dict[str, Any] = {}
        if settings is None:
            del services[service]
            did = {'destroyed': [service]}
        else:
            services[service] = {**services[service], **settings}
        document['services'] = [{name: known} for name, known in services.items()]
        return (await self.change(document, message=message, **did)).id

    def _alarm_of(self, service: str) -> str:
        return f'{self.name}-{service}'

    def _alarm(self, service: str, state: str) -> None:
        name = self._alarm_of(service)
        self.cloudwatch.put_metric_alarm(
            AlarmName=name,
            MetricName='5xx',
            Namespace='shop',
            Statistic='Sum',
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator='GreaterThanThreshold',
        )
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason='a test')

    def raise_alarm(self, service: str) -> None:
        self._alarm(service, 'ALARM')

    async def play(self) -> None:
        """Roll every row out, to its end."""
        for row in self.rows:
            settings = self._settings(row, row.tag, row.deployment, row.count)
            self.revisions[row.service] = await self.edit(row.service, settings, f'row {row.service}')
        await self.act_by_plan()
        await self.go(20, step=10)
        for row in self.rows:
            if row.before_pass is not None:
                await row.before_pass(self, row.service)
        await self.make_pass(hinted=False, retry=False, destroyed=frozenset({'removed'}))
        await self.go(10, step=10)
        for row in self.rows:
            if row.in_ecs is not None:
                await row.in_ecs(self, row.service)
        await self._ended(self.rows[:-1])
        await self._outage()

    async def _ended(self, rows: list[Row]) -> None:
        for number in range(60):
            await self.go(20, step=20)
            await self._answer()
            if number % 4 == 0:
                await self._look_at_other(80)
            if all(self.verdict_of(row) for row in rows):
                return
        open_ones = [row.service for row in rows if not self.verdict_of(row)]
        raise AssertionError(f'no verdict: { {name: self.state.rollouts.get(name) for name in open_ones} }')

    async def _look_at_other(self, seconds: float) -> None:
        """Let the other replica, which looks seldom, read the bucket and ECS."""
        self.other.clock += seconds
        await self.other.live.feed.poll()
        await self.other.live.state(self.name)
        await self.other.see()

    async def _outage(self) -> None:
        row = self.rows[-1]
        assert self.verdict_of(row) is None
        fault = self.aws.faults.add(Fault('down', service='ecs'))
        await self.go(300, step=60)
        assert self.verdict_of(row) is None
        self.aws.faults.remove(fault)
        await self._ended([row])
        for _ in range(5):
            await self._look_at_other(300)

    def verdict_of(self, row: Row) -> Verdict | None:
        found = self.state.of_revision(self.revisions[row.service]) or {}
        return found[row.service].verdict if row.service in found else None

    async def _answer(self) -> None:
        """Answer the pauses of the rows that have an answer."""
        posts = []
        for row in self.rows:
            going = self.state.rollouts.get(row.service)
            paused = going is not None and going.state == 'paused'
            if row.answer is not None and paused and row.service not in self._answered:
                self._answered.add(row.service)
                posts.append(self.post('continue', row.service, action=row.answer, reason='tried'))
        posting = asyncio.gather(*posts)
        while not posting.done():
            await self.answers.look()
            await asyncio.sleep(0.01)
        assert all(code == 200 for code, _ in await posting), posting

    # What each witness reports, by row

    def expected(self) -> Report:
        return {row.service: (row.ending, row.cause, True) for row in self.rows}

    async def over_rest(self) -> Report:
        return {row.service: await self._over_rest(row) for row in self.rows}

    async def _over_rest(self, row: Row) -> Any:
        code, body = await self.rest(f'wait=0&revision={self.revisions[row.service]}')
        rollout = body.get('rollout', body)
        (shown,) = rollout['services']
        assert code == row.status, (row.service, code, rollout['message'])
        assert shown['verdict']['ending'] == rollout['verdict']['ending']
        return _reported(row, shown['verdict'])

    async def over_socket(self) -> Report:
        await self.channel.say({'type': 'ping'})
        await eventually(lambda: any(message['type'] == 'pong' for message in self.channel.got))
        found: dict[str, Any] = {}
        for message in self.channel.got:
            found |= {each['revision']: each['verdict'] for each in message.get('rollouts', ())}
        return {row.service: _reported(row, found.get(self.revisions[row.service])) for row in self.rows}

    def at_other(self) -> Report:
        return {row.service: self._at_other(row) for row in self.rows}

    def _at_other(self, row: Row) -> Any:
        rollout = (self.other.state.of_revision(self.revisions[row.service]) or {}).get(row.service)
        return _reported(row, verdict_json(rollout.verdict if rollout else None))

    async def over_chat(self) -> Report:
        """The one ending that the chat has of each row."""
        await self.chat_says(lambda line: f': outage {ENDED["succeeded"]}' in line)
        return {row.service: self._posted(row) for row in self.rows}

    def _posted(self, row: Row) -> Any:
        words = '|'.join(map(re.escape, ENDED.values()))
        pattern = re.compile(rf'^(:\w+:) \*<.*>\*: {row.service} ({words})')
        lines = [line for line in self.posted if pattern.match(line) and line.endswith(f' — row {row.service})')]
        wanted = (ICONS[row.ending], ENDED[row.ending])
        right = [line for line in lines if pattern.match(line).groups() == wanted]
        says = row.status == 200 or all(row.reason in line for line in right)
        return (row.ending, row.cause, says) if len(lines) == len(right) == 1 else lines


def _reported(row: Row, verdict: Mapping[str, Any] | None) -> Any:
    if verdict is None:
        return None
    return verdict['ending'], verdict.get('cause'), row.reason in verdict['reason']
