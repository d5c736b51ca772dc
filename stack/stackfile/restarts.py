"""Restarts: `restarted_at` has the tasks of a service made anew, by one more thing that its task definition holds.

Only a later restart than the one that runs asks for anything. So neither a stackfile that does not say when the service
was restarted nor one that says an earlier time, as an old revision does, makes a rollout.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.stackfile.main_container import main_container

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
    asked, done = _restarted_at(main_container(wanted)), _restarted_at(_main(registered, wanted))
    if asked == done or is_due(asked, done):
        return registered
    main = _main(registered, wanted)
    labels = {key: value for key, value in (main.get('dockerLabels') or {}).items() if key != LABEL}
    restarted = {**main, 'dockerLabels': labels | ({LABEL: asked} if asked else {})}
    containers = [restarted if each is main else each for each in registered.get('containerDefinitions') or [main]]
    return {**registered, 'containerDefinitions': containers}


def _main(definition: Definition, wanted: Definition) -> Definition:
    return main_container(definition, main_container(wanted).get('name') or '')


def _restarted_at(container: Definition) -> Any:
    return (container.get('dockerLabels') or {}).get(LABEL)
