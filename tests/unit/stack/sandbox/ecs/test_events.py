"""The events that EventBridge would carry, as its subscribers get them."""

from itertools import pairwise

from tests.unit.stack.sandbox.ecs.fleet import BREAKER, VPC, Fleet


def kinds(fleet: Fleet, kind: str) -> list[dict]:
    return [event for event in fleet.events if event['detail-type'] == kind]


def test_shape(fleet: Fleet):
    fleet.machines(1)
    fleet.define()
    service = fleet.steady(count=1)
    for event in fleet.events:
        assert (event['source'], event['account'], event['region']) == ('aws.ecs', '123456789012', 'us-east-1')
        assert event['time'].endswith('Z')
    assert len({event['id'] for event in fleet.events}) == len(fleet.events)
    times = [event['time'] for event in fleet.events]
    assert times == sorted(times)
    deployment = kinds(fleet, 'ECS Deployment State Change')
    assert [event['detail']['eventName'] for event in deployment] == [
        'SERVICE_DEPLOYMENT_IN_PROGRESS',
        'SERVICE_DEPLOYMENT_COMPLETED',
    ]
    assert deployment[0]['resources'] == [service['serviceArn']]
    assert deployment[0]['detail']['deploymentId'] == service['deployments'][0]['id']
    (steady,) = kinds(fleet, 'ECS Service Action')
    assert steady['detail']['eventName'] == 'SERVICE_STEADY_STATE'


def test_versions_of_a_task_grow_and_its_times_are_text(fleet: Fleet):
    fleet.define(mode='awsvpc')
    fleet.machines(1)
    fleet.steady(count=1, networkConfiguration=VPC)
    fleet.update(desiredCount=0)
    fleet.wait()
    details = [event['detail'] for event in kinds(fleet, 'ECS Task State Change')]
    assert all(later['version'] == sooner['version'] + 1 for sooner, later in pairwise(details))
    last = details[-1]
    assert (last['lastStatus'], last['group']) == ('STOPPED', 'service:web')
    assert all(isinstance(value, str) for name, value in last.items() if name.endswith('At'))


def test_failures(fleet: Fleet):
    fleet.machines(1)
    fleet.define('1-broken')
    fleet.create(count=1, deploymentConfiguration={'deploymentCircuitBreaker': BREAKER})
    fleet.define('big', family='big', memory=1_000_000)
    fleet.create('big', taskDefinition='big', count=1)
    fleet.wait(600)
    failed = [event['detail'] for event in kinds(fleet, 'ECS Deployment State Change')][-1]
    assert (failed['eventType'], failed['eventName']) == ('ERROR', 'SERVICE_DEPLOYMENT_FAILED')
    assert failed['reason'] == 'ECS deployment circuit breaker: tasks failed to start.'
    actions = [event['detail'] for event in kinds(fleet, 'ECS Service Action')]
    impaired = next(action for action in actions if action['eventName'] == 'SERVICE_TASK_START_IMPAIRED')
    assert impaired['eventType'] == 'WARN'
    unplaced = next(action for action in actions if action['eventName'] == 'SERVICE_TASK_PLACEMENT_FAILURE')
    assert (unplaced['eventType'], unplaced['reason']) == ('ERROR', 'RESOURCE:MEMORY')
