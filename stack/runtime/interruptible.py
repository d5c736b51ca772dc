"""A sleep that ends when the process is stopped."""

import asyncio


class Interrupted(Exception):
    """A wait was cut short, because the process is to end; what was waited for has not been done."""


class InterruptibleSleep:
    """`await sleep(seconds)`, until `stop` is set: then every wait ends at once with `Interrupted`."""

    def __init__(self, stop: asyncio.Event):
        self._stop = stop

    async def __call__(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
        raise Interrupted
