"""Services whose task definitions are still to be read, each with the newest look at it.

A look states counts, deployments and events at once. What they mean for what is wanted is judged when the task
definitions are there, by the same look: see `Unread.looks_with`.
"""

from collections.abc import Mapping
from dataclasses import replace

from stack.reconcile.observed import TaskDefinition
from stack.rollouts.ecs_snapshot import EcsSnapshot
from stack.rollouts.ecs_state import Service
from stack.rollouts.observation import Observation


class Unread:
    def __init__(self, ecs: EcsSnapshot):
        self._ecs = ecs
        self._looks: dict[str, Observation] = {}

    def __contains__(self, service: str) -> bool:
        return service in self._looks

    def __len__(self) -> int:
        return len(self._looks)

    def note(self, name: str, seen: Service | None, observation: Observation) -> None:
        """Record a look at a service, which the snapshot has by now."""
        if seen is not None and self._ecs.unread(seen):
            self._looks[name] = observation
        else:
            self._looks.pop(name, None)

    def of(self, name: str) -> frozenset[str]:
        """The task definitions of a service that are still to be read."""
        seen = self._ecs.services.get(name)
        return self._ecs.unread(seen) if seen is not None and name in self._looks else frozenset()

    def known_services(self) -> Mapping[str, Service]:
        """The services of which it is known what they run: deployments of others may belong to a later revision."""
        services = self._ecs.services
        return {name: seen for name, seen in services.items() if name not in self} if self._looks else services

    def looks_with(self, found: Mapping[str, TaskDefinition | None]) -> list[Observation]:
        """The looks at services of which these task definitions were left out, as they show them with those."""
        definitions = {arn: each for arn, each in found.items() if each is not None}
        absent = frozenset(found.keys() - definitions.keys())
        names: dict[int, list[str]] = {}
        for name, look in self._looks.items():
            if not self.of(name).isdisjoint(found):
                names.setdefault(id(look), []).append(name)
        return [
            replace(
                self._looks[those[0]],
                services={name: self._ecs.services[name] for name in those},
                definitions=definitions,
                absent=absent,
                stopped={},
                targets={},
                autoscaled=None,
                runs={},
                outcome=None,
            )
            for those in names.values()
        ]
