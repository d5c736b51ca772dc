"""The job of one cluster: the messages that request it, and the decisions after each pass."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from stack.aws.ports import Received
from stack.configuration.accounts import Place
from stack.reconcile.plan import Plan
from stack.scheduler.hints import Hint
from stack.scheduler.passes import Ask, Ended, State

# Seconds until the next pass on a cluster, by how the last one ended.
AGAIN_S = {'waiting': 5.0, 'awaiting': 5.0, 'busy': 2.0, 'frozen': 30.0}
LONGEST_AGAIN_S = 60.0
FAILED_AGAIN_S = 4.0
# Passes that fail one after another until a message is given up, and passes that wait for AWS.
MOST_FAILED = 5
UNASKED_FAILED = 3
MOST_WAITING = 60
# Every so many looks at rollouts in progress, a pass looks at everything.
PASS_EVERY = 12

After = Literal['done', 'again', 'given up']


@dataclass
class Job:
    """The messages for one cluster, and the counts of its failed and waiting passes.

    `fresh` until a pass has acted on the messages: later passes do not deploy again what ECS has rolled back meanwhile,
    but for the services in `waiting`, whose rollouts have not begun yet. `informed` are the handles of the messages
    whose senders know that a pass failed. `place` is the account and region that the messages count for.
    """

    cluster: str
    place: Place | None = None
    messages: dict[str, tuple[Received, Hint]] = field(default_factory=dict)
    informed: set[str] = field(default_factory=set)
    failed: int = 0
    waited: int = 0
    fresh: bool = False
    waiting: frozenset[str] = frozenset()
    awaited: Plan | None = None
    looks: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, message: Received, hint: Hint) -> None:
        # By its handle: a message may come twice, and each copy is deleted by its own.
        self.messages[message.handle] = (message, hint)
        self.failed = self.waited = 0
        self.fresh = True
        self.news.set()

    def ask(self) -> Ask:
        """The request for the next pass."""
        hints = [hint for _, hint in self.messages.values()]
        revisions = [hint.revision for hint in hints if hint.revision is not None]
        return Ask(
            self.cluster,
            frozenset(hint.destroy for hint in hints if hint.destroy),
            hinted=bool(hints),
            retry=self.fresh,
            retried=self.waiting,
            announced=frozenset(revisions) if len(revisions) == len(hints) else frozenset(),
            asked_at=max((hint.asked_at for hint in hints if hint.asked_at), default=None),
            gives_up=self._gives_up() if hints else frozenset(),
            awaited=self._awaited(),
        )

    def _awaited(self) -> Plan | None:
        """The plan whose rollouts the next pass waits for; now and then None, so that a pass looks at everything."""
        return None if self.fresh or self.looks % PASS_EVERY == 0 else self.awaited

    def _gives_up(self) -> frozenset[State]:
        """The states in which the next pass would be the last one for its messages."""
        last: dict[State, bool] = {
            'failed': self.failed + 1 >= MOST_FAILED,
            'waiting': self.waited + 1 >= MOST_WAITING,
        }
        return frozenset(state for state, is_last in last.items() if is_last)

    def after(self, ended: Ended, taken: Collection[str]) -> After:
        """The decision after a pass for the messages with the handles `taken`. Without any, the periodic pass retries.

        A pass does not count for messages that came during it.
        """
        if ended.state == 'awaiting':
            self.failed = 0
            self.informed.clear()
        if self.messages.keys() <= set(taken):
            self.failed += ended.state == 'failed'
            self.waited += ended.state == 'waiting'
        if ended.outcome is not None:
            plan = ended.outcome.plan
            self.waiting = frozenset(each.service for each in plan.waits)
            self.awaited = plan if ended.state == 'awaiting' else None
        self.looks = self.looks + 1 if ended.state == 'awaiting' else 0
        if ended.state in ('complete', 'gone', 'held'):
            return 'done'
        if self.failed >= MOST_FAILED or self.waited >= MOST_WAITING:
            return 'given up'
        goes_on = ended.state in ('waiting', 'awaiting', 'stopped', 'busy') or (
            ended.state == 'failed' and self.failed < UNASKED_FAILED
        )
        return 'again' if taken or goes_on else 'done'

    def uninformed(self, taken: Mapping[str, tuple[Received, Hint]]) -> list[Hint]:
        """The hints of messages whose senders do not know yet that a pass failed. The caller informs them."""
        hints = [hint for handle, (_, hint) in taken.items() if handle not in self.informed]
        self.informed.update(taken)
        return hints

    def end(self, taken: Iterable[str]) -> None:
        """Forget the messages with these handles."""
        for handle in taken:
            self.messages.pop(handle, None)
            self.informed.discard(handle)

    def again_in(self, ended: Ended, chance: Callable[[], float]) -> float:
        """Seconds until the next pass, with jitter, so that two schedulers do not collide repeatedly."""
        if ended.state == 'failed':
            pause = min(LONGEST_AGAIN_S, FAILED_AGAIN_S * 2.0 ** (self.failed - 1))
        else:
            pause = min(LONGEST_AGAIN_S, AGAIN_S[ended.state] * (1 + self.waited / 4))
        return pause * (0.5 + chance() / 2)
