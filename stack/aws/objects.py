"""What S3 gives of objects: their content, their versions, and the lines of its listings."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class Known(Protocol):
    """A version that a caller holds already."""

    @property
    def etag(self) -> str: ...

    @property
    def version(self) -> str | None: ...


@dataclass(frozen=True)
class StoredObject:
    """One version of an object, with the number of its tags. `version` is None where the bucket keeps no versions."""

    body: bytes
    etag: str
    version: str | None
    modified: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    tags: int = 0


@dataclass(frozen=True)
class ListedObject:
    key: str
    etag: str
    modified: datetime


@dataclass(frozen=True)
class ListedVersion:
    """A line of an object's history. A version without content (`deleted`) marks a deletion."""

    key: str
    version: str | None
    etag: str | None
    modified: datetime
    is_latest: bool
    deleted: bool


class NotModified:
    """What a conditional read gives when the caller has the newest content already."""


NOT_MODIFIED = NotModified()


@dataclass(frozen=True)
class Written:
    """A version that is stored. `is_latest` is false where another writer has stored over it, or deleted it, since."""

    etag: str
    version: str | None
    is_latest: bool = True
