"""The messages for schedulers: those of the system that Nysa replaced, with keys added. See docs/api.md."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from stack.errors import StateUnreadable
from stack.stackfile.effective import services
from stack.state.revisions import Change, Revision

# The longest revision id that S3 gives is 1,024 bytes; a message's size is judged before the id is known.
REVISION_LIKE = '0' * 1024

GROUP_LIMIT = 128


@dataclass(frozen=True)
class Message:
    """`kind` is `deploy` or `destroy`, the latter of a `service`.

    The same message of the same write has the same `deduplication_id`. `hint` is the message without the desired state,
    which a scheduler reads from the bucket in any case.
    """

    kind: str
    body: str
    deduplication_id: str
    service: str | None = None
    hint: str = ''

    def within(self, most: int) -> str:
        """The body, or where it has more than so many bytes the hint; without a hint it is the body."""
        return self.body if not self.hint or len(self.body.encode()) <= most else self.hint


def messages_of(revision: Revision, callback_url: str | None, wanted: Revision | None = None) -> list[Message]:
    """The messages of a revision. A service in `wanted`, by default the revision itself, is not destroyed."""
    destroys = any(change.destroyed for change in revision.changes)
    return messages_about(
        revision.changes,
        revision.cluster,
        revision.id,
        revision.content,
        callback_url,
        revision.write_id or revision.id,
        names_of(wanted or revision) if destroys else (),
    )


def messages_about(
    changes: Sequence[Change],
    cluster: str,
    revision: str,
    body: bytes,
    callback_url: str | None,
    write_id: str = '',
    kept: Collection[str] = (),
) -> list[Message]:
    """One message for all that deploys, and one for each service that is destroyed and not `kept` after all."""
    deploys = [change for change in changes if change.announce == 'deploy']
    messages = []
    if deploys:
        envelope = _envelope('cluster-deploy', deploys, cluster, revision, callback_url)
        # The payload is the stored text, byte for byte.
        text = f'{json.dumps(envelope)[:-1]}, "payload": {body.decode(json.detect_encoding(body))}}}'
        hint = json.dumps({**envelope, 'payload': None})
        messages.append(Message('deploy', text, _deduplication_id(write_id), hint=hint))
    for change in changes:
        envelope = _envelope('service-destroy', [change], cluster, revision, callback_url)
        for service in change.destroyed:
            if service not in kept:
                text = json.dumps(envelope | {'service': service})
                messages.append(Message('destroy', text, _deduplication_id(write_id, service), service))
    return messages


def group_of(cluster: str) -> str:
    """The cluster's message group. SQS takes 128 characters, an ECS cluster's name may have 255."""
    return cluster if len(cluster) <= GROUP_LIMIT else hashlib.sha256(cluster.encode()).hexdigest()


def _envelope(
    event_type: str, changes: Sequence[Change], cluster: str, revision: str, callback_url: str | None
) -> dict[str, Any]:
    last = changes[-1]
    return {
        'event_type': event_type,
        'callback_url': callback_url,
        'cluster': cluster,
        'revision': revision,
        'requested_by': ', '.join(dict.fromkeys(change.origin.by for change in changes)),
        'requested_at': last.at.isoformat(),
        'message': last.origin.message or None,
    }


def names_of(revision: Revision) -> set[str]:
    """The services of a revision; none where its content cannot be read."""
    try:
        return {name for name, _ in services(revision.document)}
    except StateUnreadable:
        return set()


def _deduplication_id(*parts: str) -> str:
    return hashlib.sha256('\n'.join(parts).encode()).hexdigest()
