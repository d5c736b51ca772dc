"""Why a task stopped, in one of a few classes, and what to do about it.

ECS tells it in a stop code, a sentence and each container's exit code and sentence; the sentences are for people and
change, so only their stable beginnings and words are looked for.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stack.observed import Task


@dataclass(frozen=True, slots=True)
class StopReason:
    """`kind` is stable and for programs; `what` and `advice` are a sentence each, for a person.

    `expected` says that nothing is wrong: tasks are replaced and scaled in all the time.
    """

    kind: str
    what: str
    advice: str
    expected: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str
    pattern: re.Pattern[str]
    what: str
    advice: str
    expected: bool = False


def _rule(kind: str, pattern: str, what: str, advice: str, *, expected: bool = False) -> _Rule:
    return _Rule(kind, re.compile(pattern, re.IGNORECASE), what, advice, expected)


# The first that matches counts: what is told precisely stands above what is told in general.
RULES = (
    _rule(
        'out-of-memory',
        r'OutOfMemory|OOM.?killed|killed due to memory usage',
        'A container used more memory than it may.',
        'Raise `memory` of the service, or find out why it needs more than before.',
    ),
    _rule(
        'secret',
        r'unable to (pull|retrieve) secret|retrieve secret|secretsmanager|\bssm\b|invalid ssm parameter',
        'A secret or parameter could not be read.',
        'See that the ARN in `secrets` exists, and that the execution role may read it (and decrypt it).',
    ),
    _rule(
        'image-pull',
        r'CannotPull|pull access denied|manifest unknown|image manifest|unable to pull registry auth|toomanyrequests',
        'The image could not be pulled.',
        'See that the tag exists in the registry, and that the execution role and the network let the host reach it.',
    ),
    _rule(
        'health-check-elb',
        r'failed ELB health checks|\(elb [^)]*\).*unhealthy|is unhealthy in \(?target-group',
        'The load balancer found the task unhealthy.',
        'See that the application answers on `elb.healthcheck` port and path in time, and that the security group of '
        'the instances lets the load balancer in.',
    ),
    _rule(
        'health-check-container',
        r'failed container health checks|container (became|is) unhealthy',
        "The container's own health check failed.",
        'Run the command of `healthcheck` in the image; give a slow start more `start_period`.',
    ),
    _rule(
        'port-in-use',
        r'port is already allocated|address already in use|already using a port required',
        'The host port is taken already.',
        'Two tasks cannot share a host port on one instance: change `ports`, lower `minimum_healthy_percent`, or add '
        'instances.',
    ),
    _rule(
        'no-capacity',
        r'unable to place a task|RESOURCE:|no container instances? (were|was) found|capacity is unavailable|'
        r'constraint unsatisfied|insufficient (cpu|memory|capacity)',
        'No instance has room for the task.',
        'Add instances, or lower `memory`, `cpu` or `desired_count`; see that `placement_constraints` can be met.',
    ),
    _rule(
        'instance-gone',
        r'SpotInterruption|TerminationNotice|Host EC2 \(instance|spot interruption|instance .*terminat',
        'The instance under the task went away.',
        'ECS starts the task elsewhere; nothing to do unless it happens often.',
        expected=True,
    ),
    _rule(
        'network',
        r'network interface|\bENI\b|i/o timeout|no route to host|connection timed out',
        'The network of the task could not be set up or reached.',
        'See that subnets and security groups exist and have free addresses and a way out.',
    ),
    _rule(
        'start-failed',
        r'CannotStart|CannotCreate|CannotInspect|CannotResolve|ContainerRuntime|DockerTimeout|TaskFailedToStart|'
        r'ResourceInitializationError|InternalError',
        'A container could not be started.',
        'See that `command` and `entrypoint` exist in the image and are built for the processor of the host, and that '
        '`volumes` can be mounted.',
    ),
    _rule(
        'stopped-by-user',
        r'UserInitiated|stopped by user|StopTask',
        'Somebody stopped the task.',
        'Nothing to do: ECS starts another one if the service wants it.',
        expected=True,
    ),
)

# What a shell and the kernel say with an exit code: https://tldp.org/LDP/abs/html/exitcodes.html
EXIT_CODES = {
    126: 'the command is not executable',
    127: 'the command was not found in the image',
    132: 'illegal instruction: built for another processor?',
    134: 'aborted (SIGABRT)',
    137: 'killed (SIGKILL): it used too much memory, or did not stop in time',
    139: 'segmentation fault',
    143: 'told to stop (SIGTERM)',
}

KINDS = (*(rule.kind for rule in RULES), 'application-exit', 'application-finished', 'replaced', 'unknown')

_REPLACED = re.compile(r'Scaling activity initiated by|ServiceSchedulerInitiated', re.IGNORECASE)


def classify(task: Task) -> StopReason:
    """The class of a stopped task's reason; `unknown` where ECS tells nothing that is understood."""
    told = ' '.join([task.stopped_reason, *(each.reason for each in task.containers)])
    found = of_text(told)
    if found:
        return found
    codes = [each.exit_code for each in task.containers if each.exit_code is not None]
    ended_itself = 'EssentialContainerExited' in task.stop_code or 'essential container' in told.lower()
    if ended_itself and codes:
        return _exited(codes)
    if _REPLACED.search(f'{told} {task.stop_code}'):
        return StopReason('replaced', 'ECS replaced the task or scaled it in.', 'Nothing to do.', expected=True)
    return of_text(task.stop_code) or StopReason(
        'unknown',
        told.strip() or 'ECS gives no reason.',
        'Look at the log of the container and the events of the service.',
    )


def of_text(told: str) -> StopReason | None:
    """The class of a sentence of ECS's, as in a service's events; None where it tells of no trouble."""
    rule = next((each for each in RULES if each.pattern.search(told)), None)
    return StopReason(rule.kind, rule.what, rule.advice, rule.expected) if rule else None


def most_telling(reasons: Iterable[StopReason]) -> StopReason | None:
    """The reason to show where there are many: the most frequent that is not expected and not unknown, if any."""
    counted = Counter(reasons)
    ranked = sorted(counted, key=lambda each: (each.expected, each.kind == 'unknown', -counted[each]))
    return ranked[0] if ranked else None


def _exited(codes: list[int]) -> StopReason:
    code = next((each for each in codes if each), 0)
    if code == 0:
        return StopReason(
            'application-finished',
            'The application ended by itself, without an error (exit 0).',
            'A service is expected to go on: run it in the foreground, or make it `type: task`.',
        )
    meaning = EXIT_CODES.get(code)
    return StopReason(
        'application-exit',
        f'The application exited with code {code}' + (f': {meaning}.' if meaning else '.'),
        'Read the last lines of its log.',
    )
