"""The sentence on a pause of a rollout. Pure."""

from collections.abc import Mapping
from typing import Any


def pause_text(service: str, waiting: Mapping[str, Any]) -> str:
    """What waits, for whom, until when, and what ECS does then; `waiting` is that of a service's row."""
    stage = f' at {waiting["stage"]}' if waiting['stage'] else ''
    after = 'rolls back' if waiting['on_timeout'] == 'rollback' else 'goes on'
    until = f' until {waiting["until"]}, and then {after}' if waiting['until'] else ''
    message = f' — {waiting["message"]}' if waiting['message'] else ''
    return f'{service} is paused{stage}{until}; {waiting["may"]} may continue it{message}'
