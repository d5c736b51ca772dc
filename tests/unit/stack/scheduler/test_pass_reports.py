import asyncio
from dataclasses import replace

import pytest

from stack.chat.http_post import Posted
from stack.chat.webhook import Webhooks
from stack.errors import AwsFailed
from stack.reconcile.plan import Change, Note, Plan, Row, Step
from stack.scheduler.hints import Hint
from stack.scheduler.pass_reports import PassReports
from stack.scheduler.passes import Ended
from stack.scheduler.reconciler import Outcome
from tests.turned_time import TurnedTime

SLACK = 'https://hooks.example.com/a'
OTHER = 'https://hooks.example.com/b'
ASKED = Hint('staging', callback_url=SLACK, by='ann', why='Faster & <better>')


def plan(*rows: Row, notes: tuple[Note, ...] = ()) -> Plan:
    steps = tuple(Step(row.service, 'ecs:UpdateService', row.service, 'Update', {}) for row in rows)
    return Plan('staging', rows, steps, notes)


UPDATE = plan(Row('web', 'update', (Change('image', 'web:1', 'web:2'),)))


class Channel:
    """Reports, and the lines that came of them."""

    def __init__(self) -> None:
        self.time = TurnedTime()
        self.lines: list[tuple[str, str]] = []
        self._webhooks = Webhooks(send=self._keep, sleep=lambda _: asyncio.sleep(0))
        self.reports = PassReports(self._webhooks, self.time.clock)

    async def _keep(self, url: str, text: str) -> Posted:
        self.lines.append((url, text))
        return Posted(200)

    def posted(self, scenario) -> list[str]:
        async def run() -> None:
            scenario(self.reports, self.time)
            await self.reports.finished()

        asyncio.run(run())
        return [text for _, text in self.lines]


def test_one_line_when_it_begins_and_one_when_it_ends():
    def scenario(reports: PassReports, time: TurnedTime) -> None:
        reports.begins(UPDATE, [ASKED])
        time.now += 42
        reports.begins(UPDATE, [ASKED])
        reports.ends('staging', Ended('complete', Outcome(UPDATE)), [ASKED])

    assert Channel().posted(scenario) == [
        '*staging*: 1 service to update; 1 step, about 1 s · web: image web:1 → web:2 · '
        'asked for by ann “Faster &amp; &lt;better&gt;”',
        '*staging*: done in 42 s · web: image web:1 → web:2',
    ]


def test_more_work_for_the_same_webhook_is_reported_and_ends_in_one_line():
    more = plan(Row('mailer', 'create'), notes=(Note('mailer', 'No machine.'),))

    def scenario(reports: PassReports, time: TurnedTime) -> None:
        reports.begins(UPDATE, [ASKED])
        reports.begins(more, [ASKED])
        reports.ends('staging', Ended('complete', Outcome(more)), [ASKED])

    lines = Channel().posted(scenario)
    assert len(lines) == 3
    assert 'mailer: create' in lines[2]
    assert 'web: image' in lines[2]
    assert lines[2].endswith('mailer: No machine.')


def test_every_webhook_gets_one_report_and_no_other_does():
    channel = Channel()

    def scenario(reports: PassReports, time: TurnedTime) -> None:
        hints = [ASKED, ASKED, Hint('staging', callback_url=OTHER), Hint('staging')]
        reports.begins(UPDATE, hints)

    channel.posted(scenario)
    assert [url for url, _ in channel.lines] == [SLACK, OTHER]


@pytest.mark.parametrize(
    ('state', 'line'),
    [
        ('complete', '*staging*: nothing to do: all is as it should be.'),
        ('gone', '*staging*: is not managed here: nothing was done.'),
    ],
)
def test_nothing_to_do_is_reported_too(state: str, line: str):
    assert Channel().posted(lambda reports, _: reports.ends('staging', Ended(state), [ASKED])) == [line]


def test_failures_say_why_and_whether_it_is_tried_again():
    errors = [str(AwsFailed(f'AWS refused {n}', 'ecs:UpdateService', 'x')) for n in range(5)]

    def scenario(reports: PassReports, time: TurnedTime) -> None:
        reports.failed('staging', errors, [ASKED], gives_up=False)
        reports.failed('staging', errors[:1], [ASKED], gives_up=True)

    assert Channel().posted(scenario) == [
        '*staging*: failed, and is tried again · AWS refused 0; AWS refused 1; AWS refused 2 and 2 more',
        '*staging*: failed, and is not tried again before the next change · AWS refused 0',
    ]


def test_the_name_of_a_cluster_is_escaped_like_every_other_text():
    def scenario(reports: PassReports, time: TurnedTime) -> None:
        reports.ends('<!channel> & co', Ended('gone'), [ASKED])

    [line] = Channel().posted(scenario)
    assert line.startswith('*&lt;!channel&gt; &amp; co*: ')


def test_a_blocked_service_is_not_as_it_should_be():
    blocked = plan(notes=(Note('web', 'Its record is that of api.', blocks=True),))

    def scenario(reports: PassReports, time: TurnedTime) -> None:
        reports.ends('staging', Ended('complete', Outcome(blocked)), [ASKED])

    assert Channel().posted(scenario) == ['*staging*: nothing was done. · web: Its record is that of api.']


def test_what_was_not_begun_is_reported():
    begun = replace(UPDATE, waves=(('api',), ('web',)))
    note = Note('web', 'Not begun: it needs api. pre_deploy migrate failed: It exited with code 1.', blocks=True)
    halted = replace(plan(notes=(note,)), not_begun=('web',), gate_failed=('api',))

    def scenario(reports: PassReports, time: TurnedTime) -> None:
        reports.begins(begun, [ASKED])
        time.now += 42
        reports.ends('staging', Ended('complete', Outcome(halted)), [ASKED])

    first, last = Channel().posted(scenario)
    assert 'in waves: 1. api; 2. web' in first
    assert last.startswith('*staging*: stopped after 42 s')
    assert 'web: Not begun: it needs api. pre_deploy migrate failed' in last
