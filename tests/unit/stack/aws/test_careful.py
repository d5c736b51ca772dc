"""Calls for watching: when they go out, and what a refusal changes."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from stack.aws.careful import FIRST_SPACING_S, LONGEST_SPACING_S, CarefulConnection
from stack.errors import AwsFailed, Throttled, Unavailable
from tests.turned_time import TurnedTime

THROTTLED = Throttled('slow down', 'ecs:DescribeServices', 'ThrottlingException')


class RefusingAws:
    """Refuses while it has something to refuse with, and notes when it was asked."""

    region = 'us-east-1'

    def __init__(self, time: TurnedTime):
        self.time = time
        self.refusal: AwsFailed | None = None
        self.asked: list[float] = []

    async def call(self, service: str, operation: str, /, **_: Any) -> dict:
        self.asked.append(self.time.now)
        if self.refusal:
            raise self.refusal
        return {'answer': operation}


class Scene:
    def __init__(self, share: float = 1, **options: float):
        time = TurnedTime()
        self.aws = RefusingAws(time)
        self.careful = CarefulConnection(self.aws, share, clock=time.clock, sleep=time.sleep, **options)

    def ask(self, times: int, operation: str = 'DescribeServices') -> list[float]:
        """The pauses between the calls that are made for so many askers, one after the other."""
        before = len(self.aws.asked)

        async def asking() -> None:
            for _ in range(times):
                await self.careful.call('ecs', operation)

        asyncio.run(asking())
        return [round(later - earlier, 3) for earlier, later in pairwise(self.aws.asked[before:])]

    def refuse(self, times: int) -> None:
        self.aws.refusal = THROTTLED
        for _ in range(times):
            with pytest.raises(Throttled):
                self.ask(1)
        self.aws.refusal = None


@pytest.mark.parametrize('refusal', [THROTTLED, Unavailable('later', 'ecs:DescribeServices', '503')])
def test_what_is_refused_is_not_asked_again_by_itself(refusal: AwsFailed):
    scene = Scene()
    scene.aws.refusal = refusal
    with pytest.raises(type(refusal)):
        scene.ask(1)
    assert len(scene.aws.asked) == 1


def test_beyond_its_share_of_the_burst_it_keeps_to_its_share_of_the_rate():
    # 100 at once, then 20 a second, of which a tenth.
    assert Scene(share=0.1).ask(13)[-3:] == [0.5, 0.5, 0.5]


def test_each_refusal_doubles_the_pauses_up_to_a_limit():
    scene = Scene()
    scene.refuse(4)
    assert [round(b - a, 3) for a, b in pairwise(scene.aws.asked)] == [FIRST_SPACING_S * 2**n for n in range(3)]
    scene.refuse(10)
    assert scene.aws.asked[-1] - scene.aws.asked[-2] == LONGEST_SPACING_S


def test_successes_shorten_the_pauses_again():
    scene = Scene()
    scene.refuse(3)
    pauses = scene.ask(40)
    assert pauses == sorted(pauses, reverse=True)
    assert pauses[-1] < FIRST_SPACING_S / 4


def test_a_refusal_holds_up_no_calls_of_another_kind():
    scene = Scene()
    scene.refuse(6)
    now = scene.aws.time.now
    assert scene.ask(3, 'DescribeTaskDefinition') == [0, 0]
    assert scene.aws.time.now == now


def test_a_call_that_would_wait_too_long_is_refused_at_once_and_takes_no_turn():
    # 100 at once, then 20 a second, of which a tenth: the eleventh waits for 0.5 s, the twelfth for 1 s.
    scene = Scene(share=0.1, patience=0.9)

    async def all_at_once() -> list[Any]:
        calls = (scene.careful.call('ecs', 'DescribeServices') for _ in range(40))
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(all_at_once())
    refused = [answer for answer in answers if isinstance(answer, Throttled)]
    assert (len(refused), {answer.aws_code for answer in refused}) == (29, {'TurnTooLate'})
    scene.aws.time.now += 0.5
    assert scene.ask(1) == []
