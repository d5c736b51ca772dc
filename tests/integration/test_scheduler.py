"""Schedulers on a real queue, bucket and ECS, all of them embedded."""

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from stack.aws.batches import batches
from stack.aws.ports import Received
from stack.sandbox.faults import Fault
from stack.scheduler.passes import Ended
from stack.scheduler.reconciler import Progress
from tests.aws import Aws
from tests.scheduling import Scene, scenes, until


@pytest.fixture
def scene(aws: Aws) -> Iterator[Scene]:
    with scenes(aws) as new_scene:
        yield new_scene()


def workers(tag: str, *names: str) -> dict:
    return {'services': [{name: {'image': f'team/{name}:{tag}', 'memory': 16}} for name in names or ('mailer',)]}


def services(aws: Aws, cluster: str) -> dict[str, str]:
    """The services that are there, each with the image that it is to run."""
    ecs = aws.client('ecs')
    arns = ecs.list_services(cluster=cluster, maxResults=100)['serviceArns']
    described = [ecs.describe_services(cluster=cluster, services=list(some)) for some in batches(arns, 10)]
    found = [each for answer in described for each in answer['services']]
    definitions = {
        each['serviceName']: ecs.describe_task_definition(taskDefinition=each['taskDefinition'])['taskDefinition']
        for each in found
        if each['status'] == 'ACTIVE'
    }
    return {name: each['containerDefinitions'][0]['image'] for name, each in definitions.items()}


def run(scenario) -> None:
    asyncio.run(scenario())


def test_a_message_of_the_old_server_makes_ecs_match_what_is_stored_now(aws: Aws, scene: Scene):
    cluster = aws.cluster()
    scene.store(cluster, workers('2'))
    scene.deploy(cluster, payload=workers('1'))

    async def scenario() -> None:
        async with scene.running(scene.scheduler()):
            await until(lambda: scene.waiting() == 0)

    run(scenario)
    assert services(aws, cluster) == {'mailer': 'team/mailer:2'}
    assert 'mailer: create' in scene.posted[0]
    assert 'done in' in scene.posted[1]
    assert len(scene.posted) == 2


def test_many_messages_in_any_order_on_two_schedulers_end_at_the_newest_state(aws: Aws, scene: Scene):
    clusters = [aws.cluster() for _ in range(3)]
    under_way: dict[str, int] = {}
    overlaps = []

    def watch(scheduler: int):
        def sink(progress: Progress) -> None:
            cluster = progress.step.arguments.get('cluster')
            if cluster and progress.state == 'started':
                if under_way.setdefault(cluster, scheduler) != scheduler:
                    overlaps.append(progress)
            elif cluster:
                under_way.pop(cluster, None)

        return sink

    shuffled = random.Random(7)
    messages = [(cluster, revision) for cluster in clusters for revision in range(25)]
    messages += shuffled.sample(messages, 25)
    shuffled.shuffle(messages)

    async def scenario() -> None:
        async with scene.running(scene.scheduler(sink=watch(1)), scene.scheduler(sink=watch(2))):
            for number, (cluster, revision) in enumerate(messages):
                if number % 10 == 0:
                    for each in clusters:
                        scene.store(each, workers(str(number), 'mailer', 'reporter'))
                scene.deploy(cluster, payload=workers(str(revision)), revision=str(revision))
                await asyncio.sleep(0)
            for each in clusters:
                scene.store(each, workers('last', 'mailer', 'reporter'))
                scene.deploy(each, payload=workers('last', 'mailer', 'reporter'))
            await until(lambda: scene.waiting() == 0, 60)

    aws.faults.add(Fault('shuffle', service='sqs'))
    aws.faults.add(Fault('duplicate', service='sqs', every=5))
    with aws.embedded.application.recording() as calls:
        run(scenario)
    assert overlaps == []
    for cluster in clusters:
        assert services(aws, cluster) == {'mailer': 'team/mailer:last', 'reporter': 'team/reporter:last'}
    assert calls.count('ecs:CreateService') == 6


def test_a_service_is_destroyed_if_it_is_no_longer_wanted(aws: Aws, scene: Scene):
    cluster = aws.cluster()

    async def scenario() -> None:
        async with scene.running(scene.scheduler()):
            scene.store(cluster, workers('1', 'mailer', 'reporter'))
            scene.deploy(cluster)
            await until(lambda: scene.waiting() == 0)
            scene.destroy(cluster, 'mailer')
            scene.store(cluster, workers('1', 'mailer'))
            scene.destroy(cluster, 'reporter')
            await until(lambda: bool(aws.advance(5)) or scene.waiting() == 0)

    run(scenario)
    assert services(aws, cluster) == {'mailer': 'team/mailer:1'}


def test_drift_without_a_hint_is_healed_on_schedule(aws: Aws, scene: Scene):
    cluster = aws.cluster()
    scene.store(cluster, workers('1'))

    async def scenario() -> None:
        async with scene.running(scene.scheduler()):
            await until(lambda: services(aws, cluster) == {'mailer': 'team/mailer:1'})

    run(scenario)
    assert scene.posted == []


@pytest.mark.parametrize(
    ('body', 'reason'),
    [('{', 'not JSON'), ('{"event_type": "cluster-deploy"}', 'no cluster'), ('[]', 'not a JSON object')],
)
def test_poison_goes_to_the_dead_letter_queue_with_its_reason(aws: Aws, scene: Scene, body: str, reason: str):
    scene.send(body)

    async def scenario() -> None:
        async with scene.running(scene.scheduler()):
            await until(lambda: scene.waiting() == 0)

    run(scenario)
    found = aws.client('sqs').receive_message(QueueUrl=scene.dead, MessageAttributeNames=['All'])['Messages'][0]
    assert found['Body'] == body
    assert reason in found['MessageAttributes']['reason']['StringValue']


def test_a_fifo_queue_works_alike(aws: Aws):
    with scenes(aws) as new_scene:
        scene, cluster = new_scene(fifo=True), aws.cluster()
        scene.store(cluster, workers('1'))
        message = {'event_type': 'cluster-deploy', 'callback_url': None, 'cluster': cluster, 'payload': {}}
        for number, body in enumerate(['{', json.dumps(message), json.dumps(message)]):
            scene.send(body, MessageGroupId=cluster, MessageDeduplicationId=str(number))

        async def scenario() -> None:
            async with scene.running(scene.scheduler()):
                await until(lambda: scene.waiting() == 0)

        run(scenario)
        assert services(aws, cluster) == {'mailer': 'team/mailer:1'}
        assert aws.messages(scene.dead) == ['{']


def test_an_unknown_message_is_left_alone_with_one_warning(aws: Aws, scene: Scene, caplog: pytest.LogCaptureFixture):
    scene.send('{"event_type": "cluster-dance", "cluster": "a"}')
    cluster = aws.cluster()
    scene.store(cluster, workers('1'))
    scene.deploy(cluster)

    async def scenario() -> None:
        async with scene.running(scene.scheduler()):
            await until(lambda: services(aws, cluster) != {})
            await until(lambda: scene.waiting() == 1)

    run(scenario)
    assert [each.levelname for each in caplog.records if 'cluster-dance' in each.getMessage()] == ['WARNING']
    assert aws.messages(scene.dead) == []


def test_a_cluster_that_is_not_managed_is_left_alone(aws: Aws, scene: Scene):
    scene.deploy('missing')

    async def scenario() -> None:
        async with scene.running(scene.scheduler()):
            await until(lambda: scene.waiting() == 0)

    run(scenario)
    assert scene.posted == ['*missing*: is not managed here: nothing was done.']
    assert aws.messages(scene.dead) == []


def test_a_pass_that_keeps_failing_is_given_up_with_a_message(aws: Aws, scene: Scene):
    scene.store('missing', workers('1'))
    scene.deploy('missing')

    async def scenario() -> None:
        async with scene.running(scene.scheduler()):
            await until(lambda: scene.waiting() == 0)

    run(scenario)
    assert [each.split(' · ')[0] for each in scene.posted] == [
        '*missing*: failed, and is tried again',
        '*missing*: failed, and is not tried again before the next change',
    ]
    assert "ECS has no active cluster 'missing'" in scene.posted[-1]
    assert len(aws.messages(scene.dead)) == 1


def test_a_look_that_fails_before_the_message_comes_hides_no_failure(
    aws: Aws, scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    """The message arrives during the pass at the start, which fails without it: its sender hears of the next one."""
    scene.store('missing', workers('1'))

    async def scenario() -> None:
        scheduler = scene.scheduler()
        begun, goes_on = asyncio.Event(), asyncio.Event()
        made, taken = scene.passes[-1].make, scheduler._take

        async def make(*arguments: Any) -> Ended:
            begun.set()
            await goes_on.wait()
            return await made(*arguments)

        async def take(message: Received) -> None:
            await taken(message)
            goes_on.set()

        monkeypatch.setattr(scene.passes[-1], 'make', make)
        monkeypatch.setattr(scheduler, '_take', take)
        async with scene.running(scheduler):
            await asyncio.wait_for(begun.wait(), 30)
            scene.deploy('missing')
            await until(lambda: len(scene.posted) == 2)

    run(scenario)
    assert [each.split(' · ')[0] for each in scene.posted] == [
        '*missing*: failed, and is tried again',
        '*missing*: failed, and is not tried again before the next change',
    ]


def test_a_frozen_cluster_waits(aws: Aws, scene: Scene):
    cluster, other = aws.cluster(), aws.cluster()
    scene.frozen.add(cluster)

    async def scenario() -> None:
        async with scene.running(scene.scheduler()):
            for each in (cluster, other):
                scene.store(each, workers('1'))
                scene.deploy(each)
            await until(lambda: services(aws, other) != {} and scene.waiting() == 1)
            assert services(aws, cluster) == {}
            scene.frozen.clear()
            await until(lambda: scene.waiting() == 0)
        assert services(aws, cluster) != {}

    run(scenario)


def test_on_stop_it_finishes_the_step_and_hands_over(aws: Aws, scene: Scene):
    cluster = aws.cluster()
    scene.store(cluster, workers('1', *(f'worker-{n}' for n in range(21))))
    scene.deploy(cluster)

    async def scenario() -> None:
        def stop_after_the_first(progress: Progress) -> None:
            if progress.state == 'done':
                first.stop()

        first = scene.scheduler(sink=stop_after_the_first)
        await first.run()
        made = len(services(aws, cluster))
        assert made < 21
        seen = aws.client('sqs').get_queue_attributes(
            QueueUrl=scene.queue, AttributeNames=['ApproximateNumberOfMessages']
        )
        assert seen['Attributes']['ApproximateNumberOfMessages'] == '1'
        async with scene.running(scene.scheduler()):
            await until(lambda: scene.waiting() == 0)

    run(scenario)
    assert len(services(aws, cluster)) == 21


def test_on_stop_it_does_not_wait_for_rate_limits(aws: Aws, scene: Scene):
    cluster = aws.cluster()
    scene.store(cluster, workers('1', *(f'worker-{n}' for n in range(60))))
    scene.deploy(cluster)
    ended: list[str] = []

    async def scenario() -> None:
        scheduler = scene.scheduler(sink=lambda progress: ended.append(progress.state))
        running = asyncio.create_task(scheduler.run())
        await until(lambda: ended.count('done') >= 20)
        scheduler.stop()
        async with asyncio.timeout(30):
            await running

    run(scenario)
    assert ended.count('left') > 60
    assert len(services(aws, cluster)) < 60


def test_a_throttled_queue_and_bucket_only_cost_time(aws: Aws, scene: Scene):
    cluster = aws.cluster()
    scene.store(cluster, workers('1'))
    aws.faults.add(Fault('throttle', service='sqs', operation='ReceiveMessage', times=4))
    aws.faults.add(Fault('error', service='s3', operation='GetObject', times=4, status=503, code='ServiceUnavailable'))
    aws.faults.add(Fault('throttle', service='elbv2', times=4))
    scene.deploy(cluster)

    async def scenario() -> None:
        async with scene.running(scene.scheduler()):
            await until(lambda: scene.waiting() == 0)

    run(scenario)
    assert services(aws, cluster) == {'mailer': 'team/mailer:1'}
