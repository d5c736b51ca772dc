"""Lines into a webhook: how fast, how merged, and what is tried again."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from stack.chat import webhook as webhook_module
from stack.chat.http_post import LONGEST_WISH_S, Posted
from stack.chat.relay import MOST_LINES, MOST_UNANSWERED, MOST_WAITING, Relay
from tests.webhook import Webhook


class Chat:
    """A webhook with scripted answers, and a clock that sleeping turns."""

    def __init__(self, *answers: Posted, left_over: int = 0):
        self.now = 0.0
        self.posts: list[tuple[float, str]] = []
        self.answers = list(answers)
        self.kept: list[list[str]] = []
        self.relay = Relay(
            self.post, ['left over'] * left_over, self.kept.append, clock=lambda: self.now, sleep=self.sleep
        )

    async def post(self, text: str) -> Posted:
        self.posts.append((self.now, text))
        return self.answers.pop(0) if self.answers else Posted(200)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def say(self, lines: Iterable[str], posts: int = 1) -> None:
        async def whole() -> None:
            for line in lines:
                self.relay.put(line)
            for _ in range(posts):
                await self.relay.post_next()

        asyncio.run(whole())


def test_a_line_is_posted_at_once():
    chat = Chat()
    chat.say(['one'])
    assert chat.posts == [(0, 'one')]


def test_no_more_than_a_message_a_second():
    chat = Chat()
    for line in 'abc':
        chat.say([line])
    assert chat.posts == [(0, 'a'), (1, 'b'), (2, 'c')]


def test_lines_that_wait_are_merged():
    chat = Chat()
    chat.say(str(number) for number in range(MOST_LINES + 5))
    chat.say([], posts=1)
    assert [len(text.splitlines()) for _, text in chat.posts] == [MOST_LINES, 5]


def test_of_too_many_the_oldest_are_left_out_and_counted():
    chat = Chat()
    chat.say(str(number) for number in range(MOST_WAITING + 7))
    first = chat.posts[0][1].splitlines()
    assert first[:2] == ['… 7 lines were left out', '7']


def test_it_waits_for_retry_after():
    chat = Chat(Posted(429, 30.0), Posted(429, 5.0))
    chat.say(['one'])
    assert chat.posts == [(0, 'one'), (30, 'one'), (35, 'one')]


@pytest.mark.parametrize('status', [0, 408, 429, 500, 503])
def test_a_failure_that_may_pass_is_tried_again_ever_later(status: int):
    chat = Chat(*[Posted(status, sent=status != 0)] * 8)
    chat.say(['one'])
    waits = [after - before for (before, _), (after, _) in zip(chat.posts, chat.posts[1:], strict=False)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize('status', [400, 403, 404, 410])
def test_a_refusal_for_good_does_not_hold_up_what_follows(status: int):
    chat = Chat(Posted(status))
    chat.say(['one'])
    chat.say(['two'])
    assert chat.posts == [(0, 'one'), (1, 'two')]


def test_a_webhook_that_asks_for_no_pause_is_not_stormed():
    chat = Chat(Posted(429, 0.0))
    chat.say(['one'])
    assert chat.posts == [(0, 'one'), (1, 'one')]


def test_what_waits_is_kept_before_each_message_and_after_it():
    chat = Chat(left_over=1)
    chat.say(['one'])
    assert chat.posts == [(0, 'left over\none')]
    assert chat.kept == [['left over', 'one'], []]


def test_what_was_under_way_when_it_had_to_stop_is_finished():
    class StuckChat(Chat):
        async def post(self, text: str) -> Posted:
            answer = await super().post(text)
            if len(self.posts) == 1:
                self.stuck.set()
                await asyncio.Event().wait()
            return answer

    async def whole(chat: StuckChat) -> None:
        chat.stuck = asyncio.Event()
        chat.relay.put('one')
        running = asyncio.create_task(chat.relay.run())
        await chat.stuck.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        chat.relay.put('two')
        await chat.relay.finish()

    chat = StuckChat()
    asyncio.run(whole(chat))
    assert [text for _, text in chat.posts] == ['one', 'one', 'two']


def post(webhook: Webhook) -> Posted:
    return asyncio.run(webhook_module.post(webhook.url, 'line'))


def test_a_webhook_that_takes_a_line(webhook: Webhook):
    assert post(webhook) == Posted(200)
    assert webhook.texts.get_nowait() == 'line'


@pytest.mark.parametrize(
    ('wish', 'seconds'),
    [
        ('30', 30),
        ('2.5', 2.5),
        ('-1', 0),
        ('1e9', LONGEST_WISH_S),
        ('nan', 0),
        ('soon', None),
        ('', None),
        (None, None),
    ],
)
def test_a_webhook_that_asks_to_wait(webhook: Webhook, wish: str, seconds: float | None):
    webhook.answers.append((429, wish))
    assert post(webhook) == Posted(429, seconds)


def test_a_webhook_that_asks_to_wait_until_a_time(webhook: Webhook):
    at = datetime.now(UTC) + timedelta(seconds=60)
    webhook.answers.append((429, format_datetime(at, usegmt=True)))
    assert 50 < post(webhook).retry_after <= 60


def test_a_webhook_that_does_not_speak_http(webhook: Webhook):
    webhook.answers.append((0, None))
    assert post(webhook) == Posted(0)


def test_nobody_there():
    assert asyncio.run(webhook_module.post('http://127.0.0.1:1/secret', 'line')) == Posted(0, sent=False)


def test_a_message_that_is_never_answered_holds_up_the_next_ones_only_for_some_tries(caplog):
    """The receiver may have posted it each time."""
    chat = Chat(*[Posted(0)] * MOST_UNANSWERED)

    async def scenario() -> None:
        chat.relay.put('one')
        await chat.relay.post_next()
        chat.relay.put('two')
        await chat.relay.post_next()

    asyncio.run(scenario())
    assert [text for _, text in chat.posts] == ['one'] * MOST_UNANSWERED + ['two']
    assert 'unknown' in caplog.text


def test_a_message_that_did_not_leave_is_repeated_until_it_does():
    chat = Chat(*[Posted(0, sent=False)] * (2 * MOST_UNANSWERED))

    async def scenario() -> None:
        chat.relay.put('one')
        await chat.relay.post_next()

    asyncio.run(scenario())
    assert len(chat.posts) == 2 * MOST_UNANSWERED + 1


@pytest.mark.parametrize('status', [301, 302, 307, 308])
def test_a_redirect_is_a_failure_that_is_logged(caplog, status: int):
    chat = Chat(Posted(status))

    async def scenario() -> None:
        chat.relay.put('one')
        await chat.relay.post_next()

    asyncio.run(scenario())
    assert f'({status})' in caplog.text
