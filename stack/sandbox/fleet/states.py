"""The objects of the busy fleet in S3: desired states with their history, rollout records and a freeze."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stack.changes import guard_store
from stack.changes.guards import Freeze, Guards
from stack.notify.ledger import TAG
from stack.rollouts.rollout_records import PREFIX
from stack.sandbox.ecs.past import PastDeployment
from stack.sandbox.fleet.clusters import CLUSTERS, FleetCluster
from stack.sandbox.fleet.history import Entry, entries
from stack.sandbox.fleet.records import ended_after, is_task, record
from stack.sandbox.fleet.runs import past_runs
from stack.sandbox.plain_files import Version
from stack.sandbox.seed_images import failing_version, newest_version, slow_version
from stack.sandbox.seed_states import CLUSTERS as SMALL
from stack.sandbox.seed_states import Document, Place, headers_of, history, revision_of
from stack.stackfile import editing
from stack.state.revision_store import serialise
from stack.state.revisions import Change, Origin, encode, seal

Keys = dict[str, tuple[Version, ...]]
# The ids of what a cluster stands on, by its name.
PlaceOf = Callable[[str], Place]


def _newest(service: str) -> str:
    return newest_version(service, days=0)


# What is deployed just before the start: cluster, service, who, message, and which image.
_JUST_NOW = (
    ('qa', 'pricing-service', 'bob', 'Discounts by quantity', _newest),
    ('data-platform', 'feature-store', 'hiro', 'Embeddings with 768 dimensions', _newest),
    ('qa', 'catalog-api', 'deploy-bot', 'Merge 4823: search by size', slow_version),
    ('staging', 'routing-service', 'cleo', 'Try the new router', failing_version),
    ('data-platform', 'model-server', 'hiro', 'Model of December', failing_version),
    ('production', 'search-service', 'ann', 'Synonyms', slow_version),
)


@dataclass(frozen=True)
class FleetStates:
    """`keys`: the objects by key, the oldest version first. `past`: the deployments of each service, by cluster and
    name, the oldest first."""

    keys: Keys
    past: dict[tuple[str, str], list[PastDeployment]]


def states(place_of: PlaceOf, now: datetime) -> FleetStates:
    """The settled fleet: everything is announced and rolled out."""
    keys: Keys = {}
    past: dict[tuple[str, str], list[PastDeployment]] = {}
    for name, listed in _histories(place_of, now):
        numbered = [(str(uuid.uuid4()), entry) for entry in listed]
        versions: list[Version] = []
        for id, entry in numbered:
            base = versions[-1] if versions else None
            versions.append(_version(name, base, id, entry.document, entry.change))
        cluster = next((each for each in CLUSTERS if each.name == name), None)
        if cluster and cluster.freeze:
            versions.append(_freeze(keys, cluster, versions[-1], numbered[-1][1], now))
            numbered.append((versions[-1].id, Entry(numbered[-1][1].document, numbered[-1][1].change, ())))
        keys[name] = tuple(versions)
        keys[PREFIX + name] = (Version(str(uuid.uuid4()), now.astimezone(UTC), record(numbered)),)
        _note(past, name, numbered)
    for key, body in past_runs(now):
        keys[key] = (Version(str(uuid.uuid4()), now.astimezone(UTC), body),)
    return FleetStates(keys, past)


def _histories(place_of: PlaceOf, now: datetime) -> Iterator[tuple[str, list[Entry]]]:
    for name in SMALL:
        listed = []
        for document, change in history(place_of(name), name, now):
            every = tuple(service for item in document['services'] for service in item)
            listed.append(Entry(document, change, (change.did['service'],) if 'service' in change.did else every))
        yield name, listed
    for cluster in CLUSTERS:
        yield cluster.name, list(entries(place_of(cluster.name), cluster, now))


def _note(past: dict[tuple[str, str], list[PastDeployment]], cluster: str, numbered: list[tuple[str, Entry]]) -> None:
    for revision, entry in numbered:
        for service in entry.services:
            if 'desired_count' in entry.change.did or is_task(entry.document, service):
                # A change of the count is no deployment, and a task has none.
                continue
            ended = entry.change.at + ended_after(revision, service)
            deployment = PastDeployment(entry.change.at.timestamp(), ended.timestamp(), entry.failed)
            past.setdefault((cluster, service), []).append(deployment)


def _version(
    cluster: str, base: Version | None, id: str, document: Document, change: Change, *, announced: bool = True
) -> Version:
    write = uuid.uuid4().hex
    body = serialise(document) + seal(write)
    return Version(
        id,
        change.at.astimezone(UTC),
        body,
        headers=headers_of(encode(write, [change], base=revision_of(cluster, base))),
        tags={TAG: write} if announced else {},
    )


def _freeze(keys: Keys, cluster: FleetCluster, newest: Version, entry: Entry, now: datetime) -> Version:
    """The revision that froze a cluster; its guards are objects of their own."""
    assert cluster.freeze is not None
    at = now - timedelta(days=cluster.freeze.days)
    until = at + timedelta(days=cluster.freeze.lasts_days)
    guards = Guards(uuid.uuid4().hex, Freeze(cluster.freeze.by, at, cluster.freeze.reason, until))
    stored = json.dumps(guards.to_json()).encode()
    for key in (guard_store.KEY.format(cluster.name, guards.id), guard_store.COPY.format(cluster.name)):
        keys[key] = (Version(str(uuid.uuid4()), at.astimezone(UTC), stored),)
    did = {'verb': 'freeze', 'until': until.astimezone(UTC).isoformat()}
    change = Change(Origin(cluster.freeze.by, 'embedded AWS', cluster.freeze.reason), at, did, announce=None)
    write = uuid.uuid4().hex
    headers = headers_of(encode(write, [change], guards.id, revision_of(cluster.name, newest)))
    body = serialise(entry.document) + seal(write)
    return Version(str(uuid.uuid4()), at.astimezone(UTC), body, headers=headers, tags={TAG: write})


def just_now(keys: Keys, now: datetime) -> Keys:
    """The histories that end with a change of this moment, which schedulers do not know of yet."""
    changed: Keys = {}
    for place, (cluster, service, by, message, version) in enumerate(_JUST_NOW):
        before = changed.get(cluster, keys[cluster])
        newest = before[-1]
        values = {'image_tag': version(service)}
        document = editing.change_service(json.loads(newest.body or b''), service, **values)
        change = Change(
            Origin(by, 'embedded AWS', message),
            now - timedelta(seconds=1 + len(_JUST_NOW) - place),
            {'verb': 'change', 'service': service, **values},
        )
        changed[cluster] = (*before, _version(cluster, newest, str(uuid.uuid4()), document, change, announced=False))
    return changed
