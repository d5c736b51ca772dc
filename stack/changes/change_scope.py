"""The check of a change against the scope of its author: every service that it concerns must be within."""

from collections.abc import Mapping
from typing import Any

from stack.state.revisions import REMOVAL, Change

# These concern every service of the cluster.
WHOLE_CLUSTER = frozenset({'adopt', 'create', 'deploy', 'freeze', 'restore', 'thaw', REMOVAL})


def check_scope(change: Change, before: Any, after: Any) -> None:
    """Raise `AccessDenied` where a change of a document concerns services outside the scope of its author."""
    if not change.scope.is_everything:
        change.scope.check(concerned(change, before, after))


def concerned(change: Change, before: Any, after: Any) -> set[str]:
    """The services that a change concerns: named, changed or destroyed by it.

    A change outside `services`, as of `defaults`, concerns all of them.
    """
    old, new = Parts(before), Parts(after)
    names = old.services.keys() | new.services.keys()
    if change.verb in WHOLE_CLUSTER or old.rest != new.rest:
        return names | _named(change)
    return {name for name in names if old.services.get(name) != new.services.get(name)} | _named(change)


def _named(change: Change) -> set[str]:
    listed = change.did.get('services', ())
    service = change.did.get('service')
    return {*change.destroyed, *map(str, listed), *([str(service)] if service is not None else [])}


class Parts:
    """A document's services, each with all its entries of that name, and everything else."""

    def __init__(self, document: Any):
        self.services: dict[str, list[Any]] = {}
        self.rest: list[Any] = []
        if not isinstance(document, Mapping):
            self.rest = [document] if document else []
            return
        listed = document.get('services')
        self.rest = [{key: value for key, value in document.items() if key != 'services'}]
        for item in listed if isinstance(listed, list) else []:
            if not isinstance(item, Mapping):
                self.rest.append(item)
                continue
            for name, settings in item.items():
                self.services.setdefault(str(name), []).append(settings)
