"""Proposals as text for a terminal, from the JSON of the REST API.

Reasons and names are what others wrote: `printable` replaces control characters, which a terminal would obey.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

LONGEST_VALUE = 120


def printable(text: str) -> str:
    """The text without control characters."""
    return ''.join(character if character.isprintable() else '\N{REPLACEMENT CHARACTER}' for character in text)


def proposal_rows(proposals: Sequence[Json]) -> Iterator[str]:
    """One line for each: cluster, id, state, approvals, author, until when it can be approved, and what it changes."""
    rows = [_row(each) for each in proposals]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield '  '.join(f'{text:{width}}' for text, width in zip(row, widths, strict=True)).rstrip()


def _row(proposal: Json) -> list[str]:
    texts = (
        proposal['cluster'],
        proposal['id'],
        proposal['state'],
        f'{len(proposal["approvals"])}/{proposal["required"]}',
        f'by {proposal["by"]}',
        f'until {proposal["expires_at"]}',
        proposal['summary'],
    )
    return [printable(str(text)) for text in texts]


def proposal_lines(proposal: Json) -> Iterator[str]:
    """A proposal with its decisions and its plan."""
    return map(printable, _lines(proposal))


def _lines(proposal: Json) -> Iterator[str]:
    yield f'Proposal {proposal["id"]} of {proposal["cluster"]}: {proposal["state"]}'
    reason = f': {proposal["reason"]}' if proposal['reason'] else ''
    yield f'Proposed by {proposal["by"]} at {proposal["at"]}{reason}'
    if proposal['state'] == 'open':
        yield f'Until {proposal["expires_at"]}: {len(proposal["approvals"])} of {proposal["required"]} approvals'
    yield f'May approve: {proposal["may_approve"]}'
    for word, decisions in (('Approved', proposal['approvals']), ('Rejected', proposal['rejections'])):
        for each in decisions:
            yield f'{word} by {each["by"]} at {each["at"]}' + (f': {each["reason"]}' if each['reason'] else '')
    if proposal['because']:
        yield f'Outdated: {proposal["because"]}'
    if proposal['revision']:
        yield f'Revision {proposal["revision"]}'
    yield from _plan_lines(proposal['plan'])
    if proposal.get('why_not'):
        yield f'You cannot approve it: {proposal["why_not"]}'


def _plan_lines(plan: Json) -> Iterator[str]:
    yield f'Plan {plan["id"]}: {plan["summary"]}'
    yield from (f'  {_change(change)}' for change in plan['settings'])
    for row in plan['services']:
        if row['action'] != 'nothing':
            yield f'  {row["service"]}: {row["action"]}'
            yield from (f'    {_change(change)}' for change in row['changes'])
    for effect in plan['also'] or ():
        yield f'  also: {effect["message"]}'
    findings = (plan['rehearsal'] or {}).get('findings', ())
    for noted in (*plan['notes'], *plan['warnings'], *findings):
        yield f'  ! {noted["message"]}'
    for number, step in enumerate((plan['ecs'] or {}).get('steps', ()), start=1):
        yield f'{number:4}. {step["text"]}'


def _change(change: Json) -> str:
    return f'{change["path"]} {_value(change["before"])} → {_value(change["after"])}'


def _value(value: Any) -> str:
    text = '–' if value is None else str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + '…'
