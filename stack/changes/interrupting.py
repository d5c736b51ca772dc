"""The check of a change against its author's role: only an admin may interrupt requests to a service."""

from collections.abc import Mapping
from typing import Any

from stack.errors import AccessDenied
from stack.reconcile.interruptions import interruptions
from stack.reconcile.wanted import wanted_services
from stack.stackfile.effective import services
from stack.state.revisions import Change

Document = Mapping[str, Any]


def check_interruptions(cluster: str, change: Change, before: Document, after: Document) -> None:
    """Raise `AccessDenied` where a change of a document interrupts requests, and its author may not."""
    if change.may_interrupt or not (names := _comparable(before, after)):
        return
    old, new = (wanted_services(cluster, _only(document, names), None) for document in (before, after))
    if found := interruptions(old, new):
        listed = '; '.join(each.message for each in found)
        raise AccessDenied(f'Requests would fail meanwhile ({listed}): this requires the role admin.')


def _comparable(before: Document, after: Document) -> set[str]:
    """The services that both documents have, and that differ by themselves or by their defaults."""
    old, new = dict(services(before)), dict(services(after))
    both = old.keys() & new.keys()
    if both and before.get('defaults') != after.get('defaults'):
        return both
    return {name for name in both if old[name] != new[name]}


def _only(document: Document, names: set[str]) -> dict[str, Any]:
    return {**document, 'services': [{name: settings} for name, settings in services(document) if name in names]}
