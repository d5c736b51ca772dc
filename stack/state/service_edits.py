"""Edits of services in a desired state; everything else in the document stays as it was."""

from collections.abc import Mapping
from typing import Any

from stack.stackfile.effective import services

Document = dict[str, Any]


def settings_of(document: Any, name: str) -> dict[str, Any] | None:
    """A service's own settings as they are written; None where there is no such service."""
    return next((settings for each, settings in services(document) if each == name), None)


def with_service(document: Document, name: str, settings: Mapping[str, Any]) -> Document:
    """The document with a service as given: in its place, or at the end where it was not there."""
    listed = document.get('services')
    items = listed if isinstance(listed, list) else []
    found = any(isinstance(item, dict) and name in item for item in items)
    changed = [{**item, name: settings} if isinstance(item, dict) and name in item else item for item in items]
    return {**document, 'services': changed if found else [*items, {name: settings}]}


def with_images(document: Document, images: Mapping[str, str]) -> Document:
    """The document with other images for some of its services."""
    for name, image in images.items():
        settings = settings_of(document, name)
        if settings is not None:
            document = with_service(document, name, {**settings, 'image': image})
    return document


def without_restarts(document: Document) -> Document:
    """The document as if no service had ever been restarted."""
    for name, settings in services(document):
        if 'restarted_at' in settings:
            kept = {key: value for key, value in settings.items() if key != 'restarted_at'}
            document = with_service(document, name, kept)
    return document
