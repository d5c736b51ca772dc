"""The use cases that handlers call."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.access.access import Access
from handlers.api.answers import Answers, AnswersOfNames
from handlers.http.in_flight import InFlight
from handlers.live.sockets import Sockets
from stack.aws.ports import PerCluster, PerDesiredState
from stack.changes.activity import Activity
from stack.changes.adopter import Adopter
from stack.changes.audit import Audit
from stack.changes.calendar_changes import CalendarChanges
from stack.changes.continuing import Continuing
from stack.changes.desired_state import DesiredStates
from stack.changes.freezing import Freezing
from stack.changes.image_sources import LabelsOf
from stack.changes.installation_audit import InstallationAudit
from stack.changes.promotion import Promotion
from stack.changes.proposals import Proposals
from stack.changes.rollback import Rollback
from stack.changes.service_specs import ServiceSpecs
from stack.changes.stopping import Stopping
from stack.configuration.account_health import Health
from stack.configuration.accounts import Place
from stack.failures import service_report
from stack.failures.flight_recorder import FlightRecorder
from stack.failures.task_logs import TaskLogs
from stack.live import Live
from stack.live.audit_news import AuditNews
from stack.live.proposal_news import ProposalNews
from stack.notify.sweeper import Sweeper
from stack.rollouts.deployments import Deployments
from stack.rollouts.pushed_images import PushedImages, TaggedImages
from stack.rollouts.service_configuration import BalancersOf
from stack.runs.records import RunRecords
from stack.runs.requests import RunRequests
from stack.runtime.metrics import Metrics
from stack.runtime.readiness import Finding
from stack.state.history import History
from stack.state.places import Places
from stack.telemetry.telemetry import Telemetry
from stack.watch import observer
from stack.watch.ecs_clusters import EcsClusters
from stack.watch.run_watcher import RunWatcher
from stack.watch.secret_watch import SecretWatch


@dataclass(frozen=True)
class Context:
    version: str
    openapi: Callable[[], Mapping[str, Any]]
    states: DesiredStates
    specs: ServiceSpecs
    adopters: PerDesiredState[Adopter]
    ecs_clusters: EcsClusters
    places: Places
    # The health of an account and region.
    health: Callable[[Place], Health]
    history: History
    tagged_images: TaggedImages
    labels_of: LabelsOf
    balancers_of: PerCluster[BalancersOf]
    metrics: Metrics
    metrics_text: Callable[[], Awaitable[bytes]]
    findings: Callable[[], Awaitable[list[Finding]]]
    access: Access
    in_flight: InFlight
    answers: Answers
    answers_of_names: AnswersOfNames
    live: Live
    # Those that a caller waits for, and those of the watchers.
    looks: PerCluster[service_report.Look]
    watching_looks: PerCluster[observer.Look]
    recorder: FlightRecorder
    task_logs: TaskLogs
    telemetry: Telemetry
    sockets: Sockets
    sweeper: Sweeper
    secret_watch: SecretWatch
    freezing: Freezing
    calendar: CalendarChanges
    audit: Audit
    installation_audit: InstallationAudit
    activity: Activity
    deployments: Deployments
    pushed_images: PushedImages
    audit_news: AuditNews
    rollback: Rollback
    stopping: Stopping
    continuing: Continuing
    promotion: Promotion
    proposals: Proposals
    proposal_news: ProposalNews
    runs: RunRecords
    run_requests: RunRequests
    run_watcher: RunWatcher
    # Whether AWS is the embedded one.
    sandbox: bool = False
