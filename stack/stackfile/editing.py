"""Edits of a desired state: every function returns a new document and leaves the rest unchanged.

The stored document need not be valid.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from voluptuous import Invalid

from stack.errors import InvalidRequest, NotFound, Unprocessable
from stack.stackfile.effective import service_items
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.images import ImageReference
from stack.stackfile.restarts import next_restart

_DESIRED_COUNT = next(e.shape for e in entries(ServiceSettings) if e.name == 'desired_count')


@dataclass(frozen=True)
class Edit:
    """The changes of one service; None leaves a value unchanged. `restart` is the time of a restart."""

    image_tag: str | None = None
    desired_count: int | None = None
    restart: datetime | None = None


_UNCHANGED = Edit()

# By the value of `controller`: what drives the deployments.
_OTHER_CONTROLLERS = {'code_deploy': 'AWS CodeDeploy', 'external': 'An external controller'}
# The settings of such a service that Nysa carries out, or that concern Nysa alone.
_WITHOUT_DEPLOYMENT = {
    'approvals',
    'autoscaled',
    'autoscaling',
    'controller',
    'desired_count',
    'ignore',
    'tags',
    'undeclared',
}


def change_services(document: dict[str, Any], edits: Mapping[str, Edit | None], where: str = '') -> dict[str, Any]:
    """The document with these services changed, all or none; None removes a service.

    Raises NotFound for a service that does not exist, InvalidRequest for an invalid tag or count (its path begins with
    `where`, in which `{}` is the service), and Unprocessable where a service has no image for a tag, or
    where another program deploys it.
    """
    items = service_items(document)
    places = [place for place, item in enumerate(items) if isinstance(item, dict) and not edits.keys().isdisjoint(item)]
    absent = edits.keys() - {name for place in places for name in items[place]}
    if absent:
        named = ', '.join(repr(name) for name in edits if name in absent)
        raise NotFound(f'There is no service {named} in the desired state.')
    changed = list(items)
    for place in places:
        left = {name: raw for name, raw in items[place].items() if edits.get(name, _UNCHANGED) is not None}
        changed[place] = {
            name: _edited(name, raw, edits.get(name, _UNCHANGED), where.format(name)) for name, raw in left.items()
        }
    return {**document, 'services': [item for item in changed if item != {}]}


def put_service(document: dict[str, Any], name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The document with the settings of a service replaced in place, or with a new service at the end."""
    listed = document.get('services')
    items = list(listed) if isinstance(listed, list) else []
    place = next((i for i, item in enumerate(items) if isinstance(item, dict) and name in item), None)
    if place is None:
        items.append({name: settings})
    else:
        items[place] = {**items[place], name: settings}
    return {**document, 'services': items}


def check_deployable(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise `Unprocessable` for new settings that only a deployment applies, where another program deploys the service.

    Settings that give the service another `controller` are not refused.
    """
    if before.get('controller') != after.get('controller'):
        return
    absent = object()
    changed = {key for key in {*before, *after} if before.get(key, absent) != after.get(key, absent)}
    if refused := sorted(changed - _WITHOUT_DEPLOYMENT):
        _check_controller(name, after, f'change {", ".join(refused)} there')


def change_service(document: dict[str, Any], name: str, **values: Any) -> dict[str, Any]:
    """The document with one service changed; see `change_services`."""
    return change_services(document, {name: Edit(**values)})


def remove_service(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The document without the service; raises NotFound where it does not exist."""
    return change_services(document, {name: None})


def _edited(name: str, raw: Any, edit: Edit | None, where: str) -> Any:
    changes: dict[str, Any] = {}
    settings = raw if isinstance(raw, dict) else {}
    if edit is None:
        return raw
    if edit.image_tag is not None or edit.restart is not None:
        _check_controller(name, settings, 'deploy or restart it there')
    if edit.image_tag is not None:
        changes['image'] = _tagged(name, settings, edit.image_tag, where)
    if edit.desired_count is not None:
        try:
            changes['desired_count'] = _DESIRED_COUNT.check(edit.desired_count)
        except Invalid as e:
            raise _refused(f'{where}desired_count', e.error_message) from None
    if edit.restart is not None:
        changes['restarted_at'] = next_restart(settings.get('restarted_at'), edit.restart)
    return {**settings, **changes} if changes else raw


def _check_controller(name: str, settings: Mapping[str, Any], instead: str) -> None:
    """Raise `Unprocessable` for a service whose deployments another program drives; `instead` is what to do.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentController.html
    """
    controller = settings.get('controller')
    if controller in _OTHER_CONTROLLERS:
        raise Unprocessable(
            f'{_OTHER_CONTROLLERS[controller]} deploys the service {name!r}: {instead}. '
            'Nysa changes its desired_count, autoscaling and tags only.'
        )


def _tagged(name: str, settings: Mapping[str, Any], tag: Any, where: str) -> str:
    image = settings.get('image')
    if not isinstance(image, str) or not image:
        raise Unprocessable(f'The service {name!r} has no image that could be given a tag.')
    if not isinstance(tag, str):
        raise _refused(f'{where}image_tag', f'expected text (in YAML, in quotes); found {json.dumps(tag)[:60]}')
    try:
        return str(ImageReference.split(image).with_tag(tag))
    except InvalidRequest as e:
        raise _refused(f'{where}image_tag', e.message) from None


def _refused(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f'{field}: {message}', [{'path': field, 'message': message}])
