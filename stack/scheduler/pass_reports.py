"""Chat reports of passes, on the webhooks of the messages that requested them."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from stack.chat.webhook import Webhooks
from stack.reconcile.estimate import estimate
from stack.reconcile.plan import Plan, Row
from stack.runtime.masking import masked_text
from stack.scheduler.hints import Hint
from stack.scheduler.passes import Ended
from stack.scheduler.plan_text import duration, headline, in_brief, waves_text


@dataclass
class Begun:
    """The report of a begun pass: its time, and its rows by service."""

    at: float
    rows: dict[str, Row] = field(default_factory=dict)


class PassReports:
    """Posts one line when work for a webhook begins and one when it ends, and none for the passes in between."""

    def __init__(self, webhooks: Webhooks, clock: Callable[[], float] = time.monotonic):
        self._webhooks = webhooks
        self._clock = clock
        self._begun: dict[tuple[str, str], Begun] = {}

    def begins(self, plan: Plan, hints: Iterable[Hint]) -> None:
        """Report that a pass is about to carry out a plan."""
        moved = {row.service: row for row in plan.rows if row.action != 'nothing'}
        for url, asked in _by_webhook(hints).items():
            if plan.is_empty:
                continue
            begun = self._begun.setdefault((plan.cluster, url), Begun(self._clock()))
            if not begun.rows or moved.keys() - begun.rows.keys():
                lines = (headline(plan, estimate(plan)), in_brief(plan.rows), _waves(plan), _asked_by(asked))
                self._webhooks.say(url, _line(plan.cluster, *lines))
            begun.rows = moved | begun.rows

    def ends(self, cluster: str, ended: Ended, hints: Iterable[Hint]) -> None:
        """Report that everything requested is done, or that the cluster is no longer managed."""
        notes = ended.outcome.plan.notes if ended.outcome else ()
        noted = ' '.join(f'{note.service}: {note.text}' if note.service else note.text for note in notes)
        for url in _by_webhook(hints):
            begun = self._begun.pop((cluster, url), None)
            if ended.state == 'gone':
                self._webhooks.say(url, _line(cluster, 'is not managed here: nothing was done.'))
            elif begun is None:
                blocked = any(note.blocks for note in notes)
                what = 'nothing was done.' if blocked else 'nothing to do: all is as it should be.'
                self._webhooks.say(url, _line(cluster, what, noted))
            else:
                took = duration(self._clock() - begun.at)
                plan = ended.outcome.plan if ended.outcome else None
                halted = plan is not None and (plan.gate_failed or plan.not_begun)
                how = f'stopped after {took}' if halted else f'done in {took}'
                self._webhooks.say(url, _line(cluster, how, in_brief(begun.rows.values()), noted))

    def failed(self, cluster: str, errors: Sequence[str], hints: Iterable[Hint], gives_up: bool) -> None:
        """Report a failed pass: the caller does so the first time, and when it is not tried again."""
        more = f' and {len(errors) - 3} more' if len(errors) > 3 else ''
        why = '; '.join(errors[:3]) + more
        what = 'failed, and is not tried again before the next change' if gives_up else 'failed, and is tried again'
        for url in _by_webhook(hints):
            if gives_up:
                self._begun.pop((cluster, url), None)
            self._webhooks.say(url, _line(cluster, what, why))

    async def finished(self) -> None:
        """Wait until every report is posted."""
        await self._webhooks.finished()


def _waves(plan: Plan) -> str:
    return f'in waves: {waves}' if (waves := waves_text(plan)) else ''


def _by_webhook(hints: Iterable[Hint]) -> dict[str, list[Hint]]:
    by_webhook: dict[str, list[Hint]] = {}
    for hint in hints:
        if hint.callback_url:
            by_webhook.setdefault(hint.callback_url, []).append(hint)
    return by_webhook


def _asked_by(hints: list[Hint]) -> str:
    who = ', '.join(dict.fromkeys(hint.by for hint in hints if hint.by))
    why = '; '.join(dict.fromkeys(hint.why for hint in hints if hint.why))
    return (f'asked for by {who}' if who else '') + (f' “{why}”' if why else '')


def _line(cluster: str, *parts: str) -> str:
    """One line of text, escaped for Slack: https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    text = ' · '.join(masked_text(' '.join(part.split())) for part in parts if part)
    return f'*{_escaped(" ".join(cluster.split()))}*: {_escaped(text)}'


def _escaped(text: str) -> str:
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
