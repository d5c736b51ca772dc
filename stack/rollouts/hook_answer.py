"""The answer of a person to a paused deployment, as an object in the bucket that a scheduler carries out. Pure."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from stack.runtime.moments import stamp

PREFIX = 'hook-answers/'

Action = Literal['continue', 'rollback']


@dataclass(frozen=True)
class HookAnswer:
    """`deployment` is the service deployment by its ARN, `hook` ECS's id of the pause, new at each.

    `refused` is AWS's message where it refused the call.
    """

    cluster: str
    service: str
    deployment: str
    hook: str
    action: Action
    by: str
    at: str
    reason: str
    refused: str | None = None

    @property
    def key(self) -> str:
        digest = hashlib.sha256(f'{self.deployment} {self.hook}'.encode()).hexdigest()[:32]
        return f'{PREFIX}{self.cluster}/{self.service}/{digest}'

    @property
    def age_from(self) -> datetime:
        return datetime.fromisoformat(self.at)

    def dump(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    def to_json(self, state: Literal['requested', 'done'], message: str) -> dict[str, Any]:
        """The answer as the API shows it."""
        return {
            'cluster': self.cluster,
            'service': self.service,
            'deployment': self.deployment,
            'hook': self.hook,
            'action': self.action,
            'state': state,
            'by': self.by,
            'at': stamp(self.age_from),
            'message': message,
        }


def read_answer(body: bytes) -> HookAnswer:
    """What `dump` made. Raises ValueError or TypeError for anything else."""
    return HookAnswer(**json.loads(body))
