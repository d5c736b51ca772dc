"""What is read from S3 about one cluster, each with what its owner had heard when the read began (`as_of`).

See `stack.live.cluster.Cluster`, whose methods are the other facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from stack.rollouts.rollout_records import Record
from stack.state.revisions import Revision


class Mark(NamedTuple):
    """An object as a listing of the bucket has it."""

    etag: str
    modified: datetime


@dataclass(frozen=True)
class Current:
    """The current revision (None: there is none), and what was kept of its rollouts and guards.

    `path` are the revisions from that of the record to the current one, both with them, where the history has them.
    """

    as_of: int
    revision: Revision | None
    record: Record = field(default_factory=Record)
    path: Sequence[Revision] = ()
    freeze: Mapping[str, Any] | None = None
    freeze_known: bool = True


@dataclass(frozen=True)
class History:
    """The revisions after `since`, oldest first, None for each deletion.

    `steps` is None where the history does not reach back to `since`; `current` is what is there then.
    """

    as_of: int
    since: str
    steps: Sequence[Revision | None] | None
    current: Current | None = None

    def steps_after(self, revision: str) -> Sequence[Revision | None]:
        """The steps after a revision; none where it is newer than this reading, as a write of this process is."""
        ids = [self.since, *(step.id if step else None for step in self.steps)]
        return self.steps[ids.index(revision) :] if revision in ids else ()
