"""Lines into a webhook: how fast, how merged, and what is tried again."""

import asyncio
from collections.abc import Iterable

import pytest

from stack.relay import MOST_LINES, MOST_WAITING, Posted, Relay


class Chat:
    """A webhook that answers as told, and a clock that sleeping turns."""

    def __init__(self, *answers: Posted):
        self.now = 0.0
        self.posts: list[tuple[float, str]] = []
        self.answers = list(answers)
        self.relay = Relay(self.post, clock=lambda: self.now, sleep=self.sleep)

    async def post(self, text: str) -> Posted:
        self.posts.append((self.now, text))
        return self.answers.pop(0) if self.answers else Posted(200)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def say(self, lines: Iterable[str], posts: int = 1) -> None:
        async def whole() -> None:
            for line in lines:
                self.relay.say(line)
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
    assert first[:2] == ['… 7 lines were left out here', '7']


def test_it_waits_for_as_long_as_it_is_told():
    chat = Chat(Posted(429, 30.0), Posted(429, 5.0))
    chat.say(['one'])
    assert chat.posts == [(0, 'one'), (30, 'one'), (35, 'one')]


@pytest.mark.parametrize('status', [0, 408, 429, 500, 503])
def test_a_failure_that_may_pass_is_tried_again_ever_later(status: int):
    chat = Chat(*[Posted(status)] * 8)
    chat.say(['one'])
    waits = [after - before for (before, _), (after, _) in zip(chat.posts, chat.posts[1:], strict=False)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize('status', [400, 403, 404, 410])
def test_a_refusal_for_good_does_not_hold_up_what_follows(status: int):
    chat = Chat(Posted(status))
    chat.say(['one'])
    chat.say(['two'])
    assert chat.posts == [(0, 'one'), (1, 'two')]
