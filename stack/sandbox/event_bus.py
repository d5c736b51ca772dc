"""EventBridge with one rule: ECS's events go into one queue, if that queue exists.

It is fed under LOCK, by the calls and ticks of ECS that give rise to events.
"""

import json
from typing import Any

from moto.sqs.models import sqs_backends

from stack.sandbox.calls import Call
from stack.sandbox.faults import Faults
from stack.sandbox.serial import QUEUES_CHANGED

ECS_EVENTS_QUEUE = 'nysa-ecs-events'
# Older events are dropped: memory is bounded, and EventBridge has a retention period as well.
KEPT = 1000


class EventBus:
    """Events are sent twice where the fault `duplicate` is on for SQS; ReceiveMessage applies `shuffle`."""

    def __init__(self, account: str, faults: Faults):
        # The account of the queue; a rule of another account may send its events there.
        self.target = account
        self._faults = faults

    def put(self, event: dict[str, Any]) -> None:
        sqs = sqs_backends[self.target][event['region']]
        queue = sqs.queues.get(ECS_EVENTS_QUEUE)
        if queue is None:
            return
        body = json.dumps(event)
        verdict = self._faults.verdict(Call('sqs', 'SendMessage', event['region'], 'json'), body)
        for _ in range(2 if 'duplicate' in verdict.kinds else 1):
            sqs.send_message(ECS_EVENTS_QUEUE, body)
        del queue._messages[:-KEPT]
        QUEUES_CHANGED.notify_all()
