"""The record in a cluster's lease object: what its holder deployed last, and the outcome."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from stack.aws.ports import ObjectReader
from stack.state.revisions import Revision

PREFIX = 'nysa/leases/'


@dataclass(frozen=True)
class Deployed:
    """What a holder deploys: the digest of the desired state's content, and the revision that brought it."""

    content: str
    revision: str

    @staticmethod
    def digest(revision: Revision) -> str:
        """The same for two revisions of one content, whatever white space seals them."""
        return hashlib.sha256(revision.body.strip()).hexdigest()


@dataclass(frozen=True)
class Recorded:
    """The content of the lease object: what was deployed last, the outcome of the last holder, and the ledger of gates.

    The last two are plain JSON: see `stack.rollouts.pass_outcome` and `stack.reconcile.ledger`.
    """

    deployed: Deployed | None = None
    outcome: Any = None
    gates: Any = None


async def recorded(bucket: ObjectReader, cluster: str) -> Recorded:
    """What the last holders of a cluster's lease recorded. Raises `AwsFailed`."""
    found = await bucket.get(PREFIX + cluster)
    last = read_lease(found.body) if found else {}
    return Recorded(deployed_in(last), last.get('outcome'), last.get('gates'))


def read_lease(body: bytes) -> dict[str, Any]:
    """A lease object as it is stored; {} where it cannot be read."""
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def deployed_in(lease: dict[str, Any]) -> Deployed | None:
    """What the lease records as deployed; None where it does not."""
    try:
        return Deployed(**lease['deployed'])
    except (KeyError, TypeError):
        return None
