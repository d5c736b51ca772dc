"""Explains a conflict of revisions: what changed since the revision that a caller expected."""

from stack.errors import AwsFailed, NotFound, RevisionConflict, StateUnreadable
from stack.state.diff import difference
from stack.state.history import History


async def explained(
    history: History, cluster: str, conflict: RevisionConflict, expected: str | None
) -> RevisionConflict:
    """The conflict with the difference from the expected revision, where both revisions can be read."""
    if conflict.current is None or expected is None or conflict.current == expected:
        return conflict
    try:
        known = await history.revision(cluster, expected)
        current = await history.revision(cluster, conflict.current)
        since = difference(known.document, current.document)
    except (NotFound, StateUnreadable, AwsFailed):
        return conflict
    return RevisionConflict(conflict.message, conflict.current, {'against': expected, **since.to_json()})
