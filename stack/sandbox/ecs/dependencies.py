"""Dependencies between the containers of a task: whether they are met, and the order that follows from them."""

from stack.sandbox.ecs.model import Container, Task, Wire
from stack.sandbox.ecs.world import World

ENDING = ('COMPLETE', 'SUCCESS')


def state(world: World, task: Task, spec: Wire) -> tuple[bool, str]:
    """Whether a container's dependencies are met, and why they never will be (empty while they may be)."""
    by_name = {container.name: container for container in task.containers}
    definitions = _definitions(world, task)
    met = True
    for dependency in spec.get('dependsOn', []):
        name, condition = dependency['containerName'], dependency['condition']
        target = by_name[name]
        if _is_met(target, condition):
            continue
        met = False
        what = f'Container {spec["name"]} cannot start: its dependency {name}'
        if target.status == 'STOPPED' and condition == 'SUCCESS':
            return False, f'{what} exited with {target.exit_code} instead of 0.'
        if target.status == 'STOPPED' or (condition == 'HEALTHY' and target.health == 'UNHEALTHY'):
            return False, f'{what} did not become healthy.'
        if _deadline(world, target, definitions[name]) <= world.now:
            return False, f'{what} did not reach {condition} within its startTimeout.'
    return met, ''


def _is_met(target: Container, condition: str) -> bool:
    match condition:
        case 'HEALTHY':
            return target.status == 'RUNNING' and target.health == 'HEALTHY'
        case 'COMPLETE':
            return target.status == 'STOPPED'
        case 'SUCCESS':
            return target.status == 'STOPPED' and target.exit_code == 0
    return target.status != 'PENDING'


def _deadline(world: World, target: Container, spec: Wire) -> float:
    """When those that wait for a container give up: its startTimeout after its own start."""
    if target.status == 'PENDING' or 'startTimeout' not in spec:
        return float('inf')
    return world.after(world.scaled(spec['startTimeout']), since=target.started_at)


def next_deadline(world: World, task: Task) -> float | None:
    """The next time at which a container that waits gives up."""
    definitions = _definitions(world, task)
    times = [
        _deadline(world, target, definitions[target.name])
        for container in task.containers
        if container.status == 'PENDING'
        for target in task.containers
        if target.name in _needed(definitions[container.name])
    ]
    return min((time for time in times if time < float('inf')), default=None)


def is_awaited_to_end(world: World, task: Task, name: str) -> bool:
    """Whether another container starts only after this one has exited."""
    return any(
        dependency['containerName'] == name and dependency['condition'] in ENDING
        for spec in _definitions(world, task).values()
        for dependency in spec.get('dependsOn', [])
    )


def dependents(world: World, task: Task, name: str) -> list[Container]:
    definitions = _definitions(world, task)
    return [container for container in task.containers if name in _needed(definitions[container.name])]


def last_first(world: World, task: Task) -> list[Container]:
    """The containers in the order of their stop: each after all that depend on it."""
    ordered: list[Container] = []
    remaining = list(task.containers)
    while remaining:
        # Registration refuses circles; should one be stored all the same, the rest stops together.
        ready = [each for each in remaining if not _any_in(dependents(world, task, each.name), remaining)] or remaining
        ordered += ready
        remaining = [each for each in remaining if each not in ready]
    return ordered


def _any_in(containers: list[Container], remaining: list[Container]) -> bool:
    return any(container in remaining for container in containers)


def circle(definitions: list[Wire]) -> str:
    """The name of a container that depends on itself, directly or by way of others; empty if there is none."""
    needs: dict[str, set[str]] = {spec['name']: _needed(spec) for spec in definitions}
    for name in needs:
        seen: set[str] = set()
        waiting = list(needs[name])
        while waiting:
            needed = waiting.pop()
            if needed == name:
                return name
            if needed not in seen:
                seen.add(needed)
                waiting += needs.get(needed, ())
    return ''


def _needed(spec: Wire) -> set[str]:
    return {dependency['containerName'] for dependency in spec.get('dependsOn', [])}


def _definitions(world: World, task: Task) -> dict[str, Wire]:
    return {spec['name']: spec for spec in world.definition(task.definition).spec['containerDefinitions']}
