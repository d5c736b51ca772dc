"""Stop reasons as ECS words them, and the class that each must fall into."""

import pytest

from stack.observed import task
from stack.stop_reasons import KINDS, StopReason, classify, most_telling, of_text


def stopped(reason: str = '', code: str = '', *containers: dict) -> dict:
    return {'taskArn': 'arn:task/prod/1', 'stoppedReason': reason, 'stopCode': code, 'containers': list(containers)}


ESSENTIAL = 'Essential container in task exited'
EXITED = 'EssentialContainerExited'
NOT_STARTED = 'TaskFailedToStart'

# The twelve that people meet.
CANONICAL = [
    (
        'out-of-memory',
        stopped(
            ESSENTIAL, EXITED, {'exitCode': 137, 'reason': 'OutOfMemoryError: Container killed due to memory usage'}
        ),
    ),
    (
        'image-pull',
        stopped(
            'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref '
            'docker.io/library/web:broken: not found',
            NOT_STARTED,
        ),
    ),
    (
        'secret',
        stopped(
            'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval '
            'failed: unable to retrieve secret from asm: service call has been retried 1 time(s)',
            NOT_STARTED,
        ),
    ),
    (
        'health-check-elb',
        stopped(
            'Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-west-1:1:target/web/1)',
            'ServiceSchedulerInitiated',
            {'exitCode': 0},
        ),
    ),
    ('health-check-container', stopped('Task failed container health checks', 'ServiceSchedulerInitiated')),
    (
        'port-in-use',
        stopped(
            ESSENTIAL,
            NOT_STARTED,
            {'reason': 'CannotStartContainerError: Bind for 0.0.0.0:8080 failed: port is already allocated'},
        ),
    ),
    ('no-capacity', stopped('Capacity is unavailable at this time. Please try again later', NOT_STARTED)),
    ('application-exit', stopped(ESSENTIAL, EXITED, {'exitCode': 0}, {'exitCode': 3})),
    ('application-finished', stopped(ESSENTIAL, EXITED, {'exitCode': 0})),
    ('instance-gone', stopped('Host EC2 (instance i-0123456789abcdef0) terminated.')),
    ('stopped-by-user', stopped('Task stopped by user', 'UserInitiated', {'exitCode': 143})),
    (
        'start-failed',
        stopped(
            ESSENTIAL,
            NOT_STARTED,
            {'exitCode': 127, 'reason': 'CannotStartContainerError: exec: "serve": executable file not found in $PATH'},
        ),
    ),
]


@pytest.mark.parametrize(('kind', 'found'), CANONICAL, ids=[kind for kind, _ in CANONICAL])
def test_canonical_reasons(kind: str, found: dict):
    assert classify(task(found)).kind == kind


@pytest.mark.parametrize(
    ('kind', 'found'),
    [
        ('unknown', {}),
        ('unknown', stopped('Something that nobody has seen yet')),
        ('unknown', stopped(ESSENTIAL, EXITED)),
        ('replaced', stopped('Scaling activity initiated by (deployment ecs-svc/1)', 'ServiceSchedulerInitiated')),
        ('replaced', stopped('Scaling activity initiated by (deployment ecs-svc/1)', '', {'exitCode': 143})),
        ('instance-gone', stopped('Your Spot Task was interrupted.', 'SpotInterruption')),
        ('instance-gone', stopped('', 'TerminationNotice')),
        ('image-pull', stopped('', '', {'reason': 'CannotPullImageManifestError: Error response from daemon'})),
        ('secret', stopped('Fetching secret data from SSM Parameter Store in us-east-1: invalid ssm parameters: /db')),
        ('network', stopped('Timeout waiting for network interface provisioning to complete.', NOT_STARTED)),
        ('start-failed', stopped('', NOT_STARTED)),
        ('start-failed', stopped('', '', {'reason': 'DockerTimeoutError: Could not transition to started; timed out'})),
    ],
)
def test_other_wordings(kind: str, found: dict):
    assert classify(task(found)).kind == kind


def test_exit_codes_are_explained():
    reason = classify(task(stopped(ESSENTIAL, EXITED, {'exitCode': 139})))
    assert reason.what == 'The application exited with code 139: segmentation fault.'
    assert classify(task(stopped(ESSENTIAL, EXITED, {'exitCode': 42}))).what == 'The application exited with code 42.'


@pytest.mark.parametrize(
    ('kind', 'message'),
    [
        (
            'no-capacity',
            '(service web) was unable to place a task because no container instance met all of its requirements.',
        ),
        (
            'port-in-use',
            '(service web) was unable to place a task because no container instance met all of its requirements. The '
            'closest matching (container-instance 1) is already using a port required by your task.',
        ),
        (
            'health-check-elb',
            '(service web) (port 80) is unhealthy in (target-group arn:aws:elasticloadbalancing:1) due to (reason '
            'Health checks failed with these codes: [502])',
        ),
    ],
)
def test_events_of_a_service(kind: str, message: str):
    assert of_text(message).kind == kind


@pytest.mark.parametrize('message', ['(service web) has reached a steady state.', '(service web) has started 1 tasks.'])
def test_events_that_tell_of_no_trouble(message: str):
    assert of_text(message) is None


def test_the_most_telling_reason():
    crash, memory = StopReason('application-exit', '', ''), StopReason('out-of-memory', '', '')
    replaced, unknown = StopReason('replaced', '', '', True), StopReason('unknown', '', '')
    assert most_telling([replaced, replaced, crash, memory, memory, unknown]) is memory
    assert most_telling([replaced, replaced]) is replaced
    assert most_telling([replaced, unknown]) is unknown
    assert most_telling([]) is None


def test_each_canonical_kind_is_told_apart():
    assert len({kind for kind, _ in CANONICAL}) == 12
    assert {kind for kind, _ in CANONICAL} <= set(KINDS)
