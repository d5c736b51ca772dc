"""An ECS of our own, at the level of the wire: services roll out, fail, roll back, drain and are forgotten.

It stands beside moto behind the sandbox's endpoint. `Ecs` is the whole of it, `wsgi` its HTTP, `Ticker` what moves it
by itself; `docs/embedded-ecs.md` says what it does and what it leaves out.
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
