"""What is promised of passes and verdicts, one function for each promise. See docs/scheduler.md and docs/rollouts.md.

Each gives what breaks its promise in a record, as sentences; nothing where it is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulation.changes_invariants import changes_of, images
from tests.simulation.ecs import Applied
from tests.simulation.network import Call
from tests.simulation.s3 import Version
from tests.simulation.users import Request

# How long before a call a pass may have asked whether it may still be made, in seconds.
ASKED_BEFORE_S = 1.0


@dataclass
class PassesRecord:
    """All that happened in a world.

    `applied` are the changes of ECS in their order, `calls` the S3 reads that passes made; `runs` by cluster and
    service the image that ECS runs at the end; `verdicts` by replica, and by cluster, revision and service, how a
    rollout ended; `waiting` are messages that are still in the queue.
    """

    requests: Sequence[Request]
    history: Mapping[str, Sequence[Version]]
    applied: Sequence[Applied] = ()
    calls: Sequence[Call] = ()
    runs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    verdicts: Mapping[str, Mapping[tuple[str, str, str], str]] = field(default_factory=dict)
    waiting: Sequence[str] = ()

    def lines(self) -> list[str]:
        """What became of ECS."""
        return [
            f'{each.at:7.3f}  ECS: {each.operation} {each.cluster}/{each.service} {each.image} by pass {each.run}'
            for each in self.applied
        ]


def one_pass_at_a_time(record: PassesRecord) -> list[str]:
    """The changes that one pass makes of a cluster are not interleaved with those of another."""
    found = []
    for cluster, applied in _by_cluster(record):
        over: set[str] = set()
        last = None
        for each in applied:
            if each.run in over:
                found.append(f'{cluster}: pass {each.run} goes on at {each.at:.3f}, after pass {last} has begun')
            if last is not None and last != each.run:
                over.add(last)
            last = each.run
    return found


def never_older(record: PassesRecord) -> list[str]:
    """A pass never deploys an image that was replaced, in the history, before that which another pass deployed."""
    found = []
    for cluster, applied in _by_cluster(record):
        newest: dict[str, tuple[int, str]] = {}
        for each in applied:
            if each.image is None:
                continue
            positions = _positions(record, cluster, each)
            before = newest.get(each.service)
            if positions and before and max(positions) < before[0] and each.run != before[1]:
                found.append(
                    f'{cluster}/{each.service}: {each.image} at {each.at:.3f}, after a newer one by {before[1]}'
                )
            if positions and (before is None or min(positions) > before[0]):
                newest[each.service] = (min(positions), each.run)
    return found


def frozen_is_left_alone(record: PassesRecord) -> list[str]:
    """A pass changes nothing once it has, or could have, seen a freeze: it looks right before each change."""
    found = []
    for each in record.applied:
        looks = [
            call
            for call in record.calls
            if call.run == each.run and call.key == each.cluster and call.ended is not None and call.ended <= each.asked
        ]
        last = max(looks, key=lambda call: call.ended, default=None)
        for freeze, since, until in _freezes(record, each.cluster):
            if not since < each.asked < until:
                continue
            if last is None or last.began > since or each.asked - last.ended > ASKED_BEFORE_S:
                looked = f'looked at {last.began:.3f} to {last.ended:.3f}' if last else 'never looked'
                what = f'{each.operation} of {each.cluster}/{each.service} at {each.asked:.3f}'
                found.append(f'{what} by pass {each.run}, which {looked}; frozen by {freeze} at {since:.3f}')
    return found


def ecs_is_as_wanted(record: PassesRecord) -> list[str]:
    """Once nothing changes any more, ECS runs what the newest revision wants, unless the cluster is frozen or held."""
    found = []
    for cluster, versions in record.history.items():
        if not versions or versions[-1].deleted or cluster in record.frozen or _held(versions):
            continue
        for service, image in images(versions[-1]).items():
            runs = record.runs.get((cluster, service))
            if runs != image:
                found.append(f'{cluster}/{service} runs {runs}, and {versions[-1].id} wants {image}')
    return found


def every_message_is_done(record: PassesRecord) -> list[str]:
    """Once nothing changes any more, no message waits but for clusters that are frozen."""
    return [
        f'a message for {cluster} is still in the queue' for cluster in record.waiting if cluster not in record.frozen
    ]


def one_verdict(record: PassesRecord) -> list[str]:
    """Replicas agree on how the rollout of a revision ended for a service."""
    found = []
    rollouts = {rollout for verdicts in record.verdicts.values() for rollout in verdicts}
    for rollout in sorted(rollouts):
        endings = {name: verdicts[rollout] for name, verdicts in record.verdicts.items() if rollout in verdicts}
        if len(set(endings.values())) > 1:
            found.append(f'{"/".join(rollout)}: {endings}')
    return found


INVARIANTS = (
    one_pass_at_a_time,
    never_older,
    frozen_is_left_alone,
    ecs_is_as_wanted,
    every_message_is_done,
    one_verdict,
)


def _by_cluster(record: PassesRecord) -> Iterable[tuple[str, list[Applied]]]:
    clusters = dict.fromkeys(each.cluster for each in record.applied)
    return ((cluster, [each for each in record.applied if each.cluster == cluster]) for cluster in clusters)


def _positions(record: PassesRecord, cluster: str, applied: Applied) -> list[int]:
    """Where, in what was stored by then, the service has the image."""
    return [
        position
        for position, version in enumerate(record.history.get(cluster, ()))
        if version.at <= applied.at and not version.deleted and images(version).get(applied.service) == applied.image
    ]


def _freezes(record: PassesRecord, cluster: str) -> Iterable[tuple[str, float, float]]:
    """Each freeze that was accepted: its mark, when that was answered, and when it may have ended."""
    versions = list(record.history.get(cluster, ()))
    for request in record.requests:
        if (request.cluster, request.verb, request.answer) != (cluster, 'freeze', 'accepted'):
            continue
        position = next(n for n, each in enumerate(versions) if each.id == request.revision)
        ends = [
            each.at for each in versions[position + 1 :] if each.deleted or _may_deploy(each) or _ends_a_freeze(each)
        ]
        yield request.mark, request.answered, min([*ends, *_thaws(record, request)], default=float('inf'))


def _thaws(record: PassesRecord, freeze: Request) -> list[float]:
    began = [each.began for each in record.requests if each.cluster == freeze.cluster and each.verb == 'thaw']
    until = [freeze.began + freeze.values['seconds'] - 2] if freeze.values.get('seconds') else []
    return [at for at in began if at > freeze.began] + until


def _may_deploy(version: Version) -> bool:
    """Whether a version is deployed in spite of a freeze."""
    return any(each.override for each in changes_of(version))


def _ends_a_freeze(version: Version) -> bool:
    """Whether a version thaws, or has another freeze take the place of the one before."""
    return any(each.did.get('verb') in ('freeze', 'thaw') for each in changes_of(version))


def _held(versions: Sequence[Version]) -> bool:
    """Whether what is stored last is not to be deployed yet, as far as can be seen from outside."""
    newest = changes_of(versions[-1])
    return bool(newest) and all(each.announce is None for each in newest)
