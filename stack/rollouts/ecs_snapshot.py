"""What ECS shows of one cluster, put together from the looks at its services."""

from collections.abc import Collection, Mapping, Sequence

from stack.reconcile.observed import TaskDefinition
from stack.rollouts.ecs_state import Service, Task
from stack.rollouts.running_version import running_definition
from stack.stackfile.main_container import essential_names, main_container

# Stopped tasks that are kept for each service, the newest first.
MOST_STOPPED = 10


class EcsSnapshot:
    """By service name: the service, its newest stopped tasks, and the number of its targets in each state of health.

    `definitions` are the task definitions of all deployments, by ARN, and `absent` the ARNs of those that ECS does not
    have any more. `images_before` is what ran before the newest deployment of a service.
    """

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self.definitions: dict[str, TaskDefinition] = {}
        self.absent: frozenset[str] = frozenset()
        self.stopped: dict[str, tuple[Task, ...]] = {}
        self.targets: dict[str, Mapping[str, int]] = {}
        self.images_before: dict[str, str] = {}
        # What services have left: it is forgotten unless another one has it.
        self._left: set[str] = set()

    def see(self, name: str, service: Service | None) -> None:
        """Record a service, or that ECS has none of that name."""
        former = self.services.get(name)
        if service is None:
            self.services.pop(name, None)
            self.targets.pop(name, None)
        else:
            self._remember_image(name, former, service)
            self.services[name] = service
        if former is not None:
            self._left |= former.definition_arns - (service.definition_arns if service else frozenset())

    def forget(self, name: str) -> None:
        """Forget what is kept of a service that ECS does not have any more."""
        for kept in (self.stopped, self.targets, self.images_before):
            kept.pop(name, None)

    def add_stopped(self, name: str, tasks: Sequence[Task]) -> None:
        """Add stopped tasks. They do not run again, so that the order in which they become known does not matter."""
        known = {task.arn: task for task in (*self.stopped.get(name, ()), *tasks)}
        newest = sorted(known.values(), key=lambda task: task.stopped_at.timestamp() if task.stopped_at else 0.0)
        self.stopped[name] = tuple(reversed(newest))[:MOST_STOPPED]

    def knows_definitions(self, service: Service) -> bool:
        """Whether the task definitions of all deployments of a service are known."""
        return service.definition_arns <= self.definitions.keys()

    def unread(self, service: Service) -> frozenset[str]:
        """The task definitions of all deployments of a service that are still to be read."""
        return service.definition_arns - self.definitions.keys() - self.absent

    def image(self, task_definition: str, service: str = '') -> str | None:
        """The image of a service's main container in a task definition; None if the definition is not known."""
        definition = self.definitions.get(task_definition)
        return main_container(definition.body, service).get('image') if definition else None

    def running_image(self, name: str) -> str | None:
        """The image of the version that runs, by `running_definition`."""
        service = self.services.get(name)
        return None if service is None else self.image(running_definition(service), name)

    def essential(self, task: Task) -> Collection[str]:
        """The names of a task's essential containers; empty if its task definition is not known."""
        definition = self.definitions.get(task.task_definition)
        return essential_names(definition.body) if definition else frozenset()

    def _remember_image(self, name: str, former: Service | None, service: Service) -> None:
        """Remember what ran before the newest deployment, until the next one begins."""
        if former is not None and former.task_definition != service.task_definition:
            image = self.image(running_definition(former), name)
            if image and image != self.image(service.task_definition, name):
                self.images_before[name] = image
        older = next((each for each in service.deployments if each.status == 'ACTIVE' and each.running), None)
        is_first = former is None or name not in self.images_before
        if is_first and older is not None and (image := self.image(older.task_definition, name)):
            self.images_before[name] = image

    def forget_definitions(self) -> None:
        """Forget the task definitions that services have left, and that no other one has."""
        if self._left:
            used = frozenset[str]().union(*(service.definition_arns for service in self.services.values()))
            for arn in self._left - used:
                self.definitions.pop(arn, None)
            self.absent &= used
            self._left.clear()
