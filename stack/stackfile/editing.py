"""Edits of a desired state: each gives a new document, and leaves everything that it does not change as it was.

They work on documents as they are stored, perfect or not.
"""

import json
from typing import Any

from voluptuous import Invalid

from stack.errors import InvalidRequest, NotFound, Unprocessable
from stack.images import ImageReference
from stack.stackfile.effective import services
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings

_DESIRED_COUNT = next(e.shape for e in entries(ServiceSettings) if e.name == 'desired_count')


def change_service(
    document: dict[str, Any], name: str, *, image_tag: str | None = None, desired_count: int | None = None
) -> dict[str, Any]:
    """The document with another image tag, or another count, for one service; None leaves either alone.

    Raises NotFound where there is no such service, InvalidRequest for a tag or count that cannot be, and
    Unprocessable where the stored service has no image that could be given a tag.
    """
    changes: dict[str, Any] = {}
    if desired_count is not None:
        try:
            changes['desired_count'] = _DESIRED_COUNT.check(desired_count)
        except Invalid as e:
            raise _refused('desired_count', e.error_message) from None

    def changed(raw: Any) -> Any:
        image = {} if image_tag is None else {'image': _tagged(name, raw, image_tag)}
        if isinstance(raw, dict):
            return {**raw, **image, **changes}
        return changes or raw

    return _with_service(document, name, lambda item: {k: changed(v) if k == name else v for k, v in item.items()})


def remove_service(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The document without that service; raises NotFound where it has none of that name."""
    return _with_service(document, name, lambda item: {k: v for k, v in item.items() if k != name})


def _tagged(name: str, raw: Any, tag: Any) -> str:
    image = raw.get('image') if isinstance(raw, dict) else None
    if not isinstance(image, str) or not image:
        raise Unprocessable(f'The service {name!r} has no image that could be given a tag.')
    if not isinstance(tag, str):
        raise _refused('image_tag', f'expected text (in YAML, in quotes); found {json.dumps(tag)[:60]}')
    try:
        return str(ImageReference.split(image).with_tag(tag))
    except InvalidRequest as e:
        raise _refused('image_tag', e.message) from None


def _refused(field: str, said: str) -> InvalidRequest:
    return InvalidRequest(f'{field}: {said}', [{'path': field, 'message': said}])


def _with_service(document: dict[str, Any], name: str, edit: Any) -> dict[str, Any]:
    """The document, each of its items that has the service edited; an item of which nothing is left goes."""
    if name not in dict(services(document)):
        raise NotFound(f'There is no service {name!r} in the desired state.')
    edited = (edit(item) if isinstance(item, dict) and name in item else item for item in document['services'])
    return {**document, 'services': [item for item in edited if item != {}]}
