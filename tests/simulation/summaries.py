"""The live channel for readers of summaries: replicas are restarted, and the new ones begin from what was persisted."""

import random
from dataclasses import replace
from functools import partial

from tests.simulation import channel
from tests.simulation.channel import BUSY_S, CLUSTERS, steps_of
from tests.simulation.plan import Plan, Step
from tests.simulation.servers import NAMES

NAME = 'summaries'
CLIENTS = {'summary': ('*',), 'page-summary': ('*',), 'some-summary': ('prod', 'st*')}
# What happens, and how often, compared with the others.
STEPS = {
    'change': 4,
    'create': 2,
    'remove': 1,
    'freeze': 1,
    'thaw': 1,
    'write': 4,
    'delete': 1,
    'ask': 1,
    'hang_up': 6,
    'slow': 2,
    'subscribe_again': 1,
    'fault': 4,
}

run = partial(channel.run, clients=CLIENTS)
judge = channel.judge


def make_plan(seed: str) -> Plan:
    """The plan of a seed."""
    rng = random.Random(seed)
    names = NAMES[: rng.choice((1, 1, 2))]
    steps = [Step(0.05, 'begin', {'cluster': cluster, 'tag': 't'}) for cluster in CLUSTERS if rng.random() < 0.9]
    for _ in range(rng.randint(1, 4)):
        steps += _restart(rng, names)
    for _ in range(rng.randint(0, 12)):
        do = rng.choices(list(STEPS), list(STEPS.values()))[0]
        steps += steps_of(rng, round(rng.uniform(0.5, BUSY_S - 1), 3), do, names, tuple(CLIENTS))
    steps.sort(key=lambda each: each.at)
    return Plan(NAME, seed, len(names), rng.choice((0.0, 0.2)), rng.choice((0.2, 1.0, 2.0)), tuple(steps))


def _restart(rng: random.Random, names: str) -> list[Step]:
    """A restart of a replica after some replica persisted its summaries.

    While one of the clusters cannot be read there, it may change, be summarised elsewhere, and have new subscribers.
    """
    at, replica, cluster = rng.uniform(2, BUSY_S - 5), rng.choice(names), rng.choice(CLUSTERS)
    again = at + rng.uniform(0.5, 1.5)
    steps = [
        Step(at, 'summarise', {'replica': rng.choice(names)}),
        Step(again - 0.1, 'kill', {'replica': replica}),
        Step(again, 'start', {'replica': replica}),
    ]
    for number in range(rng.choice((0, 1, 4, 8))):
        fault = {'operation': 'GetObject', 'key': cluster, 'kind': rng.choice(('refused', 'refused', 'late', 'slow'))}
        steps.append(Step(again + 0.01 * (number + 1), 'fault', {'replica': replica, **fault}))
    if rng.random() < 0.7:
        changed, tag = again + rng.uniform(0.2, 1.5), f't{rng.randrange(1000)}'
        steps += [
            Step(changed, 'write', {'cluster': cluster, 'tag': tag}),
            Step(changed + rng.uniform(0.5, 1.5), 'summarise', {'replica': rng.choice(names)}),
            Step(changed + rng.uniform(0.5, 2.5), 'hang_up', {'client': rng.choice(list(CLIENTS))}),
        ]
    return [replace(step, at=round(step.at, 3)) for step in steps]
