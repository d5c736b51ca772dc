"""What the live channel promises, one function for each promise. See docs/events.md, "What can be relied on".

Each gives what breaks its promise in a record, as sentences; nothing where it is kept.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stack.state.diff import changed_rows
from tests.simulation.clients import Belief, Heard, after, freeze_of, walk
from tests.simulation.s3 import Version


@dataclass
class ChannelRecord:
    """All that happened in a world.

    `heard` by client; `history` by cluster, the oldest version first; `frozen` are the clusters that are frozen at the
    end; `newcomers` by client: what a new subscriber of the same replica is given at the end; `subscribed` by client:
    whether a cluster is one of those that it wants.
    """

    heard: Mapping[str, list[Heard]]
    history: Mapping[str, Sequence[Version]]
    frozen: frozenset[str] = frozenset()
    newcomers: Mapping[str, Belief] = field(default_factory=dict)
    wants: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """What each client went through."""
        return [line for client, heard in self.heard.items() for line in (client, *(f'  {each}' for each in heard))]

    def position(self, cluster: str, revision: str | None) -> int:
        """Where a revision is in the history of its cluster; -1 where it is not."""
        ids = [each.id for each in self.history.get(cluster, ())]
        return ids.index(revision) if revision in ids else -1


def no_gap(record: ChannelRecord) -> list[str]:
    """A client that knows a revision is sent each one after it, or one message that states that it covers them."""
    found = []
    for client, belief, line in _events(record):
        event, cluster = line.event, line.event.get('cluster')
        known = belief.get(cluster)
        if event['type'] == 'desired':
            if known is None or (event['previous'] != known.revision and event['revision'] != known.revision):
                has = known.revision if known else None
                found.append(f'{client} has {cluster} at {has} and is sent only what comes after: {line}')
        elif event['type'] == 'cluster' and known is not None and event['revision'] != known.revision:
            covers = event.get('covers_since') == known.revision or event.get('merged')
            if not covers and not _was_deleted(record, cluster, known.revision):
                found.append(f'{client} has {cluster} at {known.revision} and is not sent what is covered: {line}')
    return found


def no_double(record: ChannelRecord) -> list[str]:
    """No revision, deletion, freeze or thaw is sent to a client that has it."""
    found = []
    for client, belief, line in _events(record):
        event, known = line.event, belief.get(line.event.get('cluster'))
        kind = event['type']
        again = known is not None and (
            (kind == 'desired' and event['revision'] == known.revision)
            or (kind == 'frozen' and freeze_of(event) == known.freeze)
            or (kind == 'thawed' and known.freeze is None)
        )
        if again:
            found.append(f'{client} has this already: {line}')
    return found


def no_step_back(record: ChannelRecord) -> list[str]:
    """What a client is sent of a cluster is never older than what it has."""
    found = []
    for client, belief, line in _events(record):
        event, cluster = line.event, line.event.get('cluster')
        known = belief.get(cluster)
        if known is None:
            continue
        has = record.position(cluster, known.revision)
        if event['type'] == 'deleted':
            if not any(each.deleted for each in record.history.get(cluster, ())[has + 1 :]):
                found.append(f'{client} has {known.revision}, which was not deleted: {line}')
        elif event['type'] in ('cluster', 'desired', 'rollout') and record.position(cluster, event['revision']) < has:
            found.append(f'{client} has {known.revision} already: {line}')
    return found


def states_what_changed(record: ChannelRecord) -> list[str]:
    """A `desired` states in what its revision differs from the one before, as both are stored."""
    found = []
    for client, _, line in _events(record):
        event = line.event
        # A summary has no changes, and what stands for several revisions those of all.
        if event['type'] != 'desired' or 'changes' not in event or event.get('merged'):
            continue
        versions = record.history.get(event['cluster'], ())
        places = [record.position(event['cluster'], event[name]) for name in ('previous', 'revision')]
        if min(places) < 0:
            continue
        before, after = (json.loads(versions[place].body or b'{}') for place in places)
        if [row.to_json() for row in changed_rows(before, after)] != event['changes']:
            found.append(f'{client} is sent {event["changes"]} of what did not change so: {line}')
    return found


def rollout_after_desired(record: ChannelRecord) -> list[str]:
    """A `rollout` is never sent before the `desired` or `cluster` with the revision that it is about."""
    found = []
    for client, belief, line in _events(record):
        event, cluster = line.event, line.event.get('cluster')
        if event['type'] != 'rollout':
            continue
        known = belief.get(cluster)
        has = record.position(cluster, known.revision) if known else -1
        rows = event['services'] if isinstance(event['services'], list) else ()
        about = [event['revision'], *(row['revision'] for row in rows if row.get('revision'))]
        if any(record.position(cluster, each) > has for each in about):
            found.append(f'{client} has {known.revision if known else None}, and is sent: {line}')
    return found


def synced_is_true(record: ChannelRecord) -> list[str]:
    """`synced` names, of each cluster that was asked for, the revision that the client has by then."""
    found = []
    for client, belief, line in _events(record):
        if line.event['type'] != 'synced':
            continue
        for cluster, revision in line.event['revisions'].items():
            has = belief[cluster].revision if cluster in belief else None
            if has != revision:
                found.append(f'{client} has {cluster} at {has}: {line}')
    return found


def truth_at_the_end(record: ChannelRecord) -> list[str]:
    """Once nothing changes any more, each client has each cluster's newest revision, and knows what is frozen."""
    found = []
    for client, belief in _beliefs(record).items():
        for cluster in sorted({*belief, *record.history}):
            if not record.wants[client](cluster):
                continue
            versions = record.history.get(cluster, ())
            newest = versions[-1].id if versions and not versions[-1].deleted else None
            known = belief.get(cluster)
            if (known.revision if known else None) != newest:
                found.append(f'{client} ends with {cluster} at {known and known.revision}, and it is at {newest}')
            elif known is not None and (known.freeze is not None) != (cluster in record.frozen):
                found.append(f'{client} ends with the freeze of {cluster}: {known.freeze}')
    return found


def as_a_newcomer(record: ChannelRecord) -> list[str]:
    """Once nothing changes any more, a client has of each cluster and service what a new subscriber is given."""
    found = []
    beliefs = _beliefs(record)
    for client, fresh in record.newcomers.items():
        for cluster, known in fresh.items():
            has = beliefs[client].get(cluster)
            if has is None or has.revision != known.revision:
                continue
            differs = _difference(_shared(has.head), _shared(known.head))
            if differs:
                found.append(f'{client} ends with {cluster} otherwise than a newcomer: {differs}')
            for name in sorted({*has.rows, *known.rows}):
                differs = _difference(has.rows.get(name), known.rows.get(name))
                if differs:
                    found.append(f'{client} ends with {cluster}/{name} otherwise than a newcomer: {differs}')
    return found


def judged_by_what_runs(record: ChannelRecord) -> list[str]:
    """No service is in sync or drifted before it is known what it runs."""
    found = []
    for client, belief, line in _events(record):
        known = after(belief, line.event).get(line.event.get('cluster') or '')
        for name, row in known.rows.items() if known is not None else ():
            deployed = row.get('deployed') if isinstance(row, Mapping) else None
            if deployed and deployed.get('image') is None and row.get('sync') in ('in-sync', 'drifted'):
                found.append(f'{client} is sent {row["sync"]} of {name}, and not what it runs: {line}')
    return found


INVARIANTS = (
    no_gap,
    no_double,
    no_step_back,
    states_what_changed,
    rollout_after_desired,
    synced_is_true,
    truth_at_the_end,
    as_a_newcomer,
    judged_by_what_runs,
)


def _events(record: ChannelRecord) -> list[tuple[str, Belief, Heard]]:
    return [
        (client, belief, line)
        for client, heard in record.heard.items()
        for belief, line in walk(heard)
        if line.event is not None
    ]


def _beliefs(record: ChannelRecord) -> dict[str, Belief]:
    beliefs: dict[str, Belief] = {}
    for client, heard in record.heard.items():
        beliefs[client] = {}
        for line in heard:
            if line.event is not None:
                beliefs[client] = after(beliefs[client], line.event)
    return beliefs


def _was_deleted(record: ChannelRecord, cluster: str, revision: str | None) -> bool:
    """Whether the cluster was deleted after that revision: what is there now is another one of its name."""
    return any(each.deleted for each in record.history.get(cluster, ())[record.position(cluster, revision) + 1 :])


def _shared(head: Mapping[str, Any]) -> dict[str, Any]:
    """What every event with a state has of a cluster, but for the times at which it was made and looked at."""
    shared = {name: head.get(name) for name in ('sync', 'health', 'state', 'percent', 'counts', 'deployment')}
    # How former rollouts ended is learned from records, without an event, and with it how long one usually takes.
    newest = [{**rollout, 'usual_seconds': None} for rollout in head.get('rollouts', [])[-1:]]
    return shared | {'rollouts': newest}


def _difference(one: Any, other: Any) -> str:
    if one is None or other is None:
        return '' if one is other else f'{"missing" if one is None else "still there"}'
    if isinstance(one, str):
        return '' if one == other else f'{one} instead of {other}'
    one, other = ({name: value for name, value in each.items() if name != 'delta'} for each in (one, other))
    differs = {key: (one.get(key), other.get(key)) for key in {**one, **other} if one.get(key) != other.get(key)}
    return str(differs) if differs else ''
