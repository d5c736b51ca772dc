"""Rollouts that a newer revision overtook while they were open, until it is known how they ended. Pure.

Replicas learn of the newer revision at different times, and one may have seen the end of the rollout before. So a
rollout is superseded once the records of the other replicas have no other verdict, and ECS shows that another
deployment took its place; at the latest after `DECIDED_AFTER`.

Another replica may still see it end, and record that later. So `superseded` is final only once the records were read
`CONFIRMED_AFTER` that verdict: every replica has learned of the newer revision, decided and recorded by then.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from stack.rollouts import rollout, service_rollout
from stack.rollouts.ecs_state import Service
from stack.rollouts.rollout import Rollout, Verdict, end

DECIDED_AFTER = timedelta(seconds=12)
CONFIRMED_AFTER = timedelta(minutes=2)


@dataclass
class Overtaken:
    """An open rollout, the revision that overtook it, and when that became known.

    `wanted` and `dropped` decide which task definitions carry it: see `stack.rollouts.drift.carries`.
    `recorded` is whether the records were read since, `replaced` whether ECS shows nothing of it any more, or something
    else in its place.
    """

    rollout: Rollout
    by: str
    since: datetime
    wanted: Any = None
    dropped: frozenset[str] = field(default_factory=frozenset)
    recorded: bool = False
    replaced: bool = False

    def look(self, seen: Service | None, fits: Collection[str], at: datetime) -> None:
        """Follow it in ECS; `fits` are the task definitions that carry it."""
        followed = service_rollout.follow(self.rollout, seen, fits, at)
        if followed.verdict is None:
            self.rollout, self.replaced = followed, followed.deployment is None
        elif followed.verdict.ending != 'superseded':
            self.rollout = followed
        elif _is_complete(followed, seen):
            verdict = Verdict('succeeded', 'All tasks were on this revision.', at)
            self.rollout = replace(end(followed, verdict), percent=100)
        else:
            self.replaced = True

    def decide(self, now: datetime) -> Rollout | None:
        """The rollout as it ended; None while that is not known."""
        if self.rollout.verdict is not None:
            return self.rollout
        if (self.recorded and self.replaced) or now - self.since >= DECIDED_AFTER:
            return rollout.superseded(self.rollout, self.by, self.since)
        return None


def prevailing(own: Rollout | None, other: Rollout) -> Rollout:
    """The one of two replicas' rollouts that both go on with: a verdict beats `superseded`, and an older one a newer.

    One that is still followed here is superseded by no record.
    """
    if own is None or other.verdict is None:
        return own or other
    if own.verdict is None:
        return own if other.verdict.ending == 'superseded' else other
    return own if _precedence(own.verdict) <= _precedence(other.verdict) else other


def _precedence(verdict: Verdict) -> tuple[bool, datetime]:
    return verdict.ending == 'superseded', verdict.at


def _is_complete(followed: Rollout, seen: Service | None) -> bool:
    """Whether ECS had completed the deployment of the rollout before another one took its place."""
    deployments = seen.deployments if seen else ()
    return any(each.id == followed.deployment and each.rollout_state == 'COMPLETED' for each in deployments)


def merged(
    own: Mapping[str, Mapping[str, Rollout]], other: Mapping[str, Mapping[str, Rollout]]
) -> dict[str, dict[str, Rollout]]:
    """The rollouts of former revisions as two replicas know them; those that only the other one knows come first."""
    found = {revision: dict(rollouts) for revision, rollouts in other.items()}
    for revision, rollouts in own.items():
        known = found.setdefault(revision, {})
        for service, mine in rollouts.items():
            known[service] = prevailing(mine, known[service]) if service in known else mine
    return found
