"""Delivery figures: how often services are deployed, how long that takes, how often it fails. Pure.

The four figures of https://dora.dev/guides/dora-metrics-four-keys/, by cluster, service, week and day.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Literal

Group = Literal['cluster', 'service', 'week', 'day']
GROUPS: tuple[Group, ...] = ('cluster', 'service', 'week', 'day')

WEEK = timedelta(days=7)
# The weeks that a group covers, where it is a period itself.
WEEKS: dict[Group, float] = {'day': 1 / 7, 'week': 1.0}


@dataclass(frozen=True)
class Deployment:
    """A rollout of a service that has ended; `ended_at` is the time of its verdict."""

    cluster: str
    service: str
    revision: str
    image: str
    ended_at: datetime
    failed: bool

    def key(self, groups: Sequence[Group]) -> tuple[str, ...]:
        values = {
            'cluster': self.cluster,
            'service': self.service,
            'week': week_of(self.ended_at),
            'day': self.ended_at.date().isoformat(),
        }
        return tuple(values[group] for group in groups)


@dataclass(frozen=True)
class Outcome:
    """How the rollouts of one revision ended together: failed if one of them did; `ended_at` is the last end."""

    failed: bool
    ended_at: datetime


@dataclass
class _Figures:
    deployments: int = 0
    failed: int = 0
    leads: list[float] = field(default_factory=list)
    restores: list[float] = field(default_factory=list)


def delivery(
    deployments: Iterable[Deployment],
    pushed: Mapping[str, datetime],
    since: datetime,
    until: datetime,
    groups: Sequence[Group] = (),
) -> list[dict[str, Any]]:
    """A row for each group, sorted, of the deployments that ended in the period.

    `pushed` has the time at which an image was pushed, where that is known. The lead time of an image is that from its
    push to the first deployment of it in a cluster; the time to restore that from a failure to the next success.
    """
    figures: dict[tuple[str, ...], _Figures] = {}
    if not groups:
        figures[()] = _Figures()
    by_service: dict[tuple[str, str], list[Deployment]] = {}
    for deployment in sorted(deployments, key=lambda deployment: deployment.ended_at):
        by_service.setdefault((deployment.cluster, deployment.service), []).append(deployment)
    for history in by_service.values():
        _count(history, pushed, (since, until), groups, figures)
    return [
        {**dict(zip(groups, key, strict=True)), **_row(figures[key], since, until, groups)} for key in sorted(figures)
    ]


def _count(
    history: Sequence[Deployment],
    pushed: Mapping[str, datetime],
    period: tuple[datetime, datetime],
    groups: Sequence[Group],
    figures: dict[tuple[str, ...], _Figures],
) -> None:
    """Add the deployments of one service in one cluster, the oldest first."""
    delivered: set[str] = set()
    failing_since: datetime | None = None
    for deployment in history:
        is_first = not deployment.failed and deployment.image not in delivered
        restored_after = None
        if deployment.failed:
            failing_since = failing_since or deployment.ended_at
        else:
            delivered.add(deployment.image)
            restored_after, failing_since = failing_since, None
        if not period[0] <= deployment.ended_at < period[1]:
            continue
        group = figures.setdefault(deployment.key(groups), _Figures())
        group.deployments += not deployment.failed
        group.failed += deployment.failed
        if is_first and deployment.image in pushed:
            lead = (deployment.ended_at - pushed[deployment.image]).total_seconds()
            group.leads += [lead] if lead >= 0 else []
        if restored_after is not None:
            group.restores.append((deployment.ended_at - restored_after).total_seconds())


def _row(figures: _Figures, since: datetime, until: datetime, groups: Sequence[Group]) -> dict[str, Any]:
    total = figures.deployments + figures.failed
    periods = [WEEKS[group] for group in groups if group in WEEKS]
    weeks = min(periods) if periods else max((until - since) / WEEK, 1 / 7)
    return {
        'deployments': figures.deployments,
        'failed': figures.failed,
        'frequency_per_week': round(figures.deployments / weeks, 2),
        'failure_rate': round(figures.failed / total, 4) if total else None,
        'lead_time_seconds': _distribution(figures.leads),
        'time_to_restore_seconds': _distribution(figures.restores),
    }


def _distribution(seconds: Sequence[float]) -> dict[str, Any] | None:
    """Median, 90th percentile and number; None without any."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    p90 = ordered[math.ceil(0.9 * len(ordered)) - 1]
    return {'median': round(median(ordered)), 'p90': round(p90), 'count': len(ordered)}


def outcomes(deployments: Iterable[Deployment]) -> dict[tuple[str, str], Outcome]:
    """The outcome of each revision, by cluster and revision, as far as its rollouts have ended."""
    found: dict[tuple[str, str], Outcome] = {}
    for deployment in deployments:
        key = deployment.cluster, deployment.revision
        known = found.get(key, Outcome(False, deployment.ended_at))
        found[key] = Outcome(known.failed or deployment.failed, max(known.ended_at, deployment.ended_at))
    return found


def week_of(at: datetime) -> str:
    """The ISO 8601 week of a point in time, as `2030-W05`."""
    year, week, _ = at.isocalendar()
    return f'{year}-W{week:02d}'
