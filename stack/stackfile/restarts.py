"""Restarts: `restarted_at` has the tasks of a service made anew, by one more thing that its task definition holds.

Only a later restart than the one that runs asks for anything. So neither a stackfile that does not say when the service
was restarted nor one that says an earlier time, as an old revision does, makes a rollout.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

# The label of the container that carries it into ECS.
LABEL = 'nysa.restarted-at'

Definition = Mapping[str, Any]


def instant(value: Any) -> datetime | None:
    """A point in time as RFC 3339 writes it; None for anything else."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else None


def is_due(wanted: Any, done: Any) -> bool:
    """Whether a restart that is wanted is later than the one that was made; None stands for no restart."""
    asked, made = instant(wanted), instant(done)
    return asked is not None and (made is None or asked > made)


def next_restart(before: Any, at: datetime) -> str:
    """What to write for a restart at that time: later than the one before, whatever the clocks say."""
    made = instant(before)
    after = at if made is None or at > made else made + timedelta(milliseconds=1)
    return after.astimezone(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def settled(registered: Definition, wanted: Definition) -> Definition:
    """A registered task definition with the wanted restart in it, unless that is still due."""
    asked, done = _restarted_at(wanted), _restarted_at(registered)
    if asked == done or is_due(asked, done):
        return registered
    first, *others = registered.get('containerDefinitions') or [{}]
    labels = {key: value for key, value in (first.get('dockerLabels') or {}).items() if key != LABEL}
    first = {**first, 'dockerLabels': labels | ({LABEL: asked} if asked else {})}
    return {**registered, 'containerDefinitions': [first, *others]}


def _restarted_at(definition: Definition) -> Any:
    containers = definition.get('containerDefinitions') or [{}]
    return (containers[0].get('dockerLabels') or {}).get(LABEL)
