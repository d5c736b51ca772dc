"""The order of rollouts and the gates between them, on a small ECS that a script moves.

Whatever is killed, lost or refused: no service begins before what it needs, and a migration runs once.
"""

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.reconcile import planner
from stack.scheduler.gate_book import awaited_rollouts
from stack.scheduler.passes import Ask
from stack.scheduler.plan_commands import apply
from stack.stackfile.check import check
from stack.stackfile.waves import closure
from tests.asynchronous import asynchronous
from tests.unit.stack.scheduler.order_world import (
    Process,
    World,
    deploy,
    kill_at,
    lose,
    refuse,
)

Json = dict[str, Any]


def service(image: str = 'team/app:1', **settings: Any) -> Json:
    return {'image': image, 'memory': 16, **settings}


def document(**services: Json) -> Json:
    return {'services': [{name: settings} for name, settings in services.items()]}


def gate(name: str = 'migrate', **settings: Any) -> Json:
    return {name: {'command': [name], **settings}}


def tagged(base: Json, tag: str) -> Json:
    """The document with another tag of every image."""
    return {
        'services': [
            {name: {**settings, 'image': settings['image'].partition(':')[0] + f':{tag}'}}
            for item in base['services']
            for name, settings in item.items()
        ]
    }


class Witness:
    """Checks each call of a scheduler against what the desired state wants first."""

    def __init__(self, world: World):
        self.began: Counter[tuple[str, str]] = Counter()
        self.gates: Counter[tuple[str, ...]] = Counter()
        world.watch = self.see

    def see(self, world: World, operation: str, arguments: Json) -> None:
        if operation == 'RunTask' and not any(run.token == arguments['clientToken'] for run in world.runs):
            arn = arguments['taskDefinition']
            self.gates[(world.definitions[arn].family, world.image(arn))] += 1
        if operation in ('CreateService', 'UpdateService') and arguments.get('taskDefinition'):
            self._begins(world, arguments.get('serviceName') or arguments['service'], arguments['taskDefinition'])

    def _begins(self, world: World, name: str, definition: str) -> None:
        wanted = {key: settings for item in world.document['services'] for key, settings in item.items()}
        if world.image(definition) != wanted[name]['image']:
            return
        self.began[name, world.image(definition)] += 1
        for need in closure({key: settings.get('depends_on', ()) for key, settings in wanted.items()})[name]:
            assert world.running(need) == wanted[need]['image'], f'{name} began before {need} had succeeded'
            for each in wanted[need].get('post_deploy', ()):
                assert passed(world, need, each, wanted[need]['image']), f'{name} began before {need} was checked'
        for each in wanted[name].get('pre_deploy', ()):
            assert passed(world, name, each, wanted[name]['image']), f'{name} began before {each}'


def passed(world: World, name: str, each: Json, image: str) -> bool:
    [gate_name] = each
    return any(
        run.family == f'prod-{name}-{gate_name}' and run.code == 0 and world.image(run.definition) == image
        for run in world.runs
    )


def calls_since(world: World, count: int) -> list[str]:
    return [operation for operation, _ in world.calls[count:]]


CHAIN = document(
    web=service(depends_on=['api']),
    api=service(depends_on=['database'], pre_deploy=[gate()], post_deploy=[gate('smoke')]),
    database=service(),
)


@asynchronous
async def test_services_begin_in_waves_and_a_second_pass_changes_nothing():
    world = World()
    Witness(world)
    process = Process(world)
    for tag in ('1', '2'):
        world.store(tagged(CHAIN, tag))
        ended = await deploy(world, process)
        assert ended.errors == ()
        assert {name: world.running(name) for name in world.services} == dict.fromkeys(
            ('database', 'api', 'web'), f'team/app:{tag}'
        )
    count = len(world.calls)
    assert (await process.check()).state == 'complete'
    assert (await process.make()).state == 'complete'
    assert calls_since(world, count) == []
    assert Counter(run.family for run in world.runs) == {'prod-api-migrate': 2, 'prod-api-smoke': 2}
    left = [arn for arn, each in world.definitions.items() if 'migrate' in each.family or 'smoke' in each.family]
    assert set(left) == world.inactive


@asynchronous
async def test_a_look_at_rollouts_in_progress_takes_no_pass():
    world = World()
    world.store(CHAIN)
    process = Process(world)
    first = await process.make()
    assert first.outcome
    recorded = dict(world.objects)
    for _ in range(3):
        assert (await process.make(retry=False, awaited=first.outcome.plan)).state == 'awaiting'
    assert (process.looks, world.objects) == (3, recorded)
    world.settle()
    after = await process.make(retry=False, awaited=first.outcome.plan)
    assert [run.family for run in world.runs] == ['prod-api-migrate']
    # A task is looked at by a pass, which records its end.
    assert after.outcome
    assert awaited_rollouts(after.outcome.plan) == ()


@asynchronous
async def test_the_plan_has_waves_and_steps_after_the_end_of_rollouts():
    world = World(document=CHAIN)
    _, plan = await Process(world).passes.plan(ask())
    assert plan.waves == (('database',), ('api',), ('web',))
    assert plan.to_json()['waves'] == [['database'], ['api'], ['web']]
    by_id = {step.id: step for step in plan.steps}
    order = [step.id for step in plan.steps]
    assert all(order.index(earlier) < order.index(step.id) for step in plan.steps for earlier in step.depends_on)
    assert 'database/service/succeeded' in by_id['api/gate/migrate/run'].depends_on
    assert 'api/gate/migrate/ended' in by_id['api/service'].depends_on
    assert 'api/gate/smoke/ended' in by_id['web/service'].depends_on
    assert [(each.service, each.services, each.wave) for each in plan.waits] == [
        ('api', ('database',), 2),
        ('web', ('api',), 3),
    ]


def ask(**values: Any) -> Ask:
    return Ask('prod', **values)


@asynchronous
async def test_a_failed_migration_stops_the_wave_until_the_next_deploy():
    codes = {'migrate': 3}
    world = World(exits=lambda image, command: codes.get(command[0], 0) if image.endswith(':2') else 0)
    Witness(world)
    process = Process(world)
    world.store(CHAIN)
    await deploy(world, process)
    world.store(tagged(CHAIN, '2'))
    ended = await deploy(world, process)
    assert ended.outcome
    notes = {note.service: note.text for note in ended.outcome.plan.notes if note.blocks}
    assert notes['api'].startswith('pre_deploy migrate failed: ')
    assert notes['api'].endswith('Its rollout was not begun.')
    assert notes['web'].startswith('Not begun: it needs api. pre_deploy migrate failed: ')
    assert ended.outcome.plan.not_begun == ('web',)
    assert (world.running('database'), world.running('api'), world.running('web')) == (
        'team/app:2',
        'team/app:1',
        'team/app:1',
    )
    [run] = [each for each in world.ledger['runs'] if each['gate'] == 'migrate']
    assert (run['state'], run['exit_code'], run['attempt']) == ('failed', 3, 1)
    # A later pass, and the same message again, change nothing.
    count = len(world.calls)
    assert (await process.check()).state == 'complete'
    assert calls_since(world, count) == []
    # A deploy afterwards tries again.
    codes['migrate'] = 0
    world.now += 60
    await deploy(world, process)
    assert world.running('web') == 'team/app:2'
    assert sum(each.family == 'prod-api-migrate' for each in world.runs) == 3


@pytest.mark.parametrize(('on_failure', 'image'), [('leave', 'team/app:2'), ('roll_back', 'team/app:1')])
@asynchronous
async def test_what_a_failed_check_leaves(on_failure: str, image: str):
    world = World(exits=lambda tag, command: int(tag.endswith(':2')))
    process = Process(world)
    base = document(api=service(post_deploy=[gate('smoke')], on_failure=on_failure), web=service(depends_on=['api']))
    for tag in ('1', '2'):
        world.store(tagged(base, tag))
        await deploy(world, process)
    assert (world.running('api'), world.running('web')) == (image, 'team/app:1')
    count = len(world.calls)
    world.settle()
    assert (await process.check()).state == 'complete'
    assert calls_since(world, count) == []
    world.store(tagged(base, '3'))
    await deploy(world, process)
    assert (world.running('api'), world.running('web')) == ('team/app:3', 'team/app:3')


@asynchronous
async def test_a_service_that_is_checked_later_has_not_succeeded_yet():
    world = World()
    process = Process(world)
    world.store(document(api=service(post_deploy=[gate('smoke')])))
    plans = []
    while not plans or plans[-1].waits:
        ended = await process.make()
        assert ended.outcome
        plans.append(ended.outcome.plan)
        world.settle()
    assert [[(each.service, each.gate) for each in plan.waits] for plan in plans] == [
        [('api', '')],
        [('api', 'smoke')],
        [],
    ]


@asynchronous
async def test_the_command_applies_all_waves_and_names_what_stopped_them(capsys: pytest.CaptureFixture[str]):
    for code, status in ((0, 0), (3, 1)):
        world = World(exits=lambda image, command, code=code: code)
        world.store(CHAIN)

        async def move(_: float, world: World = world) -> None:
            world.settle()

        assert await apply(Process(world).passes, 'prod', prune=False, sleep=move) == status
        printed = capsys.readouterr().out
        assert 'Waves: 1. database; 2. api; 3. web' in printed
        assert ('web: Not begun: it needs api.' in printed, printed.endswith('Done.\n')) == (code > 0, code == 0)
        assert len(world.runs) == (2 if code == 0 else 1)


@asynchronous
async def test_only_services_that_change_wait():
    world = World()
    world.store(CHAIN)
    process = Process(world)
    await deploy(world, process)
    world.services['database'].state = 'FAILED'
    changed = tagged(CHAIN, '1')
    changed['services'].append({'other': service()})
    world.store(changed)
    await deploy(world, process)
    assert world.running('other') == 'team/app:1'
    # Nothing of the chain changed, and so nothing of it is held back.
    count = len(world.calls)
    assert (await process.make()).state == 'complete'
    assert calls_since(world, count) == []


@asynchronous
async def test_a_restart_and_a_changed_command_run_no_migration():
    world = World()
    world.store(document(api=service(pre_deploy=[gate()])))
    process = Process(world)
    await deploy(world, process)
    world.store(document(api=service(pre_deploy=[gate(timeout=5)], restarted_at='2030-01-31T18:00:00Z')))
    await deploy(world, process)
    world.store(document(api=service(pre_deploy=[{'migrate': {'command': ['other']}}])))
    await deploy(world, process)
    assert len(world.runs) == 1
    world.store(document(api=service('team/app:2', pre_deploy=[{'migrate': {'command': ['other']}}])))
    await deploy(world, process)
    assert [world.command(run.definition) for run in world.runs] == [('migrate',), ('other',)]


@asynchronous
async def test_a_service_after_a_task_begins_once_the_task_has_ended():
    for code, image in ((0, 'team/app:1'), (1, None)):
        world = World(exits=lambda image, command, code=code: code)
        process = Process(world)
        world.store(document(web=service(depends_on=['job']), job=service(type='task')))
        ended = await deploy(world, process)
        assert world.running('web') == image
        assert len(world.runs) == 1
        assert ended.outcome
        assert ended.outcome.plan.not_begun == (() if image else ('web',))


@asynchronous
async def test_a_run_that_is_forgotten_is_not_repeated():
    world = World()
    process = Process(world)
    world.store(document(api=service(pre_deploy=[gate()])))
    await process.make()
    assert len(world.runs) == 1
    world.runs[0].mark = 'forgotten'
    world.now += 3600
    ended = await process.make(asked_at=None)
    assert ended.state == 'complete'
    assert world.services == {}
    assert 'whether it ran is not known' in world.ledger['runs'][0]['reason']


@asynchronous
async def test_a_gate_is_stopped_after_its_timeout():
    world = World(exits=lambda image, command: None)
    process = Process(world)
    world.store(document(api=service(pre_deploy=[gate(timeout=120)])))
    began = world.now
    ended = await deploy(world, process)
    stopped = [arguments['reason'] for operation, arguments in world.calls if operation == 'StopTask']
    assert stopped == ['Not ended within 120 s']
    assert world.now - began >= 120
    assert ended.outcome
    assert [note.text for note in ended.outcome.plan.notes] == [
        'pre_deploy migrate failed: It was stopped after its timeout of 120 s. Its rollout was not begun.'
    ]
    assert world.services == {}


@asynchronous
async def test_a_migration_that_finds_no_room_runs_once_there_is_some():
    world = World(is_full=True)
    witness = Witness(world)
    process = Process(world)
    world.store(document(api=service(pre_deploy=[gate()])))
    for _ in range(3):
        assert (await process.make()).state == 'failed'
        world.now += 30
    assert world.runs == []
    world.is_full = False
    await deploy(world, process)
    assert world.running('api') == 'team/app:1'
    assert len(world.runs) == 1
    assert witness.began == {('api', 'team/app:1'): 1}


@asynchronous
async def test_a_migration_of_a_former_definition_ends_first():
    world = World()
    process = Process(world)
    base = document(api=service(pre_deploy=[gate()]))
    world.store(base)
    await process.make()
    world.store(tagged(base, '2'))
    for _ in range(3):
        assert (await process.make()).state == 'awaiting'
    assert len(world.runs) == 1
    await deploy(world, process)
    assert world.running('api') == 'team/app:2'
    assert len(world.runs) == 2


def random_document(chance: random.Random) -> Json:
    names = [f's{number}' for number in range(chance.randint(2, 5))]
    services: Json = {}
    for place, name in enumerate(names):
        settings = service(depends_on=chance.sample(names[:place], chance.randint(0, min(2, place))))
        if chance.random() < 0.4:
            settings['pre_deploy'] = [gate(f'before{n}') for n in range(chance.randint(1, 2))]
        if chance.random() < 0.3:
            settings['post_deploy'] = [gate('after')]
            settings['on_failure'] = chance.choice(['leave', 'roll_back'])
        services[name] = settings
    order = list(services)
    chance.shuffle(order)
    return document(**{name: services[name] for name in order})


def random_world(chance: random.Random) -> World:
    """A world in which a part of the rollouts and tasks of the second revision fails, the same whenever it is asked."""
    seed = chance.random()

    def fails(*what: Any, share: float) -> bool:
        return random.Random(f'{seed}/{what}').random() < share

    def ends(name: str, image: str) -> str:
        return 'ROLLED_BACK' if image.endswith(':2') and fails(name, share=0.15) else 'COMPLETED'

    def exits(image: str, command: tuple[str, ...]) -> int:
        return int(image.endswith(':2') and fails(command, share=0.2))

    return World(ends=ends, exits=exits)


@pytest.mark.parametrize('block', range(4))
@asynchronous
async def test_two_hundred_random_graphs(block: int, monkeypatch: pytest.MonkeyPatch):
    # The documents are valid, and checking each of them in every pass would take most of the time.
    monkeypatch.setattr(planner, 'faults', lambda cluster, document: {})
    for seed in range(50 * block, 50 * (block + 1)):
        chance = random.Random(seed)
        world, base = random_world(chance), random_document(chance)
        witness = Witness(world)
        assert not check(base, cluster='prod').mistakes
        share = chance.choice([0.0, 0.0, 0.1])
        for tag in ('1', '2'):
            world.store(tagged(base, tag))
            process = Process(world, refuse(chance, share), lose(chance, share))
            await deploy(world, process)
        assert all(count == 1 for count in witness.gates.values()), seed
        await check_end(world, base, seed)


async def check_end(world: World, base: Json, seed: int) -> None:
    """What has succeeded runs as it is wanted; what failed, and what needs it, is as it is declared."""
    settings = {name: each for item in base['services'] for name, each in item.items()}
    needs = closure({name: each['depends_on'] for name, each in settings.items()})
    good: dict[str, bool] = {}
    for name in sorted(settings, key=lambda name: len(needs[name])):
        each = settings[name]
        begun = all(good[need] for need in needs[name]) and all_pass(world, each.get('pre_deploy', ()))
        held = begun and world.ends(name, 'team/app:2') == 'COMPLETED'
        good[name] = held and all_pass(world, each.get('post_deploy', ()))
        stays = good[name] or (held and each.get('on_failure') == 'leave')
        assert world.running(name) == ('team/app:2' if stays else 'team/app:1'), (seed, name)
    count = len(world.calls)
    assert (await Process(world).check()).state == 'complete', seed
    assert calls_since(world, count) == [], seed


def all_pass(world: World, gates: Any) -> bool:
    return all(world.exits('team/app:2', (name,)) == 0 for each in gates for name in each)


@pytest.mark.parametrize('moment', ['before', 'after'])
@asynchronous
async def test_killed_at_every_call(moment: str):
    """Before each call, or after it was carried out; another scheduler goes on."""
    for last in itertools.count(1):
        world = World()
        witness = Witness(world)
        world.store(CHAIN)
        first = Process(world, **{moment: kill_at(last)})
        with contextlib.suppress(BaseExceptionGroup):
            await deploy(world, first)
        if not first.dead:
            break
        world.expire_leases()
        await deploy(world, Process(world))
        assert world.running('web') == 'team/app:1'
        assert set(witness.gates.values()) == {1}, (last, witness.gates)
    assert last > 10


@asynchronous
async def test_two_schedulers():
    for seed in range(10):
        chance = random.Random(seed)
        world = random_world(chance)
        witness = Witness(world)
        base = random_document(chance)
        for tag in ('1', '2'):
            world.store(tagged(base, tag))
            asked_at = datetime.fromtimestamp(world.now, UTC)
            for _ in range(30):
                processes = Process(world), Process(world, after=lose(chance, 0.1))
                ended = await asyncio.gather(*(process.make(retry=False, asked_at=asked_at) for process in processes))
                assert {each.state for each in ended} <= {'busy', 'complete', 'awaiting', 'failed'}
                if not world.settle() and 'complete' in {each.state for each in ended}:
                    break
        assert all(count == 1 for count in witness.gates.values()), seed
