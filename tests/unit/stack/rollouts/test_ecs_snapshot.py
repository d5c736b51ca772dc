"""Which task definitions are kept of what ECS shows."""

from dataclasses import replace

from stack.reconcile.observed import TaskDefinition
from stack.rollouts.ecs_snapshot import EcsSnapshot
from stack.rollouts.ecs_state import Service
from tests.ecs_looks import NEW, OLD, leaving, new, old, service


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
