"""Fields of a schedule: when EventBridge Scheduler runs the tasks of a service of `type: task`.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

from dataclasses import dataclass
from datetime import datetime

from stack.stackfile import values
from stack.stackfile.entries import entry
from stack.stackfile.restarts import instant
from stack.stackfile.schedule_shapes import AT, CRON, RATE, TIMEZONE
from stack.stackfile.schedule_times import DEFAULT_ZONE, Timetable, read_timetable
from stack.stackfile.shapes import switch, text, whole

KINDS = ('cron', 'rate', 'at')

# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
MOST_RETRIES = 185
LONGEST_RETRY_S = 86_400
LONGEST_JITTER_MIN = 1440


QUEUE_ARN = text(
    r'arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}',
    'the ARN of a standard SQS queue',
    example='arn:aws:sqs:us-east-1:123456789012:nightly-failures',
)
ROLE_ARN = text(
    r'arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+',
    'the ARN of an IAM role',
    example='arn:aws:iam::123456789012:role/scheduler',
)
KEY_ARN = text(r'arn:aws[a-z-]*:kms:\S+', 'the ARN of a KMS key', at_most=2048)
# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
PLACE = text(r'[0-9a-zA-Z_.-]{1,64}/[0-9a-zA-Z_.-]{1,64}', 'GROUP/NAME of a schedule', example='default/nightly')


@dataclass(frozen=True, kw_only=True)
class Schedule:
    cron: str | None = entry(
        CRON,
        'Minutes, hours, day-of-month, month, day-of-week (1 is Sunday) and year; `?` in one of the fields of days.',
    )
    rate: str | None = entry(RATE, 'An interval, such as `5 minutes`; it starts when the schedule is stored.')
    at: str | None = entry(AT, 'One local time.')
    timezone: str = entry(TIMEZONE, 'The time zone of `cron` and `at`.', default=DEFAULT_ZONE)
    jitter: int | None = entry(
        whole(1, LONGEST_JITTER_MIN), 'Minutes within which the run starts at a random time; it starts on time.'
    )
    retries: int | None = entry(whole(0, MOST_RETRIES), f'How often AWS tries again to start the task; {MOST_RETRIES}.')
    retry_for: int | None = entry(
        whole(60, LONGEST_RETRY_S), f'Seconds after which AWS gives a start up; {LONGEST_RETRY_S}.'
    )
    enabled: bool = entry(switch(), 'false keeps the schedule and starts nothing.', default=True)
    start: str | None = entry(values.INSTANT, 'Nothing is started before this time.')
    end: str | None = entry(values.INSTANT, 'Nothing is started after this time.')
    dead_letter: str | None = entry(QUEUE_ARN, 'The queue that gets a message for each start that AWS gave up.')
    encryption_key: str | None = entry(KEY_ARN, 'The KMS key that encrypts the schedule; a key of AWS.')
    name: str | None = entry(
        PLACE, 'A schedule that exists already, as adopted; by default Nysa creates one in a group of the cluster.'
    )

    @property
    def kind(self) -> str | None:
        """`cron`, `rate` or `at`; None where none is stated."""
        return next((kind for kind in KINDS if getattr(self, kind) is not None), None)

    @property
    def starts_at(self) -> datetime | None:
        return instant(self.start) if self.start else None

    @property
    def ends_at(self) -> datetime | None:
        return instant(self.end) if self.end else None

    @property
    def expression(self) -> str:
        """The `ScheduleExpression`; empty where none is stated."""
        return f'{self.kind}({" ".join(getattr(self, self.kind).split())})' if self.kind else ''

    @property
    def timetable(self) -> Timetable | None:
        """When it is due; None where none of `cron`, `rate` and `at` is stated."""
        return read_timetable(self.expression, self.timezone) if self.kind else None
