"""What is read from S3 about one cluster, each with what its owner had heard when the read began (`as_of`).

See `stack.live.cluster.Cluster`, whose methods are the other facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from stack.rollouts.cluster_state import ClusterState
from stack.stackfile.freeze_windows import FreezeWindow
from stack.state.revisions import Revision


class Mark(NamedTuple):
    """An object as a listing of the bucket has it."""

    etag: str
    modified: datetime


class FreezeReading(NamedTuple):
    """Who froze a cluster, as the API shows it (None: it accepts changes), and whether that could be read.

    `calendar` are its freeze windows that are not in its desired state.
    """

    freeze: Mapping[str, Any] | None = None
    is_known: bool = True
    calendar: tuple[FreezeWindow, ...] = ()


@dataclass(frozen=True)
class Current:
    """The current revision (None: there is none), and its freeze.

    For a cluster that is not loaded also its state, before any look at ECS, going on from the record of its rollouts
    with that ETag, and the revisions `since` the one that subscribers know, both included, if the history has them.
    """

    as_of: int
    revision: Revision | None
    state: ClusterState | None = None
    record_etag: str | None = None
    freeze: FreezeReading = field(default_factory=FreezeReading)
    since: Sequence[Revision] = ()


@dataclass(frozen=True)
class Steps:
    """The history after the revision `since`, oldest first: revisions, and None for each deletion."""

    as_of: int
    since: str
    steps: Sequence[Revision | None]

    def after(self, revision: str) -> Sequence[Revision | None]:
        """The steps after a revision; none if it is newer than this reading, as a write of this process is."""
        ids = [self.since, *(step.id if step else None for step in self.steps)]
        return self.steps[ids.index(revision) :] if revision in ids else ()


@dataclass(frozen=True)
class Gap:
    """The history does not reach back to the revision `since`; `current` is what is stored now."""

    as_of: int
    since: str
    current: Current
