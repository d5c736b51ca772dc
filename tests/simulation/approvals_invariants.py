"""What is promised of approvals, one function for each promise. See docs/decisions/approvals.md."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from stack.state.revisions import decode
from tests.simulation.s3 import Version

CLUSTER = 'prod'
RECORDS, BODIES, AUDIT = f'proposals/{CLUSTER}/', f'proposal-plans/{CLUSTER}/', f'nysa/audit/{CLUSTER}/'
# What lies between the look at a role and the write that it permits, at most, in seconds.
LOOKED_WITHIN_S = 45.0
# An audit entry of a process that is killed may be lost within so many seconds.
AUDITED_WITHIN_S = 12.0


@dataclass
class Attempt:
    """One request of a person. `mark` is its reason; `decides` once it was sent with a decision."""

    mark: str
    verb: str
    values: dict[str, Any]
    replica: str
    began: float = 0.0
    answer: str | None = None
    error: str | None = None
    answered: float = float('inf')
    proposal: str | None = None
    decides: bool = False

    def __str__(self) -> str:
        who = f'{self.values.get("who")} ({self.values.get("account", "own")})'
        what = f'{self.mark} {self.verb} {self.proposal or ""} by {who} at {self.replica}'
        return f'{what} ({self.began:.3f} to {self.answered:.3f}): {self.answer} {self.error or ""}'


@dataclass
class ApprovalsRecord:
    """All that happened in a world: `without` are the times in which a person had no role."""

    attempts: Sequence[Attempt]
    history: Mapping[str, Sequence[Version]]
    without: Mapping[str, Sequence[Sequence[float]]]
    killed: frozenset[str] = field(default_factory=frozenset)

    def lines(self) -> list[str]:
        """What is not in the trace."""
        return [f'{key}: {self.records(key)[-1]}' for key in self.history if key.startswith(RECORDS)]

    def records(self, key: str) -> list[dict[str, Any]]:
        """The versions of a proposal's record, the oldest first."""
        return [json.loads(each.body or b'{}') for each in self.history[key]]

    def carried_out(self) -> Iterator[tuple[str, Version, Version]]:
        """Each version that carries a proposal out, with the proposal's id and the version before it.

        A later version names the changes again that it has to announce for an earlier one: these are not counted.
        """
        versions = self.history.get(CLUSTER, ())
        for before, version in pairwise(versions):
            known = {change.at for change in decode(before.metadata)}
            for change in decode(version.metadata):
                if change.approved and change.at not in known:
                    yield change.approved['proposal'], version, before


def at_most_once(record: ApprovalsRecord) -> list[str]:
    """Each proposal is carried out at most once."""
    ids = [id for id, _, _ in record.carried_out()]
    return [f'{id} was carried out {ids.count(id)} times' for id in dict.fromkeys(ids) if ids.count(id) > 1]


def exactly_as_shown(record: ApprovalsRecord) -> list[str]:
    """What is stored is the document of the plan that was approved, over the revision that the plan was made from."""
    found = []
    for id, version, before in record.carried_out():
        plan = _intent(record, id, version.at)['plan_id']
        body = json.loads(record.history[f'{BODIES}{id}/{plan}'][-1].body or b'{}')
        if json.loads(version.body or b'{}') != body['document']:
            found.append(f'{id}: {version.id} is not what the plan {plan} shows')
        if body['plan']['revision'] != before.id:
            found.append(f'{id}: {version.id} is over {before.id}, its plan over {body["plan"]["revision"]}')
    return found


def by_a_quorum(record: ApprovalsRecord) -> list[str]:
    """As many people as are required approved that plan, none of them its author, and all of them with a role."""
    found = []
    for id, version, _ in record.carried_out():
        intent = _intent(record, id, version.at)
        people = {_person(each['account']) for each in intent['approvals']}
        author = _person(intent['author'])
        counted = [each for each in people - {author} if _had_role(record, each, version.at)]
        if len(counted) < intent['needed'][0]['required']:
            found.append(f'{id}: {version.id} is approved by {sorted(counted)} alone')
    return found


def every_decision_is_audited(record: ApprovalsRecord) -> list[str]:
    """The audit has each approval that a record has, and each decision that was refused for what it is."""
    reasons = {entry.get('message') for entry in _audit(record)}
    found = []
    for attempt in record.attempts:
        if attempt.replica in record.killed or not attempt.decides:
            continue
        if attempt.answer in ('approval_denied', 'proposal_ended') and attempt.mark not in reasons:
            found.append(f'{attempt}: and the audit has no refusal')
    for key in record.history:
        if key.startswith(RECORDS):
            stored = {each['reason'] for state in record.records(key) for each in state['approvals']}
            by_mark = {each.mark: each for each in record.attempts}
            found += [
                f'{by_mark[reason]}: it counts, and the audit has no approval'
                for reason in stored - reasons
                if by_mark[reason].replica not in record.killed and by_mark[reason].answer != 'outcome_unknown'
            ]
    return found


def nothing_stays_approved(record: ApprovalsRecord) -> list[str]:
    """At the end each approved proposal is carried out, or open again, or ended."""
    last = {key: record.records(key)[-1] for key in record.history if key.startswith(RECORDS)}
    return [f'{key} is still approved' for key, each in last.items() if each['state'] == 'approved']


def carried_out_is_recorded(record: ApprovalsRecord) -> list[str]:
    """A proposal is recorded as carried out where the history has it, and with the revision that did."""
    done = {id: version.id for id, version, _ in record.carried_out()}
    found = []
    for key in record.history:
        if key.startswith(RECORDS):
            last = record.records(key)[-1]
            if last['state'] == 'carried-out' and done.get(last['id']) != last['revision']:
                found.append(f'{key} names {last["revision"]}, the history has it in {done.get(last["id"])}')
            if last['id'] in done and last['state'] != 'carried-out':
                found.append(f'{key} is {last["state"]}, and {done[last["id"]]} carried it out')
    return found


def every_attempt_is_answered(record: ApprovalsRecord) -> list[str]:
    """Each request gets an answer, unless its replica was killed."""
    return [f'{each}' for each in record.attempts if each.answer is None and each.replica not in record.killed]


def nothing_changes_without(record: ApprovalsRecord) -> list[str]:
    """Every change of `web` carries a proposal out."""
    found = []
    versions = record.history.get(CLUSTER, ())
    for before, version in pairwise(versions):
        if _image(before) != _image(version) and not any(each.approved for each in decode(version.metadata)):
            found.append(f'{version.id} changes web without approval')
    return found


INVARIANTS = (
    at_most_once,
    exactly_as_shown,
    by_a_quorum,
    every_decision_is_audited,
    nothing_stays_approved,
    carried_out_is_recorded,
    every_attempt_is_answered,
    nothing_changes_without,
)


def _intent(record: ApprovalsRecord, id: str, at: float) -> dict[str, Any]:
    """The newest intent to carry a proposal out that was stored before a moment."""
    states = zip(record.history[RECORDS + id], record.records(RECORDS + id), strict=True)
    found = [state for version, state in states if version.at <= at and state['state'] == 'approved']
    return found[-1]


def _person(account: Mapping[str, Any]) -> str:
    """The person of an account; everything that the bot speaks is one person's."""
    return str(account.get('speaker') or account['name'].removesuffix('-laptop'))


def _had_role(record: ApprovalsRecord, person: str, at: float) -> bool:
    """Whether a person had its role at some time shortly before a moment."""
    spans = record.without.get(person, ())
    return not any(begin <= at - LOOKED_WITHIN_S and at <= end for begin, end in spans)


def _audit(record: ApprovalsRecord) -> list[dict[str, Any]]:
    keys = [key for key in record.history if key.startswith(AUDIT)]
    return [entry for key in keys for entry in json.loads(record.history[key][-1].body or b'[]')]


def _image(version: Version) -> Any:
    services = json.loads(version.body or b'{}').get('services', [])
    return next((each['web'].get('image') for each in services if 'web' in each), None)
