"""Answers to paused deployments, as a scheduler carries them out: once, and also after a lost reply."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from stack.aws.ecs_deployments import EcsDeployments
from stack.errors import AwsFailed, Unavailable
from stack.rollouts.hook_answer import HookAnswer, read_answer
from stack.scheduler.hook_answers import REFUSED_KEPT, HookAnswers
from tests.places import InOnePlace, in_no_account

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ANSWER = HookAnswer('prod', 'web', 'arn:1', 'pause-1', 'continue', 'ada', NOW.isoformat(), 'tested')


class World:
    """A bucket, and an ECS with one hook."""

    def __init__(self) -> None:
        self.objects = {ANSWER.key: ANSWER.dump()}
        self.waits = True
        self.failure: Exception | None = None
        self.is_lost = False
        self.calls: list[str] = []
        self.now = NOW

    async def objects_of(self, *, prefix: str) -> list[Any]:
        return [SimpleNamespace(key=key) for key in self.objects if key.startswith(prefix)]

    async def get(self, key: str) -> Any:
        return SimpleNamespace(body=self.objects[key], etag='1') if key in self.objects else None

    async def replace(self, key: str, body: bytes) -> None:
        self.objects[key] = body

    async def delete(self, key: str) -> None:
        del self.objects[key]

    async def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        self.calls.append(operation)
        if operation == 'DescribeServiceDeployments':
            hooks = [{'hookId': 'pause-1', 'status': 'AWAITING_ACTION'}] if self.waits else []
            return {'serviceDeployments': [{'serviceDeploymentArn': 'arn:1', 'lifecycleHookDetails': hooks}]}
        if self.failure is not None:
            raise self.failure
        if not self.waits:
            raise AwsFailed('Hook is not waiting.', 'ecs:ContinueServiceDeployment', 'InvalidParameterException')
        self.waits = False
        if self.is_lost:
            raise Unavailable('No answer.', 'ecs:ContinueServiceDeployment', 'Timeout')
        return {}

    def look(self) -> None:
        bucket: Any = SimpleNamespace(objects=self.objects_of, get=self.get, replace=self.replace, delete=self.delete)
        asyncio.run(HookAnswers(bucket, InOnePlace(EcsDeployments(self)), in_no_account, now=lambda: self.now).look())


def test_an_answer_is_carried_out_once():
    world = World()
    world.look()
    world.look()
    assert (world.calls, world.objects, world.waits) == (['ContinueServiceDeployment'], {}, False)


def test_an_answer_whose_reply_was_lost_is_found_to_be_carried_out():
    world = World()
    world.is_lost = True
    world.look()
    assert world.objects
    world.look()
    assert (world.objects, world.waits) == ({}, False)


def test_a_pause_that_is_over_needs_no_answer():
    world = World()
    world.waits = False
    world.look()
    assert world.objects == {}


def test_what_aws_refuses_is_kept_for_a_while(caplog: pytest.LogCaptureFixture):
    world = World()
    world.failure = AwsFailed('Not authorized.', 'ecs:ContinueServiceDeployment', 'AccessDeniedException')
    world.look()
    assert read_answer(world.objects[ANSWER.key]).refused == 'Not authorized.'
    world.look()
    assert world.calls.count('ContinueServiceDeployment') == 1
    world.now = NOW + REFUSED_KEPT + timedelta(seconds=1)
    world.look()
    assert world.objects == {}
    assert 'AWS refuses the answer' in caplog.text
    caplog.clear()


def test_an_answer_that_cannot_be_read_holds_back_no_other(caplog: pytest.LogCaptureFixture):
    world = World()
    world.objects = {replace(ANSWER, service='api').key: b'[]', **world.objects}
    world.look()
    assert not world.waits
    assert 'could not be carried out' in caplog.text
    caplog.clear()
