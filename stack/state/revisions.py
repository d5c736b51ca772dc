"""Revisions of a desired state, each with the record of its changes.

The record is in the S3 object's own metadata, so that content and record are stored in one write. S3 accepts ASCII only
there, 2 KB in all (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html): it is one line of JSON
under `nysa-changes`, with everything beyond ASCII escaped, beside the write's own id under `nysa-write`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

from stack.access.scope import EVERY_SERVICE, ServiceScope
from stack.configuration.accounts import KEYS
from stack.errors import InvalidRequest, StateUnreadable, TooLarge
from stack.state.revision_chain import ROOM as LINK_ROOM
from stack.state.revision_chain import next_link

METADATA_LIMIT = 2048
# The room for one change's own message beside everything else.
MESSAGE_LIMIT = 1024
WHO_LIMIT = 128
SOURCE_LIMIT = 200

# S3's version id of an object that was stored while the bucket kept no versions.
UNVERSIONED = 'null'

WRITE_KEY = 'nysa-write'
CHANGES_KEY = 'nysa-changes'
GUARDS_KEY = 'nysa-guards'
# The last change of the desired state, in revisions that changed its guards alone.
LAST_CHANGE_KEY = 'nysa-last-change'

# Verbs that change the guards, and neither the desired state nor what runs.
GUARD_VERBS = frozenset({'freeze', 'thaw', 'release'})

# The verb of the last change before a cluster's object is deleted.
REMOVAL = 'remove cluster'
# The verbs of changes that need no desired state before them: they are made over one that cannot be read.
REPLACING = frozenset({'replace', 'rollback', REMOVAL})

# The room for the side effects of one change in its record: their number, and their bytes.
ALSO_MOST = 8
ALSO_LIMIT = 400

# Up to this many bytes a desired state is small. So many small and large ones stay parsed, which takes some ten times
# as much memory as their bytes: those of a thousand clusters would fill it.
SMALL = 64 * 1024
SMALL_KEPT, LARGE_KEPT = 64, 8

# As long as the id of a write, or of guards.
ID_LIKE = '0' * 32


@dataclass(frozen=True)
class Origin:
    """Who asks for a change, why, and from where; `subject` is the account of a person who signed in at a provider."""

    by: str
    source: str
    message: str = ''
    subject: str = ''

    def __post_init__(self) -> None:
        for what, limit in (('message', MESSAGE_LIMIT), ('by', WHO_LIMIT), ('source', SOURCE_LIMIT)):
            check_length(what, getattr(self, what), limit)


def check_length(what: str, text: str, limit: int) -> None:
    """Raise `InvalidRequest` for text that takes more than `limit` bytes of a record."""
    taken = len(json.dumps(text)) - 2
    if taken > limit:
        raise InvalidRequest(
            f'The {what} is too long: it takes {taken} bytes of {limit} (everything beyond ASCII takes 6).',
            [{'path': what, 'message': f'at most {limit} bytes'}],
        )


@dataclass(frozen=True)
class Change:
    """One accepted change. `did` describes it, as `{"verb": "set", "service": …, "image_tag": …}`.

    `announce` is the message that schedulers get: `deploy`, `destroy` (of the service in `did`), or none (None).
    `override` is the reason for which it was made although the cluster was frozen. `also` are its side effects as
    `{"service", "path", "effect"}`, and `also_more` is how many more there were. `approved` is the proposal that it
    carries out, as `{"proposal": id, "by": names}`; None without one. `scope` are the services that its author may
    change, and `may_interrupt` is whether requests may fail meanwhile; both are checked and not recorded.
    """

    origin: Origin
    at: datetime
    did: Mapping[str, Any]
    announce: str | None = 'deploy'
    override: str | None = None
    also: tuple[Mapping[str, Any], ...] = ()
    also_more: int = 0
    approved: Mapping[str, Any] | None = None
    scope: ServiceScope = field(default=EVERY_SERVICE, compare=False)
    may_interrupt: bool = field(default=True, compare=False)

    @property
    def verb(self) -> str:
        """The kind of the change; empty where another release recorded none."""
        return str(self.did.get('verb', ''))

    @property
    def destroyed(self) -> tuple[str, ...]:
        """The services that schedulers are to destroy."""
        if self.announce is None:
            return ()
        return (self.did['service'],) if self.announce == 'destroy' else tuple(self.did.get('destroyed', ()))

    def beside(self, effects: Sequence[Mapping[str, Any]]) -> 'Change':
        """The change with side effects, as many as a record has room for."""
        kept = list(effects[:ALSO_MOST])
        while kept and len(json.dumps(kept)) > ALSO_LIMIT:
            kept.pop()
        return replace(self, also=tuple(kept), also_more=len(effects) - len(kept))

    def effects_json(self) -> dict[str, Any]:
        """The side effects as records and answers have them; no keys without any."""
        record: dict[str, Any] = {'also': [dict(effect) for effect in self.also]} if self.also or self.also_more else {}
        return record | ({'also_more': self.also_more} if self.also_more else {})

    @property
    def replaces(self) -> bool:
        """Whether it needs no desired state before it."""
        return self.verb in REPLACING

    def to_json(self) -> dict[str, Any]:
        record: dict[str, Any] = {'at': self.at.astimezone(UTC).isoformat(timespec='milliseconds')}
        record |= {'by': self.origin.by, 'source': self.origin.source}
        if self.origin.subject:
            record['subject'] = self.origin.subject
        if self.origin.message:
            record['message'] = self.origin.message
        if self.override:
            record['override'] = self.override
        if self.approved:
            record['approved'] = dict(self.approved)
        return record | {'did': dict(self.did), 'announce': self.announce} | self.effects_json()


def seal(write_id: str) -> bytes:
    """White space at the end of a write's content, which gives each write an ETag of its own.

    S3's conditions compare ETags, which depend on the content alone. With the seal a condition that is met proves which
    revision is stored, not only which content: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    number = int.from_bytes(hashlib.sha256(write_id.encode()).digest()[:4])
    return b'\n' + f'{number:032b}'.replace('0', ' ').replace('1', '\t').encode()


def encode(
    write_id: str, changes: Sequence[Change], guards: str = '', base: 'Revision | None' = None
) -> dict[str, str]:
    """The metadata that records the changes of one write, and the id of the guards that it passed, if there were any.

    It has the link to the revision `base`, over which it is stored. Where they change guards alone, it keeps the last
    change of `base`, so that no reader has to look for it.

    Raises `TooLarge` where S3 would refuse it.
    """
    link = next_link(base)
    metadata = _metadata(write_id, changes, guards) | link
    if size(metadata) > METADATA_LIMIT:
        # A record without its side effects is better than a refused change.
        metadata = _metadata(write_id, [replace(change, also=(), also_more=0) for change in changes], guards) | link
    if size(metadata) > METADATA_LIMIT:
        raise TooLarge(
            f'The record of the change takes {size(metadata):,} bytes, S3 takes {METADATA_LIMIT:,}: give a shorter '
            'message, or change or destroy fewer services at once. Nothing was stored.'
        )
    return metadata | (_kept(base, METADATA_LIMIT - size(metadata)) if base and of_guards(changes) else {})


def of_guards(changes: Sequence[Change]) -> bool:
    """Whether these are changes of guards, and nothing else."""
    return bool(changes) and all(change.verb in GUARD_VERBS for change in changes)


def _kept(base: 'Revision', room: int) -> dict[str, str]:
    """The last change of a revision within `room` bytes: without its message where that is too long, or not at all."""
    last = base.last_change()
    for kept in (last, last | {'message': None}):
        metadata = {LAST_CHANGE_KEY: json.dumps(kept, separators=(',', ':'))}
        if size(metadata) <= room:
            return metadata
    return {}


def room(changes: Sequence[Change]) -> int:
    """The bytes that are left for further changes beside these; below 0 where these are too many."""
    return METADATA_LIMIT - LINK_ROOM - size(_metadata(ID_LIKE, changes, ID_LIKE))


def size(metadata: Mapping[str, str]) -> int:
    """Bytes as S3 counts them: the names and the values of all user metadata."""
    return sum(len(name) + len(value) for name, value in metadata.items())


def _metadata(write_id: str, changes: Sequence[Change], guards: str) -> dict[str, str]:
    records = [change.to_json() for change in changes]
    metadata = {WRITE_KEY: write_id, CHANGES_KEY: json.dumps(records, separators=(',', ':'))}
    return metadata | ({GUARDS_KEY: guards} if guards else {})


def decode(metadata: Mapping[str, str]) -> tuple[Change, ...]:
    """The changes that a version's metadata records; none where another program wrote it."""
    try:
        return tuple(_change(record) for record in json.loads(metadata.get(CHANGES_KEY, '[]')))
    except (ValueError, KeyError, TypeError, InvalidRequest):
        return ()


def _change(record: Mapping[str, Any]) -> Change:
    origin = Origin(record['by'], record['source'], record.get('message', ''), record.get('subject', ''))
    at = datetime.fromisoformat(record['at'])
    also, more = tuple(record.get('also', ())), int(record.get('also_more', 0))
    override, approved = record.get('override'), record.get('approved')
    return Change(origin, at, record['did'], record.get('announce'), override, also, more, approved)


@dataclass(frozen=True)
class Revision:
    """One accepted version of a cluster's desired state, as it was read."""

    cluster: str
    etag: str
    version: str | None
    body: bytes
    stored_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    # How many tags it had when it was read; None for what this process wrote itself.
    tags: int | None = None

    @property
    def id(self) -> str:
        """S3's version id; where the bucket keeps no versions, the content's ETag. Opaque either way."""
        return self.version or self.etag.strip('"')

    @property
    def body_hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def key(self) -> tuple[str, str]:
        """The cluster and the write: unique even where the same content returns in a bucket without versions."""
        return self.cluster, self.write_id or self.id

    @property
    def content(self) -> bytes:
        """The desired state in UTF-8, without the seal of its write; the stored bytes where they are no text."""
        if self.write_id:
            return self.body.rstrip()
        try:
            return self.body.decode(json.detect_encoding(self.body)).encode()
        except UnicodeDecodeError:
            return self.body

    @property
    def document(self) -> dict[str, Any]:
        """The desired state, not to be changed. Raises `StateUnreadable` where what is stored is not a JSON object."""
        document = _small(self.body) if len(self.body) <= SMALL else _large(self.body)
        if not isinstance(document, dict):
            raise StateUnreadable(f'{self._not_json}; nothing was changed.')
        return document

    @cached_property
    def unreadable(self) -> str | None:
        """Why what is stored is no desired state, a sentence; None where it is one."""
        try:
            _ = self.document
        except StateUnreadable:
            return f'{self._not_json}.'
        return None

    @property
    def _not_json(self) -> str:
        return f'What is stored for {self.cluster} is not a JSON object'

    @property
    def document_or_empty(self) -> dict[str, Any]:
        """The desired state, for a change that replaces it: an empty one where it cannot be read."""
        return {'services': []} if self.unreadable else self.document

    @cached_property
    def placing(self) -> dict[str, Any]:
        """What it states of its account, region and name in ECS: each call of AWS asks for it."""
        return {key: value for key, value in self.document_or_empty.items() if key in KEYS}

    @property
    def write_id(self) -> str | None:
        """The id of the write that made it; None where another program did."""
        return self.metadata.get(WRITE_KEY)

    @property
    def wants_announcing(self) -> bool:
        """Whether schedulers are to be notified of it."""
        return any(change.announce for change in self.changes)

    @property
    def is_removal(self) -> bool:
        """Whether it records that the cluster is removed: the next process that reads it deletes the object."""
        return any(change.verb == REMOVAL for change in self.changes)

    @property
    def deploys(self) -> bool:
        """Whether one of its messages is to deploy it, rather than to destroy services alone."""
        return any(change.announce == 'deploy' for change in self.changes)

    @property
    def is_silent(self) -> bool:
        """Whether it was stored without notifying schedulers. Other programs notify schedulers of their own writes."""
        return bool(self.changes) and not self.wants_announcing

    @property
    def owed(self) -> bool:
        """Whether it had no mark of an announcement when it was read: its writer may have died before announcing it."""
        return self.tags == 0 and self.wants_announcing

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        return decode(self.metadata)

    @property
    def changed_at(self) -> datetime:
        return self.changes[-1].at if self.changes else self.stored_at

    def last_change(self) -> dict[str, Any]:
        """The summary of the newest revision, up to this one, that changed more than guards."""
        try:
            kept = json.loads(self.metadata[LAST_CHANGE_KEY])
        except (KeyError, ValueError):
            return self.summary()
        return kept if isinstance(kept, dict) and kept.keys() == self.summary().keys() else self.summary()

    def summary(self) -> dict[str, Any]:
        """Who, when, why and from where, as the API shows it; `by` is null where another program wrote it."""
        last = self.changes[-1].origin if self.changes else None
        return {
            'revision': self.id,
            'changed_at': self.changed_at.astimezone(UTC).isoformat(),
            'by': last.by if last else None,
            'message': (last and last.message) or None,
            'source': last.source if last else 'external',
        }


def _parsed(body: bytes) -> Any:
    """The value of a JSON text; None for any other."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


_small, _large = lru_cache(SMALL_KEPT)(_parsed), lru_cache(LARGE_KEPT)(_parsed)
