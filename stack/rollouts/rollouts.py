"""The rollouts of one cluster: those of what is wanted now, and how those of former revisions ended."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain

from stack.rollouts import rollout
from stack.rollouts.ecs_state import Service
from stack.rollouts.overtaken import CONFIRMED_AFTER, Overtaken, merged
from stack.rollouts.rollout import Goal, Rollout
from stack.rollouts.rollout_summary import RolloutSummary, summarise
from stack.rollouts.stages import StageProgress
from stack.rollouts.stop_verdicts import stop_verdicts
from stack.state.revisions import Revision

# Of how many former revisions it is remembered how their rollouts ended.
MOST_FORMER = 50


class Rollouts:
    """`now` has at most one for each service: that of the revision that last wanted something new of it."""

    def __init__(self) -> None:
        # Counts the calls that changed something, or may have.
        self.changes = 0
        self.now: dict[str, Rollout] = {}
        self.former: OrderedDict[str, dict[str, Rollout]] = OrderedDict()
        # By revision and service: those of former revisions of which it is not known yet how they ended.
        self.overtaken: dict[tuple[str, str], Overtaken] = {}
        # When the records of other replicas were last read; None before the first read.
        self.heard_at: datetime | None = None

    def turn(
        self,
        revision: Revision,
        goals: Mapping[str, Goal],
        changed: Collection[str],
        seen: Mapping[str, Service],
        now: datetime,
    ) -> None:
        """Go over to a revision, which wants `goals`; what it has not `changed` goes on as it was."""
        self.changes += 1
        self._stop(revision)
        for name in [each for each in self.now if each not in goals]:
            self._drop(name, revision, now)
        for name, goal in goals.items():
            before = self.now.get(name)
            if before is None or name in changed:
                if before is not None:
                    self._overtake(before, revision.id, now)
                self.now[name] = rollout.begin(goal, seen.get(name))
            elif before.goal.held and goal.announced_at is not None:
                # The announcement of a revision covers everything in it.
                self.now[name] = rollout.announced_again(before, goal.announced_at, seen.get(name))

    def _stop(self, revision: Revision) -> None:
        """End the rollouts that a revision stops; what it wants in their place begins afterwards."""
        for name, verdict in stop_verdicts(revision).items():
            before = self.now.get(name)
            if before is None or before.goal.kind != 'service':
                continue
            # A look may have shown how ECS ended it before this process knew of the revision.
            was_seen = before.verdict is not None and before.verdict.at >= verdict.at
            if before.open or was_seen:
                self.now[name] = ended = rollout.end(before, verdict)
                self._retire(ended)
            if before.open:
                self.overtaken[before.goal.revision, name] = Overtaken(ended, revision.id, revision.stored_at)

    def remember(self, former: Mapping[str, Mapping[str, Rollout]], now: datetime) -> set[str]:
        """How revisions ended by a record, the oldest first; gives the services of which that was news."""
        self.heard_at = now
        before, self.former = self.former, OrderedDict(merged(self.former, former))
        for (revision, service), entry in self.overtaken.items():
            entry.recorded = True
            if not self.former[revision][service].open:
                entry.rollout = self.former[revision][service]
        self._forget_oldest()
        self.changes += _in_order(before) != _in_order(self.former)
        return {
            service
            for revision, rollouts in self.former.items()
            for service, ended in rollouts.items()
            if before.get(revision, {}).get(service) != ended
        }

    def leave(self, revision: str) -> None:
        """Remember a revision that is no longer the newest, even if it had no rollout of its own."""
        self.changes += 1
        self.former.setdefault(revision, {})
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        while len(self.former) > MOST_FORMER:
            oldest, _ = self.former.popitem(last=False)
            self.overtaken = {key: entry for key, entry in self.overtaken.items() if key[0] != oldest}

    def _drop(self, name: str, revision: Revision, now: datetime) -> None:
        """End the rollout of a service that has no goal any more, unless it is being removed."""
        before = self.now[name]
        if not (before.goal.kind == 'removal' and before.open):
            self._overtake(self.now.pop(name), revision.id, now)

    def _overtake(self, before: Rollout, by: str, now: datetime) -> None:
        """A newer revision changes the service: its rollout is superseded, unless it may have ended otherwise."""
        if before.open and before.goal.kind == 'service' and not before.goal.held:
            self._retire(before)
            self.overtaken[before.goal.revision, before.goal.service] = Overtaken(before, by, now)
        else:
            self._retire(rollout.superseded(before, by, now))

    def expect_no_look(self) -> None:
        """Decide by the records alone how overtaken rollouts ended: ECS is not looked at in this process."""
        for entry in self.overtaken.values():
            entry.replaced = True

    def as_recorded(self) -> dict[str, list[Rollout]]:
        """How revisions ended, for other processes: what is not known yet is superseded, which any verdict beats."""
        known = self.overtaken
        return {
            revision: [
                rollout.superseded(each, known[revision, name].by, known[revision, name].since)
                if (revision, name) in known
                else each
                for name, each in rollouts.items()
            ]
            for revision, rollouts in self.former.items()
        }

    def decide(self, now: datetime) -> list[Rollout]:
        """Retire the overtaken rollouts whose end is known by now, and return them."""
        decided = [each for each in (entry.decide(now) for entry in self.overtaken.values()) if each is not None]
        for each in decided:
            del self.overtaken[each.goal.revision, each.goal.service]
            self._retire(each)
        self.changes += bool(decided)
        return decided

    def _retire(self, ended: Rollout) -> None:
        if not ended.open:
            # What was there before matters while it is followed, and takes more than the rest of it.
            ended = replace(ended, foreign=rollout.NOTHING)
        self.former.setdefault(ended.goal.revision, {})[ended.goal.service] = ended

    def announce(self, at: datetime, seen: Mapping[str, Service]) -> set[str]:
        """Record that schedulers were notified (again); returns the services that wait no longer, or begin again."""
        self.changes += 1
        before = dict(self.now)
        for name, each in before.items():
            self.now[name] = rollout.announced_again(each, at, seen.get(name))
        return {name for name, each in before.items() if self.now[name] is not each}

    def hear(self, others: Mapping[str, Rollout]) -> set[str]:
        """Adopt the rollouts of another process that were announced later than is known here; returns their names."""
        later = {name: each for name, each in others.items() if self._is_later(name, each)}
        self.now.update(later)
        self.changes += bool(later)
        return set(later)

    def _is_later(self, name: str, other: Rollout) -> bool:
        own = self.now.get(name)
        if own is None or own.goal.revision != other.goal.revision or other.goal.announced_at is None:
            return False
        if own.goal.announced_at == other.goal.announced_at and own.verdict is not None and other.verdict is not None:
            return 'superseded' == own.verdict.ending != other.verdict.ending
        return own.goal.announced_at is None or own.goal.announced_at < other.goal.announced_at

    def waits_for_word(self) -> bool:
        """Whether a rollout begins, or begins again, once schedulers are notified."""
        return any(each.goal.held or (each.verdict and not each.verdict.arrived) for each in self.now.values())

    def unconfirmed(self) -> bool:
        """Whether another replica may record another verdict of a superseded rollout after the last read of records."""
        ended = [each.verdict for each in chain(self.now.values(), *map(dict.values, self.former.values()))]
        times = [verdict.at for verdict in ended if verdict is not None and verdict.ending == 'superseded']
        return bool(times) and (self.heard_at is None or max(times) + CONFIRMED_AFTER > self.heard_at)

    def abandon(self, reason: str, now: datetime) -> set[str]:
        """Abort the open rollouts; returns their services."""
        self.changes += 1
        going = {name for name, each in self.now.items() if each.open}
        for name in going:
            self.now[name] = rollout.abandoned(self.now[name], reason, now)
        return going

    def ended_since(self, before: Mapping[str, Rollout]) -> list[Rollout]:
        """The rollouts that have a verdict which they had not before."""
        known = {name: each.verdict for name, each in before.items()}
        return [each for name, each in self.now.items() if each.verdict and each.verdict != known.get(name)]

    def steps_since(self, before: Mapping[str, Rollout]) -> bool:
        """Whether a rollout has gone over to another stage, or to another step of it."""
        steps = {name: each.stages.step for name, each in before.items() if each.stages}
        return any(each.stages.step != steps.get(name) for name, each in self.now.items() if each.stages)

    def pauses_ended_since(self, before: Mapping[str, Rollout]) -> list[StageProgress]:
        """The pauses of former rollouts that nothing waits for any more, each as it was."""
        waiting = {each.stages.hook.id for each in self.now.values() if each.stages and each.stages.hook}
        paused = [each.stages for each in before.values() if each.stages and each.stages.hook]
        return [stages for stages in paused if stages.hook and stages.hook.id not in waiting]

    def moving(self) -> set[str]:
        """The services that roll out, so that they are looked at more often."""
        return {name for name, each in self.now.items() if each.moving}

    def unsettled(self) -> set[str]:
        return {name for name, each in self.now.items() if each.unsettled}

    def removing(self) -> set[str]:
        """The services that are being removed from ECS."""
        return {name for name, each in self.now.items() if each.goal.kind == 'removal' and each.open}

    def of_revision(self, revision: str) -> dict[str, Rollout] | None:
        """The rollouts of the services that a former revision changed, or the newest; None where none is known."""
        going = {name: each for name, each in self.now.items() if each.goal.revision == revision}
        found = {**self.former.get(revision, {}), **going}
        return found if found or revision in self.former else None

    def of_service(self, name: str) -> list[Rollout]:
        """The rollouts of a service that are known, those of former revisions first."""
        former = [rollouts[name] for rollouts in self.former.values() if name in rollouts]
        return [*former, self.now[name]] if name in self.now else former

    def summary(self) -> RolloutSummary:
        return summarise(self.now.values())


def _in_order(former: Mapping[str, Mapping[str, Rollout]]) -> list[tuple[str, list[tuple[str, Rollout]]]]:
    return [(revision, list(rollouts.items())) for revision, rollouts in former.items()]
