import pytest

from tests.unit.stack.sandbox.ecs.fleet import Fleet, refused

ARN = 'arn:aws:ecs:us-east-1:123456789012:'
BLUE = [{'key': 'team', 'value': 'blue'}]


@pytest.mark.parametrize(
    ('arn', 'code'),
    [
        ('nonsense', 'InvalidParameterException'),
        ('arn:aws:s3:::bucket', 'InvalidParameterException'),
        (f'{ARN}cluster', 'ClusterNotFoundException'),
        (f'{ARN}cluster/nowhere', 'ClusterNotFoundException'),
        (f'{ARN}service/prod/nothing', 'ServiceNotFoundException'),
        (f'{ARN}task/prod/nothing', 'ResourceNotFoundException'),
        (f'{ARN}moon/prod/x', 'InvalidParameterException'),
        (f'{ARN}task-definition/web:9', 'InvalidParameterException'),
    ],
)
def test_what_is_not_there(fleet: Fleet, arn: str, code: str):
    assert refused(fleet.aws.tag_resource, resourceArn=arn, tags=BLUE)[0] == code
    assert refused(fleet.aws.list_tags_for_resource, resourceArn=arn)[0] == code


@pytest.mark.parametrize(
    'tags',
    [
        [{'key': '', 'value': 'x'}],
        [{'key': 'k' * 129, 'value': 'x'}],
        [{'key': 'k', 'value': 'x' * 257}],
        [{'key': 'AWS:x', 'value': 'x'}],
        [{'key': 'a', 'value': '1'}, {'key': 'a', 'value': '2'}],
        [{'key': f'k{n}', 'value': ''} for n in range(51)],
    ],
)
def test_tags_that_aws_refuses(fleet: Fleet, tags: list[dict]):
    # Sent by hand: boto3 refuses some of these by itself.
    body = {'resourceArn': f'{ARN}cluster/prod', 'tags': tags}
    status, answer = fleet.ecs.handle('TagResource', body, 'us-east-1', '123456789012')
    assert (status, answer['__type']) == (400, 'InvalidParameterException')


def test_every_resource(fleet: Fleet):
    machine = fleet.machines(1)[0]
    definition = fleet.define()
    service = fleet.steady(count=1)['serviceArn']
    task = fleet.tasks()[0]['taskArn']
    for arn in (f'{ARN}cluster/prod', definition, service, task, f'{ARN}container-instance/prod/{machine}'):
        fleet.aws.tag_resource(resourceArn=arn, tags=[*BLUE, {'key': 'x', 'value': 'y'}])
        fleet.aws.tag_resource(resourceArn=arn, tags=[{'key': 'x', 'value': 'z'}])
        fleet.aws.untag_resource(resourceArn=arn, tagKeys=['team', 'never'])
        assert fleet.aws.list_tags_for_resource(resourceArn=arn)['tags'] == [{'key': 'x', 'value': 'z'}]


def test_fifty_tags_in_all(fleet: Fleet):
    arn = f'{ARN}cluster/prod'
    fleet.aws.tag_resource(resourceArn=arn, tags=[{'key': f'k{n}', 'value': ''} for n in range(50)])
    assert refused(fleet.aws.tag_resource, resourceArn=arn, tags=BLUE)[0] == 'InvalidParameterException'
    assert len(fleet.aws.list_tags_for_resource(resourceArn=arn)['tags']) == 50
