"""State of the embedded ECS: dataclasses of plain values, which a snapshot holds completely.

A field called `spec` holds what the caller sent, in AWS's own spelling, with AWS's defaults filled in. Times are in
seconds since 1970; `due` is when the thing moves next by itself, None where it waits for something else.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Wire = dict[str, Any]


@dataclass
class TaskDefinition:
    family: str
    revision: int
    spec: Wire
    registered_at: float
    status: str = 'ACTIVE'
    deregistered_at: float | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Instance:
    """A container instance: an EC2 machine that tasks are placed on. `ports` are host ports in use, by task id."""

    id: str
    ec2_id: str
    address: str
    zone: str
    cpu: int
    memory: int
    registered_at: float
    gpus: int = 0
    attributes: dict[str, str] = field(default_factory=dict)
    reserved_ports: list[str] = field(default_factory=list)
    status: str = 'ACTIVE'
    used_cpu: int = 0
    used_memory: int = 0
    used_gpus: int = 0
    ports: dict[str, str] = field(default_factory=dict)
    version: int = 1
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Container:
    """One container. `behaviour`: the words of the image's tag that select a failure, see `failures`; `exits_at`:
    when it exits by itself or is down after a stop; `checked_at`: when its health check has a result."""

    name: str
    image: str
    runtime_id: str
    behaviour: str = ''
    status: str = 'PENDING'
    health: str = 'UNKNOWN'
    digest: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    started_at: float = 0.0
    exits_at: float | None = None
    checked_at: float | None = None
    restarts: int = 0
    bindings: list[Wire] = field(default_factory=list)


@dataclass
class Task:
    """One task. `failed`: it counts against its deployment; `healthy`: it passed all its checks; `spec`: what it takes
    from its service or from RunTask; `times`: AWS's timestamps, such as `startedAt`; `timer`: when the task itself
    moves on, apart from its containers."""

    id: str
    cluster: str
    definition: str
    group: str
    launch_type: str
    created_at: float
    containers: list[Container]
    started_by: str = ''
    service: str | None = None
    deployment: str | None = None
    spec: Wire = field(default_factory=dict)
    instance: str | None = None
    ec2_id: str | None = None
    zone: str = ''
    address: str | None = None
    eni: str | None = None
    status: str = 'PROVISIONING'
    desired: str = 'RUNNING'
    healthy: bool = False
    failed: bool = False
    version: int = 1
    times: dict[str, float] = field(default_factory=dict)
    stop_code: str | None = None
    stopped_reason: str | None = None
    timer: float | None = None
    due: float | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Deployment:
    """One entry of a service's `deployments`. `groups`: the target group of each of its load balancers."""

    id: str
    revision: str
    definition: str
    spec: Wire
    desired: int
    created_at: float
    updated_at: float
    state: str = 'IN_PROGRESS'
    reason: str = ''
    failed: int = 0
    rollback: bool = False
    groups: list[str] = field(default_factory=list)


class Cause(StrEnum):
    """Why a deployment failed or was stopped."""

    BREAKER = 'breaker'
    ALARM = 'alarm'
    HOOK = 'hook'
    TIME = 'time'
    NETWORK = 'network'
    REQUEST = 'request'
    NEWER = 'newer'


@dataclass
class HookRun:
    """One run of a lifecycle hook, which is of a stage. `ends_at`: when a Lambda function answers; `expires_at`: when
    the hook times out."""

    id: str
    kind: str
    stage: str
    status: str
    expires_at: float
    on_timeout: str
    target: str = ''
    ends_at: float | None = None


@dataclass
class Course:
    """The position of a native deployment (blue/green, linear, canary) in its stages.

    `until`: when the work of the stage ends, apart from its hooks and tasks; `step`: the number of traffic steps
    begun; `production` and `test`: the percentage of traffic by revision; `source`: the revision that is replaced,
    empty for a first deployment; `backward`: it is being rolled back.
    """

    stage: str
    since: float
    until: float
    source: str = ''
    step: int = 0
    backward: bool = False
    production: dict[str, float] = field(default_factory=dict)
    test: dict[str, float] = field(default_factory=dict)
    hooks: list[HookRun] = field(default_factory=list)


@dataclass
class Rollout:
    """A service deployment, as its own API shows it: kept after the deployment itself has gone.

    `cause` is why it failed or was stopped: a `Cause`, empty otherwise; `course` is None for a rolling update. `alarms`
    are those that are monitored; `baking_since`: when a rolling update with alarms had all its tasks.
    """

    id: str
    deployment: str
    target: str
    sources: list[str]
    created_at: float
    updated_at: float
    desired: int
    configuration: Wire
    status: str = 'PENDING'
    reason: str = ''
    started_at: float | None = None
    finished_at: float | None = None
    stopped_at: float | None = None
    rollback: Wire | None = None
    failures: int = 0
    cause: str = ''
    course: Course | None = None
    alarms: list[str] = field(default_factory=list)
    triggered: list[str] = field(default_factory=list)
    baking_since: float | None = None


@dataclass
class Revision:
    """A service revision: what a deployment rolls out."""

    id: str
    definition: str
    spec: Wire
    created_at: float
    groups: list[str] = field(default_factory=list)


@dataclass
class TrafficMove:
    """The shares of the traffic by target group, from 0 to 1, from a time on."""

    at: float
    shares: dict[str, float]


@dataclass
class Service:
    """One service. `attempt` counts failed launches in a row, `not_before` is the time of the next one; `refused` and
    `retry_at` are the same for placements without room, and `waiting` is true meanwhile. `notices` are messages that
    are not repeated while their cause lasts. `planned` is the count that a caller set, without autoscaling; 0 is
    none. `traffic` are the moves of production traffic between target groups, by native deployments, the oldest
    first."""

    name: str
    cluster: str
    spec: Wire
    desired: int
    created_at: float
    status: str = 'ACTIVE'
    token: str = ''
    deployments: list[Deployment] = field(default_factory=list)
    rollouts: list[Rollout] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    events: list[Wire] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    steady: bool = False
    attempt: int = 0
    not_before: float = 0.0
    waiting: bool = False
    refused: int = 0
    retry_at: float = 0.0
    notices: list[str] = field(default_factory=list)
    inactive_at: float | None = None
    due: float | None = None
    planned: int = 0
    traffic: list[TrafficMove] = field(default_factory=list)


@dataclass
class Run:
    """A RunTask with a clientToken: the digest of its request, and what it started."""

    request: str
    tasks: list[str]
    at: float


@dataclass
class Cluster:
    """`runs` are those of the last day, by clientToken."""

    name: str
    spec: Wire
    status: str = 'ACTIVE'
    tags: dict[str, str] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)


@dataclass
class Region:
    """Everything of one account in one region. `definitions` by family, then by revision, of which none is ever
    taken away; `addresses` counts the private addresses given out."""

    account: str
    name: str
    clusters: dict[str, Cluster] = field(default_factory=dict)
    definitions: dict[str, list[TaskDefinition]] = field(default_factory=dict)
    addresses: int = 0
