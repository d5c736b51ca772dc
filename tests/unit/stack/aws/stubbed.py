"""AWS's answers word for word, where the embedded AWS is looser than AWS: botocore's Stubber checks both sides."""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any

from botocore.stub import Stubber

from stack.aws.connection import Connection
from stack.aws.paced import PacedConnection

KEYS = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test', 'region_name': 'us-east-1'}


@contextlib.contextmanager
def stubbed(service: str, region: str | None = None) -> Iterator[tuple[PacedConnection, Stubber]]:
    """A connection whose client of that service gives the answers that are put into the stubber, in order."""
    with contextlib.closing(Connection(threads=1, **KEYS)) as connection:
        stubber = Stubber(connection.client(service, region))
        with stubber:
            yield PacedConnection(connection), stubber
        stubber.assert_no_pending_responses()


def run(asked: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asked)
