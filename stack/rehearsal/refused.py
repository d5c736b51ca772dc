"""The class of settings that AWS refuses when the service is created or changed, before any task starts."""

from stack.rollouts.refusals import KIND
from stack.rollouts.stop_kinds import StopReason

REFUSED = StopReason(
    KIND,
    'AWS refuses the service.',
    'Correct the field in the stackfile, or create in AWS what it names.',
)
