"""Ports: the values that adapters give, and the Protocols that use cases ask for.

`stack.aws.s3.Bucket` and `stack.aws.sqs.Queue` implement them. A use case names those that it needs; one that needs
several combines them in a Protocol of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar, overload


@dataclass(frozen=True)
class StoredObject:
    """One version of an object, with the number of its tags. `version` is None where the bucket keeps no versions."""

    body: bytes
    etag: str
    version: str | None
    modified: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: int = 0


class ListedObject(NamedTuple):
    """A line of a listing; one of a thousand, and a frozen dataclass takes twice as long to make."""

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
    """The answer of a conditional read whose caller has the newest content already."""


NOT_MODIFIED = NotModified()


@dataclass(frozen=True)
class Written:
    """A stored version. `is_latest` is false where another writer has stored over it, or deleted it, since."""

    etag: str
    version: str | None
    is_latest: bool = True


@dataclass(frozen=True)
class Received:
    """A message that is hidden from other consumers for a while; `handle` deletes it, or hides it for longer.

    `times` counts how often it has been received by now, `group` is its group in a FIFO queue.
    """

    id: str
    body: str
    handle: str
    times: int = 1
    group: str | None = None


@dataclass(frozen=True)
class ClusterStatus:
    """`status` is ECS's own word (ACTIVE, INACTIVE, …); `services` are the active ones, `running` counts tasks.

    `connect_default`: the default namespace of Service Connect, empty where there is none.
    """

    name: str
    status: str
    container_instances: int
    services: int
    running: int
    connect_default: str = ''
    arn: str = ''


@dataclass(frozen=True)
class PushedImage:
    """An image in an ECR repository."""

    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime


class Known(Protocol):
    """A version that a caller holds already."""

    @property
    def etag(self) -> str: ...

    @property
    def version(self) -> str | None: ...


class EcsClusterLister(Protocol):
    async def names(self) -> list[str]: ...
    async def describe(self, names: Sequence[str], /) -> list[ClusterStatus]: ...


Adapter_co = TypeVar('Adapter_co', covariant=True)


class PerCluster(Protocol[Adapter_co]):
    """Gives an adapter for the account and region of a cluster: see `stack.aws.accounts.Everywhere`."""

    async def of(self, cluster: str, /) -> Adapter_co: ...


class PerDesiredState(PerCluster[Adapter_co], Protocol[Adapter_co]):
    """Gives it also for a desired state that is not stored."""

    def planned(self, cluster: str, document: Any, /) -> Adapter_co: ...


class ObjectReader(Protocol):
    async def get(self, key: str, /) -> StoredObject | None: ...


class VersionReader(Protocol):
    """Reads any version of an object, or the newest one unless the caller knows it."""

    @overload
    async def get(self, key: str, /, *, version: str | None = None) -> StoredObject | None: ...
    @overload
    async def get(self, key: str, /, *, known: Known | None) -> StoredObject | NotModified | None: ...


class ObjectHeads(Protocol):
    async def head(self, key: str, /, *, version: str | None = None) -> StoredObject | None: ...


class ObjectWriter(Protocol):
    async def put(self, key: str, body: bytes, /, *, over: str | None) -> Written: ...


class MetadataWriter(Protocol):
    async def put(self, key: str, body: bytes, /, *, over: str | None, metadata: dict[str, str]) -> Written: ...


class ObjectReplacer(Protocol):
    async def replace(self, key: str, body: bytes, /) -> Written: ...


class ObjectDeleter(Protocol):
    async def delete(self, key: str, /, *, over: str | None = None) -> None: ...


class ObjectLister(Protocol):
    async def objects(
        self, *, prefix: str = '', delimiter: str = '', after: str | None = None, limit: int | None = None
    ) -> list[ListedObject]: ...


class VersionLister(Protocol):
    async def versions(self, key: str, /, *, limit: int = 1000, after: str | None = None) -> list[ListedVersion]: ...


class KeyLister(Protocol):
    async def ever_stored(self, *, delimiter: str) -> set[str]: ...


class VersionTagger(Protocol):
    async def tag_version(self, key: str, version: str | None, tags: dict[str, str], /) -> None: ...
    async def version_tags(self, key: str, version: str | None, /) -> dict[str, str]: ...
    async def may_tag(self) -> bool: ...


class ObjectStore(ObjectReader, ObjectWriter, Protocol):
    """Reads objects, and stores them on a condition."""


class MessageSender(Protocol):
    async def send(
        self, body: str, /, *, group: str, deduplication_id: str, attributes: Mapping[str, str] | None = None
    ) -> str: ...


class MessageConsumer(Protocol):
    async def receive(self, wait: int, hidden: int) -> list[Received]: ...
    async def delete(self, messages: Sequence[Received], /) -> None: ...


class WorkQueue(MessageConsumer, Protocol):
    """A queue whose messages can be kept for longer, with the queue of those that were given up."""

    async def hide(self, messages: Sequence[Received], seconds: int, /) -> None: ...
    async def dead_letters(self) -> MessageSender: ...
