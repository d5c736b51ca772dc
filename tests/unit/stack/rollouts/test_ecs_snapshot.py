"""What is kept of ECS: which task definitions, and which of a service's versions runs."""

from dataclasses import replace

import pytest

from stack.reconcile.observed import TaskDefinition
from stack.rollouts.ecs_snapshot import EcsSnapshot
from stack.rollouts.ecs_state import Service
from stack.rollouts.service_deployment import ServiceRevision, read
from tests.ecs_looks import ALIEN, NEW, OLD, deployment, leaving, new, old, service
from tests.service_deployments import (
    BLUE_GREEN,
    CANARY,
    LINEAR,
    REVISIONS,
    WITH_ALARMS,
    deploying,
    described,
    native,
)


def seen(snapshot: EcsSnapshot, **services: Service | None) -> set[str]:
    for name, each in services.items():
        snapshot.see(name, each)
    snapshot.forget_definitions()
    return {*snapshot.definitions}


def snapshot() -> EcsSnapshot:
    made = EcsSnapshot()
    made.definitions = {arn: TaskDefinition(arn, 'web', {}) for arn in (OLD, NEW)}
    return made


def test_a_definition_is_forgotten_once_its_last_service_has_left_it():
    made = snapshot()
    api = replace(service(old()), name='api')
    assert seen(made, web=service(old()), api=api) == {OLD, NEW}
    assert seen(made, web=service(new(1), leaving(1))) == {OLD, NEW}
    assert seen(made, web=service(new(2))) == {OLD, NEW}, 'the other service runs it'
    assert seen(made, api=replace(service(new(2)), name='api')) == {NEW}


def test_so_is_that_of_a_service_that_is_gone():
    made = snapshot()
    seen(made, web=service(old()), api=service(new(2)))
    assert seen(made, web=None) == {NEW}


def test_a_definition_that_another_service_begins_to_run_is_kept():
    made = snapshot()
    seen(made, web=service(old()))
    assert OLD in seen(made, web=service(new(2)), api=replace(service(old()), name='api'))


def with_images() -> EcsSnapshot:
    made = EcsSnapshot()
    made.definitions = {
        arn: TaskDefinition(arn, 'web', {'containerDefinitions': [{'name': 'web', 'image': image}]})
        for arn, image in ((OLD, 'web:1'), (NEW, 'web:2'), (ALIEN, 'web:3'))
    }
    return made


def running_image(observed: Service) -> str | None:
    made = with_images()
    made.see('web', observed)
    return made.running_image('web')


@pytest.mark.parametrize('configuration', [BLUE_GREEN, LINEAR, CANARY], ids=['blue_green', 'linear', 'canary'])
@pytest.mark.parametrize(
    ('stage', 'traffic', 'expected'),
    [
        (None, 0.0, 'web:1'),
        ('POST_SCALE_UP', 0.0, 'web:1'),
        ('POST_TEST_TRAFFIC_SHIFT', 0.0, 'web:1'),
        ('PRODUCTION_TRAFFIC_SHIFT', 5.0, 'web:1'),
        ('PRODUCTION_TRAFFIC_SHIFT', 80.0, 'web:1'),
        ('PRODUCTION_TRAFFIC_SHIFT', 100.0, 'web:2'),
        ('BAKE_TIME', 100.0, 'web:2'),
    ],
)
def test_the_former_version_runs_until_all_traffic_has_shifted(
    configuration: dict, stage: str | None, traffic: float, expected: str
):
    going = native(stage=stage, traffic=traffic, deploymentConfiguration=configuration)
    assert running_image(deploying(going)) == expected


@pytest.mark.parametrize(
    ('status', 'traffic', 'expected'),
    [
        # ECS shifts the traffic back in one step.
        ('ROLLBACK_IN_PROGRESS', 100.0, 'web:2'),
        ('ROLLBACK_IN_PROGRESS', 0.0, 'web:1'),
        ('ROLLBACK_SUCCESSFUL', 0.0, 'web:1'),
        # A deployment that was stopped keeps its tasks and its weights.
        ('STOPPED', 5.0, 'web:1'),
        ('STOPPED', 100.0, 'web:2'),
        ('SUCCESSFUL', 100.0, 'web:2'),
    ],
)
def test_a_deployment_that_ends_counts_by_its_traffic(status: str, traffic: float, expected: str):
    assert running_image(deploying(native(status, traffic=traffic))) == expected


@pytest.mark.parametrize(
    ('status', 'stage', 'expected'),
    [
        ('IN_PROGRESS', 'PRODUCTION_TRAFFIC_SHIFT', 'web:1'),
        ('IN_PROGRESS', 'BAKE_TIME', 'web:2'),
        ('ROLLBACK_IN_PROGRESS', 'CLEAN_UP', 'web:1'),
        ('SUCCESSFUL', 'CLEAN_UP', 'web:2'),
    ],
)
def test_without_weights_the_stage_states_where_the_traffic_is(status: str, stage: str, expected: str):
    going = native(status, stage, sourceServiceRevisions=[{'arn': 'rev/old'}], targetServiceRevision={'arn': 'rev/new'})
    assert running_image(deploying(going)) == expected


def test_a_first_deployment_runs_from_its_beginning():
    assert running_image(deploying(native(sourceServiceRevisions=[]), old=0)) == 'web:2'


def test_of_several_former_versions_the_one_with_most_traffic_runs():
    shares = [('rev/old', 10.0), ('rev/alien', 90.0)]
    sources = [{'arn': arn, 'requestedProductionTrafficWeight': weight} for arn, weight in shares]
    revisions = {**REVISIONS, 'rev/alien': ServiceRevision(ALIEN)}
    going = read(described(stage='RECONCILE_SERVICE', sourceServiceRevisions=sources), revisions)
    overtaken = deployment('ecs-svc/3', ALIEN, 2, 2, status='ACTIVE')
    observed = service(new(0), leaving(2), overtaken, native=going)
    assert running_image(observed) == 'web:3'


def test_where_the_service_deployment_is_not_known_the_former_version_runs_while_it_has_tasks():
    description = {'deploymentConfiguration': BLUE_GREEN}
    assert running_image(service(new(2), leaving(2), description=description)) == 'web:1'
    assert running_image(service(new(2), leaving(0), description=description)) == 'web:2'
    # ECS lists a deployment a moment after the service has it.
    former = native('SUCCESSFUL', traffic=100.0, targetServiceRevision={'arn': 'rev/old'})
    assert running_image(service(new(2), leaving(2), description=description, native=former)) == 'web:1'


@pytest.mark.parametrize(
    ('fresh', 'left', 'expected'),
    [(0, 4, 'web:1'), (1, 3, 'web:1'), (2, 2, 'web:1'), (3, 1, 'web:2'), (4, 0, 'web:2'), (0, 0, 'web:2')],
)
def test_in_a_rolling_deployment_the_version_of_most_tasks_runs(fresh: int, left: int, expected: str):
    with_alarms = native(stage='SCALE_UP', traffic=0.0, deploymentConfiguration=WITH_ALARMS)
    for observed in (service(new(fresh), leaving(left)), service(new(fresh), leaving(left), native=with_alarms)):
        assert running_image(observed) == expected


def test_the_image_before_is_one_that_had_the_traffic():
    """A deployment overtakes another one at 5 % of the traffic: a rollback of it does not return to that one."""
    made = with_images()
    made.see('web', deploying(native(stage='PRODUCTION_TRAFFIC_SHIFT', traffic=5.0)))
    assert made.images_before['web'] == 'web:1'
    made.see('web', service(deployment('ecs-svc/3', ALIEN, 2, 2), leaving(2)))
    assert made.images_before['web'] == 'web:1'


def test_what_was_rolled_back_is_not_the_image_before():
    made = with_images()
    made.see('web', service(old()))
    made.see('web', service(new(2)))
    made.see('web', service(deployment('ecs-svc/3', ALIEN, 0, 2), new(2, status='ACTIVE')))
    assert made.images_before['web'] == 'web:2'
    made.see('web', service(deployment('ecs-svc/4', NEW, 2, 2)))
    assert made.images_before['web'] == 'web:2'
