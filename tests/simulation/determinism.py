"""Clocks, random numbers and ids that a seed decides, in place of those of the standard library.

`install` must run before the product is imported: default arguments such as `clock=time.monotonic` are bound then.
"""

import asyncio
import datetime
import random
import time
import uuid
from typing import Any

_REAL_DATETIME = datetime.datetime
_REAL_MONOTONIC = time.monotonic
EPOCH = _REAL_DATETIME(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=datetime.UTC)


class _AnyDatetime(type):
    """Has `isinstance` accept the moments that were made by the real class."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _REAL_DATETIME)


class SimulatedDatetime(_REAL_DATETIME, metaclass=_AnyDatetime):
    """`datetime`, whose `now` is that of the simulated process that asks."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]  a plain moment
        loop = asyncio.get_running_loop()
        return moment(loop.time() + getattr(loop, 'skew', 0.0)).astimezone(tz)


def moment(seconds: float) -> datetime.datetime:
    """The time of day at so many simulated seconds."""
    return EPOCH + datetime.timedelta(seconds=seconds)


def install() -> None:
    """Replace the clocks and the ids of this process, for good."""
    datetime.datetime = SimulatedDatetime  # type: ignore[misc]  for those who import it from here on
    time.monotonic = _monotonic
    uuid.uuid4 = _uuid4


def _monotonic() -> float:
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return _REAL_MONOTONIC()


def _uuid4() -> uuid.UUID:
    return uuid.UUID(int=random.getrandbits(128), version=4)
