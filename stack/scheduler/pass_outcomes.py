"""Reader of the outcomes that schedulers record of their passes, for the servers that show them."""

from dataclasses import replace

from stack.aws.ports import ObjectReader
from stack.errors import AwsFailed, StateUnreadable, Throttled, Unavailable
from stack.reconcile.ledger import read_ledger
from stack.rollouts.pass_outcome import PassOutcome, read_outcome
from stack.state.lease_record import recorded


async def read(bucket: ObjectReader, cluster: str) -> PassOutcome | None:
    """The outcome of the last pass on a cluster; None where none is recorded, or where it may not be read.

    Raises `AwsFailed` where S3 does not answer now.
    """
    try:
        found = await recorded(bucket, cluster)
        outcome = read_outcome(found.outcome)
        return replace(outcome, ledger=read_ledger(found.gates)) if outcome else None
    except (Throttled, Unavailable):
        raise
    except (AwsFailed, StateUnreadable):
        return None
