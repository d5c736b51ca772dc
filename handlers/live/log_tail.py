"""The log tails of one socket: batches of lines as frames, made once for all sockets that follow the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.live.frames import text_frame
from stack.errors import NysaError
from stack.live.event import error_event
from stack.live.subscriber import Outlet
from stack.telemetry.tail_topic import TailTopic
from stack.telemetry.tails import Batch


@dataclass(frozen=True, slots=True)
class _Frames:
    """The first message of a batch, which may get a count of dropped lines, and the frames of all others."""

    first: Mapping[str, Any]
    rest: bytes


class LogTail:
    """Sends batches to an outlet; `masks` is whether its caller gets lines in which secrets are masked."""

    def __init__(self, outlet: Outlet, *, masks: bool):
        self._outlet = outlet
        self._masks = masks
        self._dropped: dict[TailTopic, int] = {}

    def offer(self, batch: Batch) -> None:
        """Send a batch as one write; a reader that is behind gets a count of what it missed with the next one."""
        if self._masks not in batch.frames:
            batch.frames[self._masks] = self._encode(batch)
        frames = batch.frames[self._masks]
        dropped = self._dropped.get(batch.topic, 0) + batch.dropped
        first = {**frames.first, 'dropped': dropped} if dropped else frames.first
        if self._outlet.offer(_frame(first) + frames.rest):
            self._dropped.pop(batch.topic, None)
        else:
            self._dropped[batch.topic] = dropped + len(batch.lines)

    def failed(self, topic: TailTopic, error: NysaError) -> None:
        """Report that a tail ended."""
        details = [{'path': 'tail', 'message': f'{topic.cluster}/{topic.service}'}]
        self._outlet.offer(text_frame(error_event(error.code, error.message, details).text(not self._masks)))

    def _encode(self, batch: Batch) -> _Frames:
        head = {'type': 'log', 'cluster': batch.topic.cluster, 'service': batch.topic.service}
        first, *others = ({**head, **line.to_json(masks=self._masks)} for line in batch.lines)
        return _Frames(first, b''.join(map(_frame, others)))


def _frame(message: Mapping[str, Any]) -> bytes:
    return text_frame(json.dumps(message, ensure_ascii=False, separators=(',', ':')).encode('utf-8', 'replace'))
