"""The table of ECS's texts on why a task stopped or could not be placed, each with its class and what to do.

Only what AWS itself writes is matched, at the start of a segment of the text (see `stack.rollouts.stop_reasons`):
names of services, images, secrets and commands stand elsewhere, and a word in one of them means nothing.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
"""

import functools
import re
from dataclasses import dataclass

from stack.rollouts.stop_kinds import (
    CONTAINER_HEALTH,
    DEPLOYMENT_CONFIGURATION,
    DISK_FULL,
    ELB_HEALTH,
    ENVIRONMENT_FILE,
    FARGATE_CAPACITY,
    IMAGE_DENIED,
    IMAGE_LIMITED,
    IMAGE_MISSING,
    IMAGE_PLATFORM,
    IMAGE_PULL,
    IMAGE_UNREACHABLE,
    INSTANCE_GONE,
    LOGGING,
    NETWORK,
    NO_CAPACITY,
    OUT_OF_MEMORY,
    PORT_IN_USE,
    PROTECTED,
    QUOTA,
    REGISTRATION,
    REGISTRY_AUTH,
    REGISTRY_UNREACHABLE,
    ROLE,
    SECRET,
    START_FAILED,
    THROTTLED,
    VOLUME,
    StopReason,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A text that begins as `pattern` is of that reason; `inner` rules are tried on the segments that follow."""

    pattern: str
    reason: StopReason
    inner: 'tuple[Rule, ...]' = ()

    def begins(self, text: str) -> bool:
        return _compiled(self.pattern).match(text) is not None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern at its first use: the table would take 5 % of the server's start."""
    return re.compile(pattern, re.IGNORECASE)


def _rule(reason: StopReason, *patterns: str, inner: tuple[Rule, ...] = ()) -> Rule:
    return Rule('|'.join(f'(?:{pattern})' for pattern in patterns), reason, inner)


# Segments with which AWS reports that a call got no answer.
_NO_ANSWER = (
    r'There is a connection issue',
    r'RequestCanceled',
    r'RequestError',
    r'request canceled',
    r'send request failed',
    r'dial tcp',
    r'i/o timeout',
    r'context deadline exceeded',
    r'net/http',
    r'signal',
    r'TLS handshake',
    r'(Head|Get|Post) "?https?',
    r'read tcp',
)
_THROTTLED = (r'ThrottlingException', r'Throttling\b', r'TooManyRequestsException', r'Rate exceeded', r'RequestLimit')
_ROLE = (
    r'(ECS (was|is) )?unable to assume (the )?(service.linked )?role',
    r'ECS (was|is) unable to assume the (service.linked )?role',
    r'(unable|failed) to (get|retrieve|fetch) (task |execution |instance )?(role )?credentials',
    r'failed to assume role',
    r'The (execution|task) role .{0,2048} (could not|cannot) be assumed',
    r'Verify that the ECS service.linked role exists',
)

# What a pull may have failed of: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
_PULL = (
    _rule(IMAGE_LIMITED, r'toomanyrequests', r'You have reached your (unauthenticated )?pull rate limit'),
    _rule(DISK_FULL, r'no space left on device', r'failed to register layer', r'write /.{0,512}no space left'),
    _rule(
        IMAGE_PLATFORM,
        r'no match(ing manifest)? for',
        r'no match for platform',
        r'image manifest does not contain',
        r'.{0,512}does not contain descriptor matching platform',
        r'no matching manifest',
        r'image operating system',
    ),
    _rule(
        IMAGE_DENIED,
        r'pull access denied',
        r'AccessDenied',
        r'denied',
        r'no basic auth credentials',
        r'unexpected status code .{0,512}(401|403)',
        r'unauthorized',
        r'(401|403) (Unauthorized|Forbidden)',
        r'User: ',
        r'Check that the role has the permissions',
    ),
    _rule(IMAGE_UNREACHABLE, *_NO_ANSWER),
    _rule(
        IMAGE_MISSING,
        r'not found',
        r'manifest unknown',
        r'manifest for .{0,512} not found',
        r'name unknown',
        r'image not found',
        r'repository .{0,512} not found',
        r'.{0,512}does not exist in the registry',
        r'RepositoryNotFoundException',
        r'ImageNotFoundException',
        r"The task can(no|')t find the image",
    ),
)
_SIGN_IN = (_rule(THROTTLED, *_THROTTLED), _rule(REGISTRY_UNREACHABLE, *_NO_ANSWER))
_INITIALISATION = (
    _rule(ROLE, *_ROLE),
    _rule(
        REGISTRY_AUTH,
        r'(unable|failed) to (retrieve|get|pull) ecr registry auth',
        r'(unable|failed) to (retrieve|get|pull) (private )?registry auth',
        r'The task cannot pull (private )?registry (auth|authentication|credentials)',
        r'unable to get registry auth',
        inner=_SIGN_IN,
    ),
    _rule(
        SECRET,
        r'(unable|failed) to pull secrets? from',
        r'(unable|failed) to (retrieve|get|fetch) (the )?secret',
        r'failed to fetch secret',
        r'fetching secret data from',
        r'invalid ssm parameters',
        r'The task cannot pull (the )?secrets? ',
        r'The task can.?not (pull|retrieve) .{0,512} from (the )?(AWS )?(Secrets Manager|Systems Manager|SSM)',
        r'The task cannot find the secret',
        r'retrieved secret from Secrets Manager did not contain json key',
        r'invalid character .{0,80} looking for beginning of value',
        inner=(_rule(THROTTLED, *_THROTTLED),),
    ),
    _rule(
        VOLUME,
        r'failed to invoke EFS utils',
        r'(failed|unable) to (set ?up|mount|attach|create|configure).{0,80}\b(volumes?|EFS|EBS|FSx|file system)\b',
        r'mount\.(nfs|efs|cifs)',
        r'unsuccessful EFS utils command',
        r'EFS utils command',
        r'EBS volume',
    ),
    _rule(
        LOGGING,
        r'failed to validate logger args',
        r'failed to initiali[sz]e logging driver',
        r'failed to create Cloudwatch log (stream|group)',
        r'The task cannot find the Amazon CloudWatch log group',
        r'signal: killed.{0,80}logger',
        r'(unable|failed) to (start|create|configure) (the )?(shim )?logger',
    ),
    _rule(ENVIRONMENT_FILE, r'failed to download env files', r'file download command', r'unable to download env'),
    _rule(
        NETWORK,
        r'(failed|unable) to (configure|set ?up|create|initiali[sz]e).{0,80}\b(network|ENI|netns)\b',
        r'CNI',
        r'unable to (reach|connect)',
        r'pull command failed',
    ),
)
_START = (
    _rule(
        PORT_IN_USE,
        r'port is already allocated',
        r'Bind for .{0,128} failed',
        r'.{0,512}address already in use',
        r'(listen|bind)\b.{0,128}in use',
        r'failed to bind (host )?port',
    ),
    _rule(OUT_OF_MEMORY, r'OutOfMemory'),
    _rule(LOGGING, r'failed to initiali[sz]e logging driver', r'failed to create (Cloudwatch )?log'),
    _rule(
        VOLUME,
        r'error while (creating mount source path|mounting volume)',
        r'error mounting',
        r'(failed|unable) to (mount|create volume|set ?up volume)',
        r'invalid mount config',
        r'VolumeDriver',
        r'get .{0,256}no such volume',
        r'create .{0,256}VolumeDriver',
    ),
    _rule(
        NETWORK,
        r'failed to create endpoint',
        r'failed to set up container networking',
        r'network .{0,128} not found',
        r'failed to (create|set ?up) .{0,40}network',
    ),
)
_EC2 = (
    _rule(VOLUME, r'Unexpected EC2 error while attempting to .{0,40}volume'),
    _rule(
        NETWORK,
        r'Unexpected EC2 error while attempting to .{0,60}(network interface|ENI|IP assignment)',
        r'InsufficientFreeAddresses',
        r'InvalidSubnet',
        r'InvalidSecurityGroup',
    ),
)

# What an instance lacks, as `RESOURCE:PORTS` or as the event of a service describes the closest match.
_PLACEMENT = (
    _rule(PORT_IN_USE, r'The closest matching \(?container.instance.{0,256}is already using a port', r'RESOURCE:PORTS'),
    _rule(QUOTA, r'You.ve reached the limit on the number of', r'The requested \w+ configuration is above your limit'),
    _rule(FARGATE_CAPACITY, r'(Fargate Spot )?capacity is unavailable', r'EMPTY CAPACITY'),
    _rule(THROTTLED, *_THROTTLED),
)

# The first that matches counts, so that a precise text is above a general one.
TASKS = (
    _rule(OUT_OF_MEMORY, r'OutOfMemory(Error)?\b', r'OOM.?Killed', r'Container killed due to memory usage'),
    _rule(ROLE, *_ROLE),
    _rule(IMAGE_PULL, r'CannotPull\w*', inner=_PULL),
    _rule(START_FAILED, r'ResourceInitializationError', inner=_INITIALISATION),
    _rule(SECRET, r'Fetching secret data from', r'invalid ssm parameters'),
    _rule(VOLUME, r'CannotCreateVolume\w*', r'Timeout waiting for (EBS )?volume', r'Failed to attach .{0,40}volume'),
    _rule(
        NETWORK,
        r'Timeout waiting for network interface',
        r'(Elastic )?Network interface',
        r'Unable to (create|attach) (the )?(elastic )?network interface',
        r'CannotSetupNetwork',
    ),
    _rule(START_FAILED, r'Unexpected EC2 error', inner=_EC2),
    _rule(
        ELB_HEALTH,
        r'Task failed ELB health checks',
        r'ELB health checks? failed',
    ),
    _rule(CONTAINER_HEALTH, r'Task failed container health checks'),
    _rule(NO_CAPACITY, r'RESOURCE:', r'AGENT\b', r'ATTRIBUTE\b', r'LOCATION\b', inner=_PLACEMENT),
    _rule(FARGATE_CAPACITY, r'(Fargate Spot )?capacity is unavailable', r'EMPTY CAPACITY'),
    _rule(QUOTA, r'You.ve reached the limit on the number of', r'The requested \w+ configuration is above your limit'),
    _rule(NO_CAPACITY, r'No Container Instances? (were|was) found', r'(MemberOf )?placement constraint unsatisfied'),
    _rule(
        INSTANCE_GONE,
        r'Host EC2 \(instance',
        r'Container instance .{0,80}(deregist|drain|terminat)',
        r'Your Spot Task was interrupted',
        r'Spot interruption',
        r'ECS is performing maintenance',
        r'Task (is being )?retired',
        r'The underlying infrastructure',
        r'Instance .{0,80}(terminated|stopped)',
    ),
    _rule(THROTTLED, *_THROTTLED),
    _rule(
        START_FAILED,
        r'Cannot(Start|Create|Inspect|Stop|List|Describe|Remove|Resolve|Get)\w*',
        r'DockerTimeoutError',
        r'DockerStateError',
        r'ContainerRuntime(Timeout)?Error',
        r'HostConfigError',
        r'InternalError',
        r'Internal error',
        r'AgentError',
        r'UnexpectedException',
        r'TaskStoppedBeforePullBegin',
        r'Agent could not create task',
        r'Timed out waiting for Amazon ECS Agent',
        inner=_START,
    ),
)

# The lines of a service's event log that report trouble, without `(service NAME)` before them.
EVENTS = (
    _rule(ROLE, *_ROLE),
    _rule(DEPLOYMENT_CONFIGURATION, r'(was|is) unable to stop or start tasks'),
    _rule(PROTECTED, r'(was|is) unable to reach steady state because .{0,256}unable to scale in'),
    _rule(NO_CAPACITY, r'(was|is) unable to (place a task|reach steady state)', inner=_PLACEMENT),
    _rule(THROTTLED, r'operations are being throttled'),
    _rule(ELB_HEALTH, r'(is|are) (unhealthy|not healthy) in', r'(Task )?failed ELB health checks'),
    _rule(CONTAINER_HEALTH, r'(Task )?failed container health checks', r'container .{0,80}(became|is) unhealthy'),
    _rule(
        START_FAILED,
        r'(failed|was unable|is unable) to (launch|start|run) (a )?tasks?\b',
        inner=(_rule(ROLE, *_ROLE), _rule(LOGGING, r'.{0,80}log configuration'), *_EC2, *_PLACEMENT),
    ),
    _rule(START_FAILED, r'Timed out waiting for Amazon ECS Agent'),
    _rule(
        REGISTRATION,
        r'failed to (de)?register',
        r'failed to create ECS Service discovery',
        r'(was|is) unable to (de)?register',
        inner=(_rule(THROTTLED, *_THROTTLED),),
    ),
)
