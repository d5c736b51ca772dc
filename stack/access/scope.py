"""The scope of a caller among the services of its clusters: names and patterns with `*`."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from stack.errors import AccessDenied
from stack.runtime.patterns import matcher

EVERYWHERE = ('*',)

# The services that a refusal names; of more it states the number.
SERVICES_NAMED = 5

_matcher = lru_cache(1000)(matcher)


@dataclass(frozen=True)
class ServiceScope:
    """The services that a caller may change. It may read every service of its clusters."""

    patterns: tuple[str, ...] = EVERYWHERE

    @property
    def is_everything(self) -> bool:
        return self.patterns == EVERYWHERE

    def includes(self, service: str) -> bool:
        return self.is_everything or _matcher(self.patterns)(service)

    def covers(self, patterns: Iterable[str]) -> bool:
        """Whether the scope includes everything that other patterns match."""
        return all(self.includes(pattern) for pattern in patterns)

    def check(self, services: Iterable[str]) -> None:
        """Raise `AccessDenied` that names the services outside the scope, if there are any."""
        outside = sorted({service for service in services if not self.includes(service)})
        if not outside:
            return
        more = f' and {len(outside) - SERVICES_NAMED} more' if len(outside) > SERVICES_NAMED else ''
        raise AccessDenied(
            f'The change concerns {", ".join(outside[:SERVICES_NAMED])}{more}, outside the services of your token: '
            f'{", ".join(self.patterns)}. Nothing was changed.',
            [{'path': f'services.{service}', 'message': 'is outside the scope of your token'} for service in outside],
        )


EVERY_SERVICE = ServiceScope()
