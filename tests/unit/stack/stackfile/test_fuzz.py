"""Whole stackfiles that are nearly right, through everything that reads one: nothing fails, whatever was accepted.

`pytest tests/unit/stack/stackfile/test_fuzz.py --documents=30000`, or `make fuzz`, tries as many as that.
"""

import random
from typing import Any

from stack.reconcile.planner import plan
from stack.reconcile.wanted import wanted_services
from stack.rollouts.drift import service_drift
from stack.stackfile import effective
from stack.stackfile.check import check
from stack.stackfile.normal_form import normalised
from stack.stackfile.task_definition import register_arguments
from stack.state.diff import difference
from stack.state.service_rows import service_rows
from tests.unit.stack.reconcile.settled import CLUSTER, settled
from tests.unit.stack.reconcile.settled import example as example_of_plans
from tests.unit.stack.stackfile.examples import balanced, example, with_vpc
from tests.unit.stack.stackfile.mutation import mutated

RICH = with_vpc(
    {
        'services': [
            {
                'api': {
                    'image': 'team/api:1',
                    'launch_type': 'FARGATE',
                    'cpu': 256,
                    'memory': 512,
                    'task_execution_role_arn': 'execution',
                    'secrets': [{'KEY': '/api/key'}],
                    'command': ['run', '--all'],
                    'healthcheck': {'command': 'curl localhost', 'interval': 5},
                    'deployment_configuration': {'maximum_percent': 150, 'minimum_healthy_percent': 50},
                    'deployment_circuit_breaker': {'enable': True, 'rollback': True},
                    **balanced(dns={'hosted_zone_id': 'Z1', 'record_name': 'api.example.com'}),
                }
            },
            {
                'agent': {
                    'image': 'team/agent:1',
                    'scheduling_strategy': 'DAEMON',
                    'volumes': ['data:/srv:/data:ro'],
                    'placement_constraints': [{'type': 'memberOf', 'expression': 'attribute:x == y'}],
                }
            },
            {'plain': {'image': 'team/plain:1', **balanced(protocol='HTTP')}},
        ]
    }
)
VALID = (example(), example_of_plans(), RICH)

# The documents of one test: a failure names the one that made it, and the rest of the batches still runs.
BATCH = 100


def test_what_is_mutated_is_valid_itself():
    assert [check(document, cluster=CLUSTER).mistakes for document in VALID] == [(), (), ()]


def test_documents_that_are_nearly_right_break_nothing(batch: int):
    accepted = 0
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        chance = random.Random(number)
        valid = chance.choice(VALID)
        document = mutated(valid, chance)
        try:
            accepted += walk(valid, document)
        except Exception as error:
            error.add_note(f'document {number}: {document!r}')
            raise
    # Else nothing beyond the checks would have been tried.
    assert accepted > BATCH / 10


def walk(valid: Any, document: Any) -> bool:
    """Everything that a document goes through from the text to the plan; whether it was accepted."""
    mistakes = check(document, cluster=CLUSTER).mistakes
    all(str(mistake) for mistake in mistakes)
    # A stored document need not be right: another program may have written it.
    for name, settings in effective.all_settings(document).items():
        definition = register_arguments(CLUSTER, settings, 'us-east-1')
        assert normalised(definition) == normalised(normalised(definition))
        assert definition['containerDefinitions'][0]['name'] == name
    list(service_rows(document))
    found = difference(valid, document)
    found.to_json()
    assert difference(document, document).changed == ()
    difference(document, valid)
    for wanted in wanted_services(CLUSTER, document).values():
        service_drift(wanted, None, None)
    if isinstance(document, dict):
        plan(document, settled(valid), revision='r2', prune=True).to_json()
    if not mistakes:
        empty = plan(document, settled(document), revision='r1')
        assert not [step for step in empty.steps if step.changes_something], [step.text for step in empty.steps]
    return not mistakes
