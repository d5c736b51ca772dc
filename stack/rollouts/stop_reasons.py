"""Why a task stopped, in one of a few classes, and what to do about it.

ECS reports a stop code, a sentence, and each container's exit code and sentence. The code decides first: with
`UserInitiated` the sentence is free text of a person and is not read. Of a sentence only the beginnings of its segments
are compared with the table in `stack.rollouts.stop_rules`.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html (stopCode)
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from stack.rollouts.ecs_state import Container, Task
from stack.rollouts.stop_kinds import INSTANCE_GONE, REPLACED, START_FAILED, STOPPED_BY_USER, StopReason
from stack.rollouts.stop_rules import EVENTS, TASKS, Rule

# What a shell and the kernel report with an exit code: https://tldp.org/LDP/abs/html/exitcodes.html
EXIT_CODES = {
    126: 'the command is not executable',
    127: 'the command was not found in the image',
    132: 'illegal instruction: built for another processor?',
    134: 'aborted (SIGABRT)',
    137: 'killed (SIGKILL): it used too much memory, or did not stop in time',
    139: 'segmentation fault',
    143: 'stopped by a signal (SIGTERM)',
}

KINDS = tuple(
    dict.fromkeys(
        [
            *(each.reason.kind for rule in (*TASKS, *EVENTS) for each in (rule, *rule.inner)),
            'stopped-by-user',
            'application-exit',
            'application-finished',
            'replaced',
            'unknown',
        ]
    )
)

# How ECS ends the other containers of a task once an essential one has ended: SIGTERM, then SIGKILL.
STOPPED_CODES = frozenset({137, 143})

_BY_CODE = {
    'UserInitiated': STOPPED_BY_USER,
    'SpotInterruption': INSTANCE_GONE,
    'TerminationNotice': INSTANCE_GONE,
    'InfrastructureHealth': INSTANCE_GONE,
}
_ESSENTIAL_EXITED = 'essential container in task exited'
_STOPPED_BY_USER = 'Task stopped by user'
_SEGMENTS = re.compile(r':\s+|\.\s+|\((?:error|reason)\s+|\bReason:\s*|\bcaused by:?\s*|,\s+')
# What stands before the sentence proper: the class of all tasks that did not start, or whose event it is.
_TASK_HEAD = re.compile(
    r'(TaskFailedToStart|Task failed to start|Essential container in task exited)[:.]?\s*|Service [\w-]+:\s+', re.I
)
_EVENT_HEAD = re.compile(
    r'(\((service|deployment|instance|task|taskSet|task set|port)\b[^)]*\)'
    r'|service \([^)]*\)|task ?set \([^)]*\))\s*',
    re.I,
)


def classify(task: Task, essential: Collection[str] = ()) -> StopReason:
    """The class of a stopped task's reason; `unknown` where ECS reports nothing that is understood.

    `essential` are the names of its essential containers where they are known: the exit of another one ends no task.
    """
    if task.stop_code in _BY_CODE:
        return _BY_CODE[task.stop_code]
    if task.stop_code == 'ServiceSchedulerInitiated':
        return _of_task_text(task.stopped_reason) or REPLACED
    texts = [task.stopped_reason, *(each.reason for each in task.containers)]
    found = next((reason for text in texts if (reason := _of_task_text(text))), None)
    if found:
        return found
    if task.stop_code == 'EssentialContainerExited' or task.stopped_reason.lower().startswith(_ESSENTIAL_EXITED):
        ended = ended_first(task.containers, essential)
        if ended is not None:
            return _exited(ended.exit_code or 0)
    return _otherwise(task, texts)


def _otherwise(task: Task, texts: Sequence[str]) -> StopReason:
    if task.stopped_reason.startswith('Scaling activity initiated by'):
        return REPLACED
    if task.stopped_reason == _STOPPED_BY_USER and not task.stop_code:
        return STOPPED_BY_USER
    if task.stop_code == 'TaskFailedToStart':
        return START_FAILED
    return StopReason(
        'unknown',
        ' '.join(filter(None, texts)) or 'ECS gives no reason.',
        'Look at the log of the container and the events of the service.',
    )


def ended_first(containers: Sequence[Container], essential: Collection[str] = ()) -> Container | None:
    """The container whose exit ended the task; None where none reports an exit code.

    ECS gives no times: it is the one that was not stopped as a consequence, an error before an exit without one.
    """
    ended = [each for each in containers if each.exit_code is not None]
    ended = [each for each in ended if each.name in essential] or ended
    return min(ended, key=lambda each: (each.exit_code in STOPPED_CODES, not each.exit_code), default=None)


def of_text(message: str) -> StopReason | None:
    """The class of a line of a service's event log; None where it reports no trouble."""
    return _match(EVENTS, _segments(message, _EVENT_HEAD))


def _of_task_text(text: str) -> StopReason | None:
    return _match(TASKS, _segments(text, _TASK_HEAD))


def _segments(text: str, head: re.Pattern[str]) -> list[str]:
    """The parts of a text that AWS may have put together of several sentences, without what is before the first."""
    text = text.strip()
    while (found := head.match(text)) and found.end():
        text = text[found.end() :]
    return [each for each in (part.strip() for part in _SEGMENTS.split(text)) if each]


def _match(rules: Sequence[Rule], segments: Sequence[str]) -> StopReason | None:
    """The reason of the first rule that fits the first segment, or of the inner one that fits a later segment."""
    if not segments:
        return None
    rule = next((each for each in rules if each.begins(segments[0])), None)
    return _within(rule, segments) if rule is not None else None


def _within(rule: Rule, segments: Sequence[str]) -> StopReason:
    for inner in rule.inner:
        if any(inner.begins(segment) for segment in segments):
            return _within(inner, segments)
    return rule.reason


def most_telling(reasons: Iterable[StopReason]) -> StopReason | None:
    """The reason to show where there are many: the most frequent that is not expected and not unknown, if any."""
    counted = Counter(reasons)
    ranked = sorted(counted, key=lambda each: (each.expected, each.kind == 'unknown', -counted[each]))
    return ranked[0] if ranked else None


def _exited(code: int) -> StopReason:
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
