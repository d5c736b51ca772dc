"""The schedule of looks: ten services at a time, those that roll out more often than the others.

Pure: the time is an argument everywhere.
"""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial

# What DescribeServices takes at once:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
BATCH = 10


# Whether a cluster may be looked at now; the flag is true for what moves, which is urgent.
May = Callable[[str, bool], bool]


def always(cluster: str, urgent: bool) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between two looks at a service, and between two listings of a cluster's services.

    `spacing` are the seconds between two calls about what is steady in one account and region: a large fleet is looked
    at less often, and what moves has the rest of AWS's limits.
    """

    moving: float = 2.0
    steady: float = 15.0
    listing: float = 60.0
    # With ten services each, a fifth of AWS's limit.
    spacing: float = 0.25


# While EventBridge delivers the events of ECS, a look only verifies.
WITH_EVENTS = Intervals(moving=10.0, steady=60.0, listing=120.0, spacing=0.6)


@dataclass(frozen=True, slots=True)
class Batch:
    """Services of one cluster to be described together; `urgent` where one of them moves or was never seen."""

    cluster: str
    services: tuple[str, ...]
    urgent: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A cluster whose services are to be listed; `urgent` where they never were."""

    cluster: str
    urgent: bool


class _Followed:
    """One cluster's services: when each is due, which of them move, and which were never seen."""

    def __init__(self, intervals: Intervals, now: float):
        self.intervals = intervals
        self.listing_due = now
        self.was_listed = False
        self.due: dict[str, float] = {}
        self.moving: frozenset[str] = frozenset()
        self.unseen: set[str] = set()
        self.hinted: set[str] = set()
        self.urgent_at = math.inf
        self.steady_at = math.inf

    def follow(self, services: Iterable[str], moving: Collection[str], now: float) -> None:
        former, self.due = self.due, {}
        for name in services:
            self.due[name] = former.get(name, now)
            if name not in former:
                self.unseen.add(name)
        for name in moving:
            if name in former and name in self.due:
                self.due[name] = min(self.due[name], now + self.intervals.moving)
        self.moving = frozenset(moving)
        self.unseen &= self.due.keys()
        self.hinted &= self.due.keys()
        self.count()

    def hint(self, name: str, now: float) -> None:
        if name in self.due:
            self.due[name] = now
            self.hinted.add(name)
            self.count()

    def count(self) -> None:
        """Find out when the next urgent and the next other service is due."""
        self.urgent_at = min((self.due[name] for name in self.due if self._is_urgent(name)), default=math.inf)
        self.steady_at = min((self.due[name] for name in self.due if not self._is_urgent(name)), default=math.inf)

    def take(self, now: float) -> tuple[str, ...]:
        """Ten services: a call costs the same for one, so those that are due soon fill it up."""
        ranked = sorted(self.due, key=lambda name: (not self._is_urgent(name) or self.due[name] > now, self.due[name]))
        chosen = tuple(name for name in ranked[:BATCH] if self.due[name] <= now + self._interval(name) / 2)
        for name in chosen:
            self.unseen.discard(name)
            self.hinted.discard(name)
            self.due[name] = now + self._interval(name)
        self.count()
        return chosen

    def put_off(self, services: Iterable[str], until: float) -> None:
        self.due.update({name: until for name in services if name in self.due})
        self.count()

    def _is_urgent(self, name: str) -> bool:
        return name in self.moving or name in self.unseen or name in self.hinted

    def _interval(self, name: str) -> float:
        return self.intervals.moving if name in self.moving else self.intervals.steady


class LookSchedule:
    def __init__(self, intervals: Intervals = Intervals()):
        self._intervals = intervals
        self._followed: dict[str, _Followed] = {}

    def __contains__(self, cluster: str) -> bool:
        return cluster in self._followed

    def follow(self, cluster: str, services: Iterable[str], moving: Collection[str], now: float) -> None:
        """The services that a cluster has, and those of them that move; new ones are due at once."""
        if cluster not in self._followed:
            self._followed[cluster] = _Followed(self._intervals, now)
        self._followed[cluster].follow(services, moving, now)

    def keep_only(self, clusters: Collection[str]) -> None:
        """Forget every cluster but these."""
        for cluster in [each for each in self._followed if each not in clusters]:
            del self._followed[cluster]

    def hint(self, cluster: str, service: str, now: float) -> None:
        """Something happened to a service: it is due at once, where it is followed."""
        if cluster in self._followed:
            self._followed[cluster].hint(service, now)

    def listing(self, now: float, may: May = always) -> Listing | None:
        """A cluster whose services are to be listed, if any that may be looked at is due; it is due again later."""
        due = [(each.listing_due, cluster) for cluster, each in self._followed.items() if each.listing_due <= now]
        allowed = (each for each in due if may(each[1], not self._followed[each[1]].was_listed))
        _, cluster = min(allowed, default=(math.inf, None))
        if cluster is None:
            return None
        followed = self._followed[cluster]
        urgent, followed.was_listed = not followed.was_listed, True
        followed.listing_due = now + self._intervals.listing
        return Listing(cluster, urgent)

    def _repeated_listing_due(self, now: float, may: May) -> float:
        """When the listing became due that is due longest, of clusters that were listed before."""
        listed = ((cluster, each.listing_due) for cluster, each in self._followed.items() if each.was_listed)
        return min((due for cluster, due in listed if due <= now and may(cluster, False)), default=math.inf)

    def next(self, now: float, may: May = always, is_asked: Callable[[str], bool] = lambda _: False) -> Batch | None:
        """The batch that is due longest, those that move before all others; its services are due again later.

        The first looks at the clusters that callers ask for come before all: that many cannot keep the others waiting.
        None also where a repeated listing is due longer than everything that is steady.
        """
        for urgent in (True, False):
            due = [
                (at, cluster)
                for cluster, followed in self._followed.items()
                if (at := followed.urgent_at if urgent else followed.steady_at) <= now
            ]
            allowed = (each for each in due if may(each[1], urgent))
            at, cluster = min(allowed, key=partial(self._rank, is_asked), default=(math.inf, None))
            if cluster is not None and (urgent or at <= self._repeated_listing_due(now, may)):
                return Batch(cluster, self._followed[cluster].take(now), urgent)
        return None

    def _rank(self, is_asked: Callable[[str], bool], due: tuple[float, str]) -> tuple[bool, float, str]:
        at, cluster = due
        return not (self._followed[cluster].unseen and is_asked(cluster)), at, cluster

    def wait(self, now: float) -> float:
        """Seconds until something is due; at most as long as between two looks at what moves."""
        times = (min(each.urgent_at, each.steady_at, each.listing_due) for each in self._followed.values())
        return min(max(0.0, min(times, default=math.inf) - now), self._intervals.moving)

    def put_off(self, batch: Batch, until: float) -> None:
        """A look did not succeed: its services are due again then."""
        if batch.cluster in self._followed:
            self._followed[batch.cluster].put_off(batch.services, until)
