"""Restarts: `restarted_at` replaces the tasks of a service, as a label in its task definition.

Only a later time than the running one has an effect: neither a stackfile without `restarted_at` nor one with an earlier
time, such as an old revision, causes a rollout.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.stackfile.main_container import main_container

# The label of the main container in ECS.
LABEL = 'nysa.restarted-at'

Definition = Mapping[str, Any]


def instant(value: Any) -> datetime | None:
    """A point in time in the format of RFC 3339; None for anything else."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else None


def is_due(wanted: Any, done: Any) -> bool:
    """Whether the wanted restart is later than the last one; None is no restart."""
    asked, made = instant(wanted), instant(done)
    return asked is not None and (made is None or asked > made)


def next_restart(before: Any, at: datetime) -> str:
    """The value of `restarted_at` for a restart at a time: always later than the previous value."""
    made = instant(before)
    after = at if made is None or at > made else made + timedelta(milliseconds=1)
    return after.astimezone(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def settled(registered: Definition, wanted: Definition) -> Definition:
    """A registered task definition with the label of the wanted restart, unless the restart is still due."""
    registered = dict(registered)
    asked, done = _restarted_at(main_container(wanted)), _restarted_at(_main(registered, wanted))
    if asked == done or is_due(asked, done):
        return registered
    main = _main(registered, wanted)
    labels = {key: value for key, value in (main.get('dockerLabels') or {}).items() if key != LABEL}
    restarted = {**main, 'dockerLabels': labels | ({LABEL: asked} if asked else {})}
    containers = [
        restarted if container is main else container for container in registered.get('containerDefinitions') or [main]
    ]
    return {**registered, 'containerDefinitions': containers}


def _main(definition: Definition, wanted: Definition) -> Definition:
    return main_container(definition, main_container(wanted).get('name') or '')


def _restarted_at(container: Definition) -> Any:
    return (container.get('dockerLabels') or {}).get(LABEL)
