"""The services of a desired state, a row each; an imperfect old document gives what it can."""

from typing import Any

from stack.stackfile.effective import services
from stack.stackfile.images import tag_of


def service_rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Name, image and desired count of each service, in the document's order. The count is always a number."""
    return [_row(name, settings) for name, settings in services(document)]


def _row(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    image = settings.get('image')
    count = settings.get('desired_count')
    return {
        'name': name,
        'image': image,
        'image_tag': tag_of(image) if isinstance(image, str) else None,
        'desired_count': count if isinstance(count, int) and not isinstance(count, bool) else 1,
    }
