"""The schedule of a service in a desired state."""

from typing import Any

from stack.stackfile import effective
from stack.stackfile.schedule_fields import Schedule


def schedule_of(document: Any, service: str) -> Schedule | None:
    """The schedule of a service of `type: task`; None for any other."""
    raw = next((raw for name, raw in effective.services(document) if name == service), None)
    if raw is None or raw.get('type') != 'task':
        return None
    return effective.settle(service, raw, effective.top_settings(document)).schedule
