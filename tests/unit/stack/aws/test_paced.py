import asyncio
from itertools import pairwise
from typing import Any

import pytest

from stack.aws.paced import TRIES_THROTTLED, TRIES_UNAVAILABLE, PacedConnection
from stack.errors import AwsFailed, Throttled, Unavailable
from stack.runtime.fence import fenced
from stack.runtime.interruptible import Interrupted
from stack.runtime.pacing import Pace
from tests.turned_time import TurnedTime


class RefusingAws:
    """Answers after some refusals, and notes when it was asked."""

    region = 'us-east-1'

    def __init__(self, time: TurnedTime, refusals: int, error: AwsFailed):
        self._time = time
        self._refusals = refusals
        self._error = error
        self.asked: list[float] = []

    async def call(self, service: str, operation: str, /, **_: Any) -> dict:
        self.asked.append(self._time.now)
        if len(self.asked) <= self._refusals:
            raise self._error
        return {'answer': operation}


def ask(refusals: int, error: AwsFailed, times: int = 1) -> RefusingAws:
    time = TurnedTime()
    aws = RefusingAws(time, refusals, error)
    paced = PacedConnection(aws, Pace(share=1), clock=time.clock, sleep=time.sleep, chance=lambda: 1.0)

    async def asking() -> None:
        await asyncio.gather(*(paced.call('ecs', 'RegisterTaskDefinition') for _ in range(times)))

    asyncio.run(asking())
    return aws


THROTTLED = Throttled('slow down', 'ecs:RegisterTaskDefinition', 'ThrottlingException')
UNAVAILABLE = Unavailable('later', 'ecs:RegisterTaskDefinition', 'ServerException')


def test_calls_beyond_the_burst_wait_for_their_turn():
    asked = ask(0, THROTTLED, times=23).asked
    assert [at - asked[0] for at in sorted(asked)[-3:]] == [1.0, 2.0, 3.0]


def test_a_refused_call_is_made_again_later_and_later():
    asked = ask(3, THROTTLED).asked
    assert len(asked) == 4
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= 1


@pytest.mark.parametrize(('error', 'tries'), [(THROTTLED, TRIES_THROTTLED), (UNAVAILABLE, TRIES_UNAVAILABLE)])
def test_it_is_given_up_in_the_end(error: AwsFailed, tries: int):
    assert len(ask(tries - 1, error).asked) == tries
    with pytest.raises(type(error)):
        ask(tries, error)


def test_any_other_refusal_is_raised_at_once():
    with pytest.raises(AwsFailed, match='no'):
        ask(1, AwsFailed('no', 'ecs:RegisterTaskDefinition', 'ClientException'))


def test_a_call_whose_work_ended_while_it_waited_is_not_made():
    time = TurnedTime()
    aws = RefusingAws(time, 3, THROTTLED)
    paced = PacedConnection(aws, Pace(share=1), clock=time.clock, sleep=time.sleep, chance=lambda: 1.0)

    async def asking() -> None:
        began = time.now
        with fenced(lambda: time.now == began):
            await paced.call('ecs', 'RegisterTaskDefinition')

    with pytest.raises(Interrupted):
        asyncio.run(asking())
    assert len(aws.asked) == 1
