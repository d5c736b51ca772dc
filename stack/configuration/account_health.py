"""The health of an AWS account in one region."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from stack.configuration.accounts import Place
from stack.runtime.moments import stamp

# unknown: nothing was asked yet · ok · denied: a call lacks a permission · throttled: AWS asked for fewer calls within
# the last minute · unavailable: the last call has no answer
State = Literal['unknown', 'ok', 'denied', 'throttled', 'unavailable']


@dataclass(frozen=True)
class Health:
    """`denied` are calls as `ecs:UpdateService`; `seen_at` is the time of the last answer; None: there was none."""

    place: Place
    state: State = 'unknown'
    denied: tuple[str, ...] = ()
    seen_at: datetime | None = None
    message: str = ''

    def to_json(self) -> dict[str, Any]:
        return {
            'account': self.place.account,
            'region': self.place.region or None,
            'state': self.state,
            'denied': list(self.denied),
            'seen_at': stamp(self.seen_at) if self.seen_at else None,
            'message': self.message or None,
        }
