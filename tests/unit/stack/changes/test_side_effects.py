"""Side effects of a change by what ECS shows of the services that it touches."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from stack.changes.side_effects import ChangeEffects
from stack.errors import AwsFailed
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.wanted import wanted_services
from stack.rollouts import ecs_state
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.observation import Observation
from stack.state.revisions import Change, Origin, Revision, encode
from tests.places import InOnePlace

START = datetime(2026, 3, 1, tzinfo=UTC)
ARN = 'arn:td/prod-web:3'


def document(**settings: Any) -> dict[str, Any]:
    return {'services': [{'web': {'image': 'web:1', 'desired_count': 2, **settings}}, {'worker': {'image': 'w:1'}}]}


class Ecs:
    """One service, `web`, that runs the stored document with a sidecar that it does not declare."""

    def __init__(self) -> None:
        # The names of each call.
        self.asked: list[list[str]] = []
        self.definitions_read = 0
        self.failing = False
        self.variables: list[dict[str, str]] = []

    async def services(self, cluster: str, names: Sequence[str]) -> Mapping[str, ecs_state.Service | None]:
        self.asked.append(list(names))
        if self.failing:
            raise AwsFailed('ECS is down.', 'ecs:DescribeServices', 'ServerException')
        described = {
            'serviceName': 'web',
            'serviceArn': 'arn:web',
            'status': 'ACTIVE',
            'desiredCount': 5,
            'taskDefinition': ARN,
            'launchType': 'EC2',
        }
        return {name: ecs_state.service(described) if name == 'web' else None for name in names}

    async def definition(self, arn: str) -> TaskDefinition | None:
        self.definitions_read += 1
        body = dict(wanted_services('prod', document())['web'].definition)
        (web,) = body['containerDefinitions']
        body['containerDefinitions'] = [{**web, 'environment': self.variables}, {'name': 'agent', 'image': 'agent:1'}]
        return TaskDefinition(ARN, 'prod-web', body, {})


def effects_of(ecs: Ecs, *changes: Mapping[str, Any]) -> list[list[tuple]]:
    known = ChangeEffects(InOnePlace(ecs), lambda _: None)

    async def run() -> list[list[tuple]]:
        found = [await known.of('prod', document(), change) for change in changes]
        return [[(effect.service, effect.path, effect.effect) for effect in effects] for effects in found]

    return asyncio.run(run())


def test_a_new_tag_removes_an_undeclared_sidecar_and_reverts_the_count():
    (effects,) = effects_of(Ecs(), document(image='web:2'))
    assert effects == [('web', 'containers', 'lost'), ('web', 'desired_count', 'changed')]


def test_a_change_of_the_count_does_not_name_the_count():
    (effects,) = effects_of(Ecs(), document(desired_count=3))
    assert effects == [('web', 'containers', 'lost')]


def test_only_touched_services_are_looked_up_and_not_for_each_change():
    ecs = Ecs()
    effects_of(ecs, document(image='web:2'), document(image='web:3'))
    assert ecs.asked == [['web']]


def test_a_task_definition_that_the_server_follows_is_not_read_again():
    ecs = Ecs()
    change = Change(Origin('kim', 'test'), START, {'verb': 'replace'})
    stored = Revision('prod', '"e"', 'r1', json.dumps(document()).encode(), START, encode('w', [change]))
    state = ClusterState(stored, START)

    async def run() -> int:
        state.ecs.definitions[ARN] = await ecs.definition(ARN)
        before = ecs.definitions_read
        effects = await ChangeEffects(InOnePlace(ecs), lambda _: state).of('prod', document(), document(image='web:2'))
        assert ('web', 'containers') in [(effect.service, effect.path) for effect in effects]
        return ecs.definitions_read - before

    assert asyncio.run(run()) == 0


def test_an_announcement_alone_touches_all_services_and_looks_them_up_in_one_call():
    ecs = Ecs()
    (effects,) = effects_of(ecs, document())
    assert ('web', 'containers', 'lost') in effects
    assert ecs.asked == [['web', 'worker']]


def test_only_services_that_were_not_seen_just_now_are_looked_up_again():
    ecs = Ecs()
    effects_of(ecs, document(image='web:2'), document())
    assert ecs.asked == [['web'], ['worker']]


def test_what_an_earlier_change_dropped_is_no_loss_of_the_next_one():
    """A pass may not have removed it yet."""
    ecs = Ecs()
    ecs.variables = [{'name': 'A', 'value': '1'}]
    without, then = document(), document(image='web:2')
    known = ChangeEffects(InOnePlace(ecs), lambda _: None)

    async def run() -> None:
        declared = document(environment={'A': '1'})
        assert 'environment' not in [effect.path for effect in await known.of('prod', declared, without)]
        assert 'environment' not in [effect.path for effect in await known.of('prod', without, then)]

    asyncio.run(run())
    (effects,) = effects_of(ecs, then)
    assert ('web', 'environment', 'lost') in effects


def test_an_ecs_that_fails_leaves_what_the_server_follows():
    ecs = Ecs()
    stored = Revision('prod', '"e"', 'r1', json.dumps(document()).encode(), START, encode('w', []))
    state = ClusterState(stored, START)

    async def run() -> list[str]:
        found = await ecs.services('prod', ['web'])
        state.look(Observation(START, found, definitions={ARN: await ecs.definition(ARN)}))
        ecs.failing = True
        effects = await ChangeEffects(InOnePlace(ecs), lambda _: state).of('prod', document(), document(image='web:2'))
        return [(effect.service, effect.path, effect.effect) for effect in effects]

    assert asyncio.run(run()) == [('web', 'containers', 'lost')]


def test_an_ecs_that_fails_leaves_what_the_server_follows_unless_it_is_not_known_what_runs():
    ecs = Ecs()
    stored = Revision('prod', '"e"', 'r1', json.dumps(document()).encode(), START, encode('w', []))
    state = ClusterState(stored, START)

    async def run() -> list[list[tuple[str, str]]]:
        deployment = {'id': 'ecs-svc/1', 'status': 'PRIMARY', 'taskDefinition': ARN}
        known = {'serviceName': 'web', 'taskDefinition': ARN, 'deployments': [deployment]}
        state.look(Observation(START, {'web': ecs_state.service(known)}))
        ecs.failing = True
        seen, _ = await ChangeEffects(InOnePlace(ecs), lambda _: state)._looked_up('prod', ['web'])
        unread = list(seen)
        for look in state.unread.looks_with({ARN: await ecs.definition(ARN)}):
            state.look(look)
        seen, _ = await ChangeEffects(InOnePlace(ecs), lambda _: state)._looked_up('prod', ['web'])
        return [unread, list(seen)]

    assert asyncio.run(run()) == [[], ['web']]


def test_an_ecs_that_fails_leaves_the_effects_unknown():
    ecs = Ecs()
    ecs.failing = True
    assert effects_of(ecs, document(image='web:2')) == [[]]
