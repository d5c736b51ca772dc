"""Which task definitions carry what a desired state wants of its services, remembered until the next revision."""

from collections.abc import Collection, Mapping

from stack.reconcile.observed import TaskDefinition
from stack.reconcile.wanted import Wanted
from stack.rollouts.drift import carries, dropped_fields
from stack.rollouts.ecs_state import Service
from stack.rollouts.rollout import NOTHING


class Carriers:
    """`dropped` are, by service, the fields of the task definition that the desired state no longer has, if any."""

    def __init__(self) -> None:
        self.dropped: dict[str, frozenset[str]] = {}
        self._carries: dict[tuple[str, str], bool] = {}

    def dropped_by(self, former: Mapping[str, Wanted], wanted: Mapping[str, Wanted]) -> dict[str, frozenset[str]]:
        """What `dropped` is once a new revision wants that."""
        dropped = ((name, dropped_fields(former.get(name), wanted[name], self.dropped.get(name))) for name in wanted)
        return {name: fields for name, fields in dropped if fields}

    def advance(self, dropped: dict[str, frozenset[str]]) -> None:
        """Go over to what a new revision wants."""
        self.dropped = dropped
        self._carries.clear()

    def carries(self, wanted: Wanted, definition: TaskDefinition) -> bool:
        if definition.body is wanted.definition:
            return True
        key = (wanted.service, definition.arn)
        if key not in self._carries:
            self._carries[key] = carries(definition, wanted, self.dropped.get(wanted.service, NOTHING))
        return self._carries[key]

    def of(self, wanted: Wanted, service: Service, definitions: Mapping[str, TaskDefinition]) -> Collection[str]:
        """The ARNs of the task definitions, among those of a service's deployments, that carry what is wanted."""
        return {arn for arn in service.definition_arns if arn in definitions and self.carries(wanted, definitions[arn])}
