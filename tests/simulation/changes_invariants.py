"""What is promised of changes, one function for each promise. See docs/changes.md and docs/decisions/delivery.md.

Each gives what breaks its promise in a record, as sentences; nothing where it is kept.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from stack.changes import log_check
from stack.changes.audit import MARKS, PREFIX
from stack.changes.entry_chain import mark_in
from stack.changes.log_check import StoredBatch
from stack.state import revision_chain
from stack.state.proof import Severity
from stack.state.revision_chain import Deletion
from stack.state.revisions import Change, Revision, decode
from tests.simulation.determinism import moment
from tests.simulation.s3 import Version
from tests.simulation.users import Request

# The verbs of changes that no freeze refuses.
OF_GUARDS = ('freeze', 'thaw', 'release')
# What clocks may differ by, and a write may take after its guards were judged.
TOLERANCE = timedelta(seconds=8)


@dataclass
class ChangesRecord:
    """All that happened in a world.

    `entries` are the objects of the audit of each cluster and its mark, by key. `sent` are the messages of the queue,
    in the order in which it took them, with their time, and `orphans` the places in it of those whose sender was
    killed; `frozen` by replica and cluster what it knows of a freeze at the end, None where the cluster is not frozen;
    `end` is the last moment.
    """

    requests: Sequence[Request]
    history: Mapping[str, Sequence[Version]]
    sent: Sequence[tuple[float, Mapping[str, Any]]] = ()
    frozen: Mapping[tuple[str, str], Mapping[str, Any] | None] = field(default_factory=dict)
    orphans: frozenset[int] = frozenset()
    killed: frozenset[str] = frozenset()
    end: float = 0.0
    now: datetime | None = None
    entries: Mapping[str, bytes] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """What is not in the trace."""
        return []

    def position(self, cluster: str, revision: str | None) -> int:
        """Where a revision is in the history of its cluster; -1 where it is not."""
        ids = [each.id for each in self.history.get(cluster, ())]
        return ids.index(revision) if revision in ids else -1

    def marked(self, request: Request) -> list[Version]:
        """The versions that hold the change of a request."""
        return [each for each in self.history.get(request.cluster, ()) if request.mark in marks_of(each)]


def marks_of(version: Version) -> list[str]:
    return [each.origin.message for each in changes_of(version)]


def changes_of(version: Version) -> tuple[Change, ...]:
    return decode(version.metadata)


def accepted_is_stored_once(record: ChangesRecord) -> list[str]:
    """An accepted change is in the history exactly once, in the revision that its answer names.

    A removal may also finish the one that another request recorded, and name that.
    """
    found = []
    for request in record.requests:
        if request.answer != 'accepted' or request.verb == 'deploy':
            continue
        stored = [each.id for each in record.marked(request)]
        if request.verb == 'remove' and not stored and _records_a_removal(record, request):
            continue
        if stored != [request.revision]:
            found.append(f'{request}: the history has it in {stored}')
    return found


def refused_is_not_stored(record: ChangesRecord) -> list[str]:
    """A change that was refused is not in the history, unless the refusal names its revision; a doubt is stated."""
    return [
        f'{request}: stored as {stored.id}'
        for request in record.requests
        for stored in record.marked(request)
        if request.answer == 'refused' and not re.search(rf'\b{stored.id}\b', request.error or '')
    ]


def edit_is_what_was_asked(record: ChangesRecord) -> list[str]:
    """A revision holds what its last change asked for."""
    found = []
    by_mark = {request.mark: request for request in record.requests}
    for cluster, version in _contents(record):
        marks = marks_of(version)
        request = by_mark.get(marks[-1]) if marks else None
        if request is None or request.verb not in ('create', 'change', 'replace'):
            continue
        image = images(version).get('web')
        if image != f'team/web:{request.values["tag"]}':
            found.append(f'{cluster} {version.id} has {image} after {request}')
    return found


def nothing_else_changes(record: ChangesRecord) -> list[str]:
    """A revision differs from the one before it in what its changes are about, and in nothing else."""
    found = []
    for cluster, versions in record.history.items():
        for before, version in pairwise(versions):
            verbs = {change.did.get('verb') for change in changes_of(version)}
            if before.deleted or version.deleted or not verbs or not verbs <= {'change', 'remove cluster', *OF_GUARDS}:
                continue
            about = {'web'} if 'change' in verbs else set()
            old, new = images(before), images(version)
            if any(old.get(name) != new.get(name) for name in {*old, *new} - about):
                found.append(f'{cluster} {version.id} ({", ".join(sorted(verbs))}) has {new}, over {old}')
    return found


def removal_is_carried_out(record: ChangesRecord) -> list[str]:
    """After the revision of an accepted removal there is a deletion in the history."""
    found = []
    for request in record.requests:
        if request.verb == 'remove' and request.answer == 'accepted':
            later = record.history[request.cluster][record.position(request.cluster, request.revision) + 1 :]
            if not any(each.deleted for each in later):
                found.append(f'{request}: and it was not deleted')
    return found


def every_revision_is_announced(record: ChangesRecord) -> list[str]:
    """Schedulers are notified of each revision that deploys: by its own message, or by that of a later one.

    Of a cluster that was removed only what came after its last removal counts.
    """
    found = []
    for cluster, version in _contents(record):
        position = record.position(cluster, version.id)
        if _is_removed_after(record, cluster, position) or not _announces(version, 'deploy'):
            continue
        is_announced = any(
            at >= version.at
            and each['event_type'] == 'cluster-deploy'
            and record.position(cluster, each['revision']) >= position
            for at, each in _sent_of(record, cluster)
        )
        if not is_announced:
            found.append(f'{cluster} {version.id} was never announced')
    return found


def every_destroy_is_announced(record: ChangesRecord) -> list[str]:
    """Schedulers are notified of each service that a revision destroys, unless a later revision has it again."""
    found = []
    for cluster, version in _contents(record):
        position = record.position(cluster, version.id)
        if _is_removed_after(record, cluster, position):
            continue
        later = [each for each in record.history[cluster][position:] if not each.deleted]
        for service in {name for change in changes_of(version) for name in change.destroyed}:
            if any(service in images(each) for each in later):
                continue
            if not any(at >= version.at and each.get('service') == service for at, each in _sent_of(record, cluster)):
                found.append(f'{cluster} {version.id} destroys {service}, which was never announced')
    return found


def newest_is_announced_last(record: ChangesRecord) -> list[str]:
    """The last message that deploys a cluster is of its newest revision that deploys, or of a later one.

    An older one that a process had on its way or had just sent when it was killed is not counted: no other process
    knows of it.
    """
    found = []
    for cluster, versions in record.history.items():
        deploying = [each for each in versions if not each.deleted and _announces(each, 'deploy')]
        sent = [
            (number in record.orphans, each['revision'])
            for number, (_, each) in enumerate(record.sent)
            if each['cluster'] == cluster and each['event_type'] == 'cluster-deploy'
        ]
        if not deploying or versions[-1].deleted:
            continue
        newest = record.position(cluster, deploying[-1].id)
        while sent and sent[-1][0] and record.position(cluster, sent[-1][1]) < newest:
            sent.pop()
        if sent and record.position(cluster, sent[-1][1]) < newest:
            found.append(f'{cluster}: the last message is of {sent[-1][1]}, the newest revision is {deploying[-1].id}')
    return found


def freeze_holds(record: ChangesRecord) -> list[str]:
    """Between the revision of a freeze and that of its thaw the history has no change that it does not permit."""
    found = []
    for cluster, version in _contents(record):
        freeze = _freeze_before(record, cluster, record.position(cluster, version.id))
        changes = changes_of(version)
        if freeze is None or not changes:
            continue
        until = freeze.did.get('until')
        if until and moment(version.at) + TOLERANCE > datetime.fromisoformat(until):
            continue
        for change in changes:
            if not change.override and change.did.get('verb') not in OF_GUARDS:
                found.append(
                    f'{cluster} {version.id} was stored in the freeze of {freeze.origin.message}: {change.did}'
                )
    return found


def frozen_as_the_history_has_it(record: ChangesRecord) -> list[str]:
    """At the end every replica knows of a freeze what the newest freeze or thaw in the history states."""
    found = []
    for (replica, cluster), known in record.frozen.items():
        freeze = _freeze_before(record, cluster, len(record.history[cluster]))
        until = freeze.did.get('until') if freeze else None
        over = bool(until and record.now and datetime.fromisoformat(until) <= record.now)
        wanted = freeze.origin.message if freeze and not over else None
        has = known['reason'] if known else None
        if has != wanted:
            found.append(f'{replica} has {cluster} frozen by {has}, and by the history it is {wanted}')
    return found


def every_request_is_answered(record: ChangesRecord) -> list[str]:
    """Each request gets an answer, unless its replica was killed."""
    return [
        f'{request}: no answer at {record.end:.0f}'
        for request in record.requests
        if request.answer is None and request.replica not in record.killed
    ]


def revisions_are_chained(record: ChangesRecord) -> list[str]:
    """No history has a break, whichever replica was killed, whatever other programs wrote."""
    return [
        finding.line()
        for cluster, versions in record.history.items()
        for finding in revision_chain.check(cluster, [_revision(cluster, each) for each in reversed(versions)]).findings
        if finding.severity is Severity.BROKEN
    ]


def entries_are_chained(record: ChangesRecord) -> list[str]:
    """No audit has a break or a fork, and none lacks what its mark names."""
    found = []
    for cluster in record.history:
        prefix, mark = PREFIX.format(cluster), record.entries.get(MARKS + cluster, b'')
        bodies = {key: body for key, body in record.entries.items() if key.startswith(prefix)}
        batches = [StoredBatch(key, json.loads(body)) for key, body in bodies.items()]
        found += [finding.line() for finding in log_check.check(cluster, prefix, batches, mark_in(mark)).findings]
    return found


INVARIANTS = (
    revisions_are_chained,
    entries_are_chained,
    accepted_is_stored_once,
    refused_is_not_stored,
    edit_is_what_was_asked,
    nothing_else_changes,
    removal_is_carried_out,
    every_revision_is_announced,
    every_destroy_is_announced,
    newest_is_announced_last,
    freeze_holds,
    frozen_as_the_history_has_it,
    every_request_is_answered,
)


def _revision(cluster: str, version: Version) -> Revision | Deletion:
    if version.body is None:
        return Deletion(version.id)
    return Revision(cluster, version.etag, version.id, version.body, version.modified, version.metadata)


def images(version: Version) -> dict[str, str]:
    """The image of each service of a version."""
    services = json.loads(version.body or b'{}').get('services', [])
    return {name: settings['image'] for each in services for name, settings in each.items()}


def _contents(record: ChangesRecord) -> Iterable[tuple[str, Version]]:
    return ((cluster, each) for cluster, versions in record.history.items() for each in versions if not each.deleted)


def _records_a_removal(record: ChangesRecord, request: Request) -> bool:
    """Whether the revision that an answer names is the record of a removal."""
    named = [each for each in record.history[request.cluster] if each.id == request.revision]
    return any(change.did.get('verb') == 'remove cluster' for each in named for change in changes_of(each))


def _announces(version: Version, kind: str) -> bool:
    return any(each.announce == kind for each in changes_of(version))


def _sent_of(record: ChangesRecord, cluster: str) -> list[tuple[float, Mapping[str, Any]]]:
    return [(at, each) for at, each in record.sent if each['cluster'] == cluster]


def _is_removed_after(record: ChangesRecord, cluster: str, position: int) -> bool:
    return any(each.deleted for each in record.history[cluster][position:])


def _freeze_before(record: ChangesRecord, cluster: str, position: int) -> Change | None:
    """The freeze that the newest freeze or thaw before a position in the history began."""
    for version in reversed(record.history[cluster][:position]):
        for change in reversed(changes_of(version)):
            if change.did.get('verb') in ('freeze', 'thaw'):
                return change if change.did['verb'] == 'freeze' else None
    return None
