"""What a subscriber is owed of a cluster: the difference between its position and the newest state."""

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from stack.live.cluster import Cluster
from stack.live.event import Event, Message
from stack.live.log import FROM_NOTHING, STATES, Position


class Owed(NamedTuple):
    """An event that is owed, for how many others it stands, and the position of a subscriber that was sent it."""

    event: Message
    merged: int
    position: Position


def join(cluster: Cluster, known: str | None) -> Position:
    """The position of a new subscriber that knows a revision, or nothing, of a cluster."""
    revision, end = cluster.revision, cluster.log.end
    if revision is None:
        return end if known is None else FROM_NOTHING
    return FROM_NOTHING if known is None else cluster.log.position_of(known, revision.id)


def owed(cluster: Cluster, position: Position, made: dict[Hashable, Message]) -> tuple[Owed, ...]:
    """The events that lead from a position to the newest state. `made` has those that were made for others.

    A subscriber that keeps up is sent one event after the other. One that is behind is sent those that are no states,
    and then the newest state of the services that moved; where events are gone, the newest state of the whole cluster.
    """
    end, entries = cluster.log.end, cluster.log.after(position)
    missing = end.events - position.events + end.rollouts - position.rollouts
    if entries is not None and not position.missed and len(entries) == missing:
        return _one_by_one(position, [each.event for each in entries])
    if entries is None or any(each.event.type == 'cluster' for each in entries):
        covers = position.missed[0].previous if position.missed else position.covers
        event = _shared(made, ('snapshot', covers), lambda: cluster.snapshot(covers))
        return (Owed(event, 0 if position.rollouts < 0 else missing - 1, end),)
    kept = [each.event for each in entries if each.event.type not in STATES]
    first = _one_by_one(position, [*position.missed, *kept])
    merged = end.rollouts - position.rollouts
    if not merged or cluster.state is None:
        return first
    names = cluster.log.moved_after(position.rollouts)
    movement = _shared(made, ('movement', names), lambda: cluster.movement(names))
    return (*first, Owed(movement, 0 if position.rollouts < 0 else merged - 1, end))


def _one_by_one(position: Position, events: Sequence[Event]) -> tuple[Owed, ...]:
    """Events in their order, each with the position after it."""
    found = []
    for event in events:
        if position.missed:
            position = position._replace(missed=position.missed[1:])
        elif event.type == 'rollout':
            position = position._replace(rollouts=position.rollouts + 1)
        else:
            position = position._replace(events=position.events + 1)
        found.append(Owed(event, 0, position))
    return tuple(found)


def _shared(made: dict[Hashable, Message], key: Hashable, make: Callable[[], Message]) -> Message:
    if key not in made:
        made[key] = make()
    return made[key]
