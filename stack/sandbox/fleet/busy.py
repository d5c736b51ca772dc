"""Start of the busy fleet: everything runs already, and a few changes have just been made."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.sandbox.buckets import backend, restore_buckets
from stack.sandbox.ecs import Ecs, ManualClock
from stack.sandbox.ecs.moto_ports import ports
from stack.sandbox.fleet import clusters, states
from stack.sandbox.fleet.running import LocalClient, start_services
from stack.sandbox.local_ecs import LocalEcs
from stack.sandbox.moto_autoscaling import autoscaler
from stack.sandbox.plain_files import Bucket
from stack.sandbox.seed import BUCKET, Contents, seed
from stack.sandbox.seed_states import REPOSITORIES, Place
from stack.sandbox.serial import LOCK

_STARTED_DAYS_AGO = 40


def put_fleet(place: Place, ecs: Ecs, make_client: Callable[[str], Any]) -> None:
    """Seed the busy fleet and replace the state of `ecs` by it. The endpoint serves already, and has no users yet.

    Where desired states exist (the snapshot was lost), their services are started, and the states stay as they are.
    """
    now = datetime.now(UTC)
    clock = ManualClock((now - timedelta(days=_STARTED_DAYS_AGO)).timestamp())
    past = Ecs(clock, ports)
    local = LocalEcs(past, place.account, place.region)
    fleet = states.states(place, now)
    is_new = BUCKET not in backend(place.account).buckets
    contents = Contents((*REPOSITORIES, *clusters.REPOSITORIES), fleet.keys)
    with LOCK:
        seed(place, contents, local.create_cluster, local.ask, now)
        documents = _documents(place.account)
    scaling = autoscaler(place.account, past, clock)
    start_services(LocalClient(past, scaling, place.account, place.region, make_client), clock, documents)
    with LOCK:
        past.advance()
        if is_new:
            past.rewrite_past(place.region, place.account, fleet.past)
            changed = states.just_now(fleet.keys, now)
            restore_buckets(place.account, [Bucket(BUCKET, place.region, now, 'Enabled', {}, changed)])
        ecs.restore(past.state())


def _documents(account: str) -> dict[str, tuple[str, bytes]]:
    """By managed cluster, the id and the content of its newest revision."""
    keys = dict.items(backend(account).buckets[BUCKET].keys)
    return {key: (versions[-1].version_id, versions[-1].value) for key, versions in keys if '/' not in key}
