"""Order of the lifecycle stages of a native deployment, and the traffic weights of its steps.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html and
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""

import itertools
from typing import NamedTuple

from stack.sandbox.ecs.model import Wire

RECONCILE, PRE_SCALE_UP, SCALE_UP, POST_SCALE_UP = 'RECONCILE_SERVICE', 'PRE_SCALE_UP', 'SCALE_UP', 'POST_SCALE_UP'
TEST_SHIFT, POST_TEST_SHIFT = 'TEST_TRAFFIC_SHIFT', 'POST_TEST_TRAFFIC_SHIFT'
PRE_SHIFT, SHIFT = 'PRE_PRODUCTION_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT'
POST_SHIFT, BAKE, CLEAN_UP = 'POST_PRODUCTION_TRAFFIC_SHIFT', 'BAKE_TIME', 'CLEAN_UP'
DONE = ''

ORDER = (
    RECONCILE,
    PRE_SCALE_UP,
    SCALE_UP,
    POST_SCALE_UP,
    TEST_SHIFT,
    POST_TEST_SHIFT,
    PRE_SHIFT,
    SHIFT,
    POST_SHIFT,
    BAKE,
    CLEAN_UP,
)
# A rollback brings production traffic back before anything else.
BACK = (SCALE_UP, SHIFT, TEST_SHIFT, CLEAN_UP)
NATIVE = ('BLUE_GREEN', 'LINEAR', 'CANARY')
MINUTE = 60.0
WHOLE = 100.0


class Step(NamedTuple):
    """One step of production traffic: the percentage for the new revision afterwards, and its bake time in seconds."""

    percent: float
    bake: float


def is_native(configuration: Wire) -> bool:
    return configuration.get('strategy') in NATIVE


def steps(configuration: Wire, first: bool) -> list[Step]:
    """The steps of production traffic. A first deployment has no traffic to divide, and so one step; AWS does not
    document which ones it takes."""
    strategy = configuration['strategy']
    if first or strategy == 'BLUE_GREEN':
        return [Step(WHOLE, 0.0)]
    if strategy == 'CANARY':
        canary = configuration['canaryConfiguration']
        return [Step(canary['canaryPercent'], canary['canaryBakeTimeInMinutes'] * MINUTE), Step(WHOLE, 0.0)]
    linear = configuration['linearConfiguration']
    size, bake = linear['stepPercent'], linear['stepBakeTimeInMinutes'] * MINUTE
    shares = itertools.takewhile(lambda share: share < 100, (round(size * number, 1) for number in itertools.count(1)))
    return [*(Step(share, bake) for share in shares), Step(WHOLE, 0.0)]


def following(stage: str, steps_left: int) -> str:
    """The stage after one of a deployment that goes forward; `DONE` after the last."""
    if stage == SHIFT and steps_left:
        return PRE_SHIFT
    return DONE if stage == CLEAN_UP else ORDER[ORDER.index(stage) + 1]


class Weights(NamedTuple):
    """The percentages of traffic that a rollback has to bring back."""

    production: float
    test: float


def way_back(stage: str, weights: Weights, tasks_missing: int) -> str:
    """The stage of a rollback after `stage`, `DONE` after the last: tasks of the source only where some are missing,
    traffic only where it was shifted. A stage that is not one of a rollback has the first one after it."""
    needed = {SCALE_UP: tasks_missing, SHIFT: weights.production, TEST_SHIFT: weights.test, CLEAN_UP: 1}
    return next((each for each in BACK[BACK.index(stage) + 1 if stage in BACK else 0 :] if needed[each] > 0), DONE)


class Counts(NamedTuple):
    """The numbers of tasks that are wanted: of the revision that is rolled out, and of the one that it replaces."""

    target: int
    source: int


def counts(stage: str, backward: bool, desired: int, target_tasks: int) -> Counts:
    """`target_tasks`: those that the target has; a rollback starts none."""
    if backward:
        return Counts(0 if stage == CLEAN_UP else min(target_tasks, desired), desired)
    scaled = ORDER.index(stage) >= ORDER.index(SCALE_UP)
    return Counts(desired if scaled else 0, 0 if stage == CLEAN_UP else desired)
