"""Steps whose call is repeated, and the question whether they may."""

import asyncio
from typing import Any

from stack.errors import AwsFailed
from stack.reconcile.plan import Plan, Step
from stack.scheduler.lease import MARGIN_S, TERM_S, Lease
from stack.scheduler.reconciler import Reconciler
from tests.turned_time import TurnedTime


def test_a_step_that_waits_makes_no_call_once_another_may_have_the_lease():
    time = TurnedTime()
    lease = Lease('prod', 1, '"etag"', time.now - (TERM_S - MARGIN_S) + 1, time.clock)
    calls: list[float] = []

    async def refuse(service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        calls.append(time.now)
        raise AwsFailed('It is in use.', f'{service}:{operation}', 'ResourceInUse')

    step = Step('step', 'elbv2:DeleteTargetGroup', 'web', 'delete it', {}, not_yet=('ResourceInUse',))
    reconciler = Reconciler(None, refuse, clock=time.clock, sleep=time.sleep)
    outcome = asyncio.run(reconciler.apply(Plan('prod', steps=(step,)), goes_on=lambda: lease.holds))
    assert [progress.state for progress in outcome.ended.values()] == ['left']
    assert len(calls) == 1
