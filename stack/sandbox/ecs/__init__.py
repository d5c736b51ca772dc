"""Emulator of ECS at its wire protocol: services roll out, fail, roll back and drain.

`Ecs` is the entry point, `wsgi` its HTTP interface, `Ticker` its background clock. moto serves the other services.
`docs/embedded-ecs.md` describes what is emulated and what is not.
"""

from stack.sandbox.ecs.clock import Clock, ManualClock, RealClock, Ticker
from stack.sandbox.ecs.ecs import Ecs
from stack.sandbox.ecs.errors import EcsError
from stack.sandbox.ecs.ports import Ports
from stack.sandbox.ecs.wire import wsgi
from stack.sandbox.ecs.world import Timings

__all__ = [
    'Clock',
    'Ecs',
    'EcsError',
    'ManualClock',
    'Ports',
    'RealClock',
    'Ticker',
    'Timings',
    'wsgi',
]
