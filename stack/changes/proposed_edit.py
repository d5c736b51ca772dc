"""The edit of a proposal, apart from the revision that it was made from: so that it can be made of a newer one.

A JSON merge patch of each service and of everything else. It is kept only where it leads back to the very document that
was proposed: a document that lists a service twice, or contains null, has none.
"""

from collections.abc import Mapping
from typing import Any

from stack.stackfile.merge_patch import merged

Document = dict[str, Any]

SERVICES = 'services'


def edit_between(before: Document, after: Document) -> dict[str, Any] | None:
    """The edit that leads from one document to another; None where there is no such edit."""
    try:
        edit = _difference(_by_name(before), _by_name(after))
        return edit if edited(before, edit) == after else None
    except (AttributeError, TypeError, ValueError):
        return None


def edited(document: Document, edit: Mapping[str, Any]) -> Document:
    """A document with an edit applied; services that it adds come last. Raises ValueError for one that does not fit."""
    parts: Document = merged(_by_name(document), edit)
    listed = parts.pop(SERVICES, {})
    result = {key: [] if key == SERVICES else parts[key] for key in document if key == SERVICES or key in parts}
    return {**result, **parts, SERVICES: [{name: settings} for name, settings in listed.items()]}


def _by_name(document: Document) -> Document:
    """The document with its services by name."""
    found: Document = {}
    for item in document.get(SERVICES, []):
        for name, settings in item.items():
            if name in found or settings is None:
                raise ValueError(f'{name} is there twice, or has no settings')
            found[name] = settings
    return {**document, SERVICES: found}


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch that leads from one mapping to another (RFC 7396)."""
    edit: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        known = before.get(name)
        if name in before and known == value:
            continue
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        edit[name] = _difference(known, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return edit
