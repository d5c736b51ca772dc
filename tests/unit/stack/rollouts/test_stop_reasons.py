"""Stop reasons as ECS words them, and the class that each must fall into."""

import pytest

from stack.rollouts.ecs_state import task
from stack.rollouts.stop_reasons import KINDS, StopReason, classify, most_telling, of_text


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
        ('unknown', stopped('Something that was never seen before')),
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


RI = 'ResourceInitializationError: '
AUTH = RI + 'unable to pull secrets or registry auth: '
DAEMON = 'CannotPullContainerError: Error response from daemon: '
TIMEOUT = 'RequestError: send request failed caused by: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 1.2.3.4:443: i/o timeout'  # noqa: E501 (one sentence of AWS's)


@pytest.mark.parametrize(
    ('kind', 'reason'),
    [
        # The registry, and what has to be had before it can be asked.
        ('network', f'{AUTH}execution resource retrieval failed: unable to retrieve ecr registry auth: {TIMEOUT}'),
        (
            'network',
            f'{AUTH}The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task '
            'and Amazon ECR. Check your task network configuration.',
        ),
        ('network', f'{AUTH}pull command failed: : signal: killed'),
        (
            'image-pull',
            f'{AUTH}execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been '
            'retried 1 time(s): AccessDeniedException: User: arn:aws:sts::1:assumed-role/secret/1 is not authorized',
        ),
        ('image-pull', f'{DAEMON}toomanyrequests: You have reached your pull rate limit.'),
        ('image-pull', f'{DAEMON}pull access denied for team/ssm-agent, repository does not exist'),
        ('image-pull', f'{DAEMON}Get "https://registry-1.docker.io/v2/": dial tcp: i/o timeout'),
        (
            'image-pull',
            'CannotPullECRContainerError: AccessDeniedException: User: x is not authorized',
        ),
        (
            'image-pull',
            "CannotPullContainerError: The task can't pull the image. Check that the role has the permissions to pull "
            'images from the registry.',
        ),
        (
            'image-pull',
            'CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed '
            'open: unexpected status code https://x/v2/outofmemory/blobs/1: 403 Forbidden',
        ),
        (
            'image-pull',
            "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'.",
        ),
        ('image-pull', 'CannotPullContainerError: failed to extract layer sha256:1: write /x: no space left on device'),
        # Secrets.
        (
            'secret',
            f'{AUTH}execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been '
            'retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded',
        ),
        ('secret', f"{AUTH}The task cannot pull secrets 'db' from AWS Secrets Manager: There is a connection issue"),
        ('secret', 'Fetching secret data from AWS Secrets Manager in region eu-west-1: secret x: AccessDenied'),
        ('throttled', f'{AUTH}unable to retrieve secret from asm: ThrottlingException: Rate exceeded'),
        # Roles.
        (
            'role',
            "ECS was unable to assume the role 'arn:aws:iam::1:role/ssm' that was provided for this task. Please "
            'verify that the role being passed has the proper trust relationship and permissions.',
        ),
        ('role', 'TaskFailedToStart: ECS was unable to assume the service linked role. Please verify that it exists.'),
        ('role', f'{AUTH}execution resource retrieval failed: unable to get role credentials: AccessDenied'),
        # Volumes, logs, files.
        (
            'volume',
            f'{RI}failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve "fs-1.efs" : '
            'unsuccessful EFS utils command execution; code: 1',
        ),
        ('volume', 'CannotCreateVolumeError: Get "http://%2Frun%2Fplugins%2F": no such file'),
        (
            'logging',
            f'{RI}failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch '
            'log stream: AccessDeniedException: User: x',
        ),
        (
            'logging',
            'CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to '
            'create Cloudwatch log stream: ResourceNotFoundException',
        ),
        ('start-failed', f'{RI}failed to download env files: file download command: non empty error stream'),
        # Networks and capacity.
        (
            'network',
            'TaskFailedToStart: Unexpected EC2 error while attempting to Create Network Interface with public IP '
            "assignment enabled in subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
        ),
        ('no-capacity', 'RESOURCE:MEMORY'),
        ('port-in-use', 'RESOURCE:PORTS'),
        ('no-capacity', 'Fargate Spot capacity is unavailable at this time. Please try again later.'),
        ('no-capacity', "You've reached the limit on the number of vCPUs you can run concurrently"),
        # Containers.
        (
            'start-failed',
            'CannotStartContainerError: Error response from daemon: OCI runtime create failed: permission denied',
        ),
        ('start-failed', f'{RI}failed to create new container runtime task: access denied'),
        ('start-failed', 'CannotInspectContainerError: Could not transition to inspecting; timed out after 30s'),
        ('start-failed', 'ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m'),
        (
            'port-in-use',
            'CannotStartContainerError: Error response from daemon: driver failed programming external connectivity on '
            'endpoint ecs-web: Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use',
        ),
        ('out-of-memory', 'OutOfMemoryError: The container was killed due to memory usage'),
    ],
)
@pytest.mark.parametrize('where', ['task', 'container'])
def test_texts_of_tasks_that_did_not_start(kind: str, reason: str, where: str):
    in_task = stopped(reason, NOT_STARTED)
    in_container = stopped('Task failed to start', NOT_STARTED, {'reason': reason})
    assert classify(task(in_task if where == 'task' else in_container)).kind == kind


@pytest.mark.parametrize(
    ('kind', 'found'),
    [
        # The code decides before the text does.
        ('stopped-by-user', stopped('OutOfMemoryError? I stop it to look', 'UserInitiated')),
        ('stopped-by-user', stopped('CannotPullContainerError', 'UserInitiated', {'reason': 'OutOfMemoryError: x'})),
        ('instance-gone', stopped('anything', 'SpotInterruption')),
        ('instance-gone', stopped('ECS is performing maintenance on the underlying infrastructure', '')),
        ('instance-gone', stopped('', 'InfrastructureHealth')),
        ('instance-gone', stopped('Container instance deregistration forced by user', 'ServiceSchedulerInitiated')),
        ('replaced', stopped('anything', 'ServiceSchedulerInitiated', {'reason': 'OutOfMemoryError: x'})),
        ('health-check-elb', stopped('Service web: Task failed ELB health checks in (elb ssm)', '')),
        # A word in a name is no reason.
        ('unknown', stopped('Something with ssm, ENI and OutOfMemory in it')),
        ('image-pull', stopped('CannotPullContainerError: x/port-is-already-allocated:1: not found', NOT_STARTED)),
    ],
)
def test_codes_decide_before_texts_and_names_never(kind: str, found: dict):
    assert classify(task(found)).kind == kind


def exited(*codes: int | None, names: str = 'abc') -> list[dict]:
    return [
        {'name': name} | ({} if code is None else {'exitCode': code}) for name, code in zip(names, codes, strict=False)
    ]


@pytest.mark.parametrize(
    ('codes', 'essential', 'what'),
    [
        ((143, 1), (), 'code 1'),
        ((137, 0), (), 'exit 0'),
        ((0, 3), (), 'code 3'),
        ((0, 137), ('b',), 'code 137'),
        ((1, 143), ('b',), 'code 143'),
        ((None, 2), ('a',), 'code 2'),
    ],
)
def test_the_essential_container_that_ended_first_is_the_reason(codes: tuple, essential: tuple, what: str):
    found = stopped(ESSENTIAL, EXITED, *exited(*codes))
    assert what in classify(task(found), essential).what


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


@pytest.mark.parametrize(
    ('kind', 'message'),
    [
        (
            'deployment-configuration',
            'was unable to stop or start tasks during a deployment because of the service deployment configuration. '
            'Update the minimumHealthyPercent or maximumPercent value and try again.',
        ),
        ('throttled', 'operations are being throttled. Will try again later.'),
        ('throttled', 'operations are being throttled on elb. Will try again later.'),
        ('no-capacity', "was unable to place a task. Reason: You've reached the limit on the number of tasks."),
        ('no-capacity', 'was unable to place a task. Reason: Capacity is unavailable at this time.'),
        ('no-capacity', 'was unable to place a task. Reason: Internal error.'),
        (
            'no-capacity',
            'was unable to place a task because no container instance met all of its requirements. Reason: No '
            'Container Instances were found in your cluster.',
        ),
        (
            'no-capacity',
            'was unable to place a task because no container instance met all of its requirements. The closest '
            'matching (container-instance 1) has insufficient memory available.',
        ),
        (
            'health-check-elb',
            '(instance i-1) (port 80) is unhealthy in (target-group x) due to (reason Timeout)',
        ),
        ('health-check-elb', '(port 80) is unhealthy in (elb ssm) due to (reason Instance has failed)'),
        ('health-check-container', '(task 1) failed container health checks.'),
        (
            'role',
            "failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was "
            'provided for this task.',
        ),
        ('start-failed', 'failed to launch a task with (error Something else.)'),
        ('registration-failed', 'failed to register targets in (target-group x) with (error It is not there)'),
    ],
)
@pytest.mark.parametrize('name', ['web', 'ssm-agent'])
def test_further_events_of_a_service(kind: str, message: str, name: str):
    assert of_text(f'(service {name}) {message}').kind == kind
    assert of_text(f'service ({name}) {message}').kind == kind


@pytest.mark.parametrize('name', ['web', 'ssm-agent', 'secretsmanager', 'oom-killed', 'image-manifest'])
@pytest.mark.parametrize(
    'message',
    [
        'has reached a steady state.',
        'has started 1 tasks: (task 1).',
        'has stopped 1 running tasks: (task 1).',
        'has begun draining connections on 1 tasks.',
        'registered 1 targets in (target-group unhealthy)',
        'deregistered 1 targets in (target-group unhealthy)',
        '(deployment ecs-svc/1) deployment completed.',
    ],
)
def test_events_that_report_no_trouble(name: str, message: str):
    assert of_text(f'(service {name}) {message}') is None


def test_the_most_telling_reason():
    crash, memory = StopReason('application-exit', '', ''), StopReason('out-of-memory', '', '')
    replaced, unknown = StopReason('replaced', '', '', True), StopReason('unknown', '', '')
    assert most_telling([replaced, replaced, crash, memory, memory, unknown]) is memory
    assert most_telling([replaced, replaced]) is replaced
    assert most_telling([replaced, unknown]) is unknown
    assert most_telling([]) is None


def test_each_canonical_kind_is_distinct():
    assert len({kind for kind, _ in CANONICAL}) == 12
    assert {kind for kind, _ in CANONICAL} <= set(KINDS)
