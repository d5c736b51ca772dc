"""What became of a step of a plan."""

from dataclasses import dataclass
from typing import Literal

from stack.errors import NysaError
from stack.reconcile.plan import Step

State = Literal['started', 'done', 'failed', 'waiting', 'left']


@dataclass(frozen=True)
class Progress:
    """What became of one step. `left`: not begun, because of an earlier one or because the pass was to stop."""

    step: Step
    state: State
    seconds: float = 0.0
    error: NysaError | None = None
