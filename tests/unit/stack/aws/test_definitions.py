"""When task definitions are read."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stack.aws.definitions import NEWEST_S, Definitions, PlannedDefinitions
from stack.errors import AwsFailed
from stack.reconcile.definition_cache import DefinitionCache


class Ecs:
    """Has revisions of families, and notes what it is asked; `answers` is set unless it is to wait."""

    region = 'us-east-1'

    def __init__(self) -> None:
        self.revisions = {'web': 1}
        self.asked: list[str] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def call(self, service: str, operation: str, /, *, taskDefinition: str, **_: Any) -> Any:
        self.asked.append(taskDefinition)
        await self.answers.wait()
        family, _, revision = taskDefinition.rpartition('/')[2].partition(':')
        if family not in self.revisions:
            raise AwsFailed('There is none.', 'ecs:DescribeTaskDefinition', 'ClientException')
        arn = f'arn:aws:ecs:task-definition/{family}:{revision or self.revisions[family]}'
        return {'taskDefinition': {'taskDefinitionArn': arn, 'family': family}, 'tags': []}


ARN = 'arn:aws:ecs:task-definition/web:1'


class Scene:
    def __init__(self, kind: Any, now: Callable[[], float] = lambda: 0.0):
        self.ecs = Ecs()
        clock = (now,) if kind is PlannedDefinitions else ()
        self.definitions: Definitions = kind(self.ecs, DefinitionCache(), *clock)

    async def newest(self, deployed: Any = 'd1', family: str = 'web') -> str | None:
        found = await self.definitions.newest_while(family, deployed)
        return found.arn if found else None


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 60))


@pytest.mark.parametrize('kind', [Definitions, PlannedDefinitions])
def test_a_definition_is_read_once(kind: Any):
    async def scenario() -> None:
        scene = Scene(kind)
        assert [(await scene.definitions.of(ARN)).arn for _ in range(3)] == [ARN] * 3
        assert scene.ecs.asked == [ARN]
        assert await scene.definitions.of('arn:aws:ecs:task-definition/none:1') is None

    run(scenario)


def test_a_pass_reads_the_newest_each_time():
    async def scenario() -> None:
        scene = Scene(Definitions)
        assert await scene.newest() == ARN
        scene.ecs.revisions['web'] = 2
        assert await scene.newest() == 'arn:aws:ecs:task-definition/web:2'

    run(scenario)


def test_for_plans_the_newest_serves_until_the_service_is_deployed_or_time_is_over():
    async def scenario() -> None:
        time = [0.0]
        scene = Scene(PlannedDefinitions, lambda: time[0])
        assert [await scene.newest(), await scene.newest()] == [ARN, ARN]
        assert scene.ecs.asked == ['web']
        scene.ecs.revisions['web'] = 2
        assert await scene.newest('d2') == 'arn:aws:ecs:task-definition/web:2'
        assert (await scene.definitions.newest('web')).arn == 'arn:aws:ecs:task-definition/web:2'
        time[0] = NEWEST_S + 1
        scene.ecs.asked.clear()
        assert await scene.newest() == 'arn:aws:ecs:task-definition/web:2'
        assert scene.ecs.asked == ['web']
        assert [await scene.newest(family='none'), await scene.newest(family='none')] == [None, None]
        assert scene.ecs.asked == ['web', 'none']

    run(scenario)


def test_a_plan_that_is_given_up_leaves_its_reads_to_the_next():
    async def scenario() -> None:
        scene = Scene(PlannedDefinitions)
        scene.ecs.answers.clear()
        first = asyncio.gather(scene.newest(), scene.definitions.of(ARN))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.gather(scene.newest(), scene.definitions.of(ARN))
        await asyncio.sleep(0)
        scene.ecs.answers.set()
        newest, found = await second
        assert (newest, found.arn) == (ARN, ARN)
        assert scene.ecs.asked == ['web', ARN]

    run(scenario)
