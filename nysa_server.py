#!/usr/bin/env python3
"""Nysa: stores, announces, deploys and watches the desired state of AWS ECS clusters.

The composition root: options → settings → AWS → use cases → application. No other module knows all of them.
"""

import argparse
import asyncio
import contextlib
import logging
import math
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, get_args

from handlers.access.access_setup import make_access, open_access, start_access_loops
from handlers.api.answers import Answers, AnswersOfNames
from handlers.context import Context
from handlers.document.openapi import document
from handlers.http.in_flight import InFlight
from handlers.live.frames import text_frame
from handlers.live.relay_command import WEBHOOK, relay_events, relay_settings, webhook_address
from handlers.live.sockets import Sockets
from handlers.processes import is_supervisor, serve_in_processes
from handlers.routes import ROUTES
from handlers.serving import banner, bind, health_address, make_server, stop_serving
from stack.access.memberships import Memberships
from stack.access.names import Names
from stack.access.token_maker import print_token
from stack.access.token_store import TokenStore
from stack.access.tokens import Token
from stack.aws import autoscaling, ecr, elb_details, elbv2, route53, schedules
from stack.aws.accounts import Accounts, Adapter, Everywhere, unpaced
from stack.aws.assumed_role import AssumedRole
from stack.aws.careful import CarefulConnection
from stack.aws.client import AwsClient
from stack.aws.cloudwatch import CloudWatchMetrics
from stack.aws.connection import Connection
from stack.aws.definitions import Definitions, PlannedDefinitions
from stack.aws.downloads import Downloads
from stack.aws.ecr_labels import ImageLabels
from stack.aws.ecs import Clusters, describe_cluster, task_definitions
from stack.aws.ecs_deployments import EcsDeployments
from stack.aws.ecs_look import EcsLook
from stack.aws.ecs_runs import EcsRuns
from stack.aws.inventory import Inventory
from stack.aws.logs import CloudWatchLogs
from stack.aws.paced import PacedConnection
from stack.aws.ports import ClusterStatus
from stack.aws.registries import RegistryClient
from stack.aws.s3 import Bucket
from stack.aws.secret_versions import SecretVersions
from stack.aws.secrets import read_secret
from stack.aws.sqs import Queue
from stack.aws.start_facts import StartFacts
from stack.changes import verify_commands
from stack.changes.activity import Activity
from stack.changes.adopter import Adopter, Readers
from stack.changes.audit import Audit
from stack.changes.calendar_changes import CalendarChanges
from stack.changes.carrying_out import CarryingOut
from stack.changes.changes import Changes
from stack.changes.continuing import Continuing
from stack.changes.deployed_content import DeployedContent
from stack.changes.desired_state import DesiredStates
from stack.changes.freeze_calendar import FreezeCalendar
from stack.changes.freezing import Freezing
from stack.changes.gate import Gate
from stack.changes.installation_audit import InstallationAudit
from stack.changes.previews import Previews
from stack.changes.promotion import Promotion
from stack.changes.proposal_log import ProposalLog
from stack.changes.proposal_store import ProposalStore
from stack.changes.proposals import Proposals
from stack.changes.rollback import Rollback
from stack.changes.rollback_target import Targets
from stack.changes.secret_restarts import SecretRestarts
from stack.changes.service_specs import ServiceSpecs
from stack.changes.side_effects import ChangeEffects
from stack.changes.standings import ControlledStandings, OpenStandings, Standings
from stack.changes.stopping import Stopping
from stack.changes.traffic_approvals import TrafficApprovals
from stack.chat.webhook import Callbacks, Webhooks
from stack.client import commands
from stack.configuration.account_health import State
from stack.configuration.accounts import AccountTable, Place
from stack.configuration.options import read_options
from stack.configuration.settings import Settings, is_controlled, read_settings, secret_name, tokens_of_secret
from stack.errors import AwsFailed, Misconfigured, NotFound, NysaError
from stack.failures.flight_recorder import FlightRecorder
from stack.failures.task_logs import TaskLogs
from stack.live import Live, cluster_events
from stack.live.audit_news import AuditNews
from stack.live.proposal_news import ProposalNews
from stack.live.summary_store import SummaryStore
from stack.notify.ledger import Ledger
from stack.notify.notifier import Notifier
from stack.notify.sweeper import Sweeper
from stack.reconcile.definition_cache import DefinitionCache
from stack.rehearsal.rehearsal import Rehearsal
from stack.rollouts.deployments import Deployments
from stack.rollouts.ecs_state import Task
from stack.rollouts.progress import Progress
from stack.rollouts.pushed_images import PushedImages
from stack.rollouts.rollout_counts import count_ending, count_paused
from stack.rollouts.rollout_records import RolloutRecords
from stack.runs.records import RunRecords
from stack.runs.requests import RunRequests
from stack.runs.run import Run
from stack.runs.starter import RunStarter
from stack.runtime import log_lines, terminal
from stack.runtime.allocator import share_one_arena
from stack.runtime.gathered_metrics import GatheredMetrics
from stack.runtime.gc_tuning import freeze_startup_objects
from stack.runtime.heartbeat import SETTING as HEALTH_FILE
from stack.runtime.heartbeat import beat
from stack.runtime.interruptible import InterruptibleSleep
from stack.runtime.loops import Loops
from stack.runtime.metrics import Metrics
from stack.runtime.metrics_server import serve_metrics
from stack.runtime.pacing import DEFAULT_SHARE, Pace
from stack.runtime.readiness import Readiness
from stack.runtime.rollout_metrics import RolloutMetrics
from stack.runtime.shared_reads import SharedReads
from stack.runtime.siblings import NoSiblings, Siblings, SupervisedSiblings
from stack.runtime.stopping import end_process, run_to_end, stop_signal
from stack.scheduler import pass_outcomes, plan_commands, scheduler_command
from stack.scheduler.gate_look import GateLook
from stack.scheduler.hook_answers import HookAnswers
from stack.scheduler.lease import Leases
from stack.scheduler.pass_reports import PassReports
from stack.scheduler.passes import Passes
from stack.scheduler.reconciler import Reconciler
from stack.scheduler.scheduler import Scheduler
from stack.scheduler.scheduler_metrics import SchedulerMetrics
from stack.stackfile.check_command import check_files
from stack.state.ecs_claims import EcsClaims
from stack.state.history import History
from stack.state.places import Places
from stack.state.revision_store import RevisionStore
from stack.telemetry.log_sources import LogSource, container_logs, readable
from stack.telemetry.service_metrics import ServiceMetrics
from stack.telemetry.tail_topic import TailTopic
from stack.telemetry.tails import Tails
from stack.telemetry.telemetry import Telemetry
from stack.watch.ecs_clusters import EcsClusters
from stack.watch.ecs_events import EcsEvents
from stack.watch.look_schedule import WITH_EVENTS
from stack.watch.run_watcher import RunWatcher
from stack.watch.secret_watch import ManagedClusters, SecretWatch
from stack.watch.watcher import POLLED, Watcher

VERSION = '0.2.0'

# The part of AWS's rate limits that plans may use; the rest is for changes.
PLANNING_SHARE = 0.5

# The part of AWS's rate limits for logs and metrics, which are read while a caller looks at them.
TELEMETRY_SHARE = 0.6
# … that of looks at tasks before and after rollouts.
GATES_SHARE = 0.1
# … those of looks that a caller waits for, and that a change waits for, and the longest wait for a turn, in seconds.
CALLERS_SHARE, CALLERS_PATIENCE_S = 0.2, 10.0
CHANGES_SHARE, CHANGES_PATIENCE_S = 0.25, 0.25

# Calls to AWS without an answer for longer are named where a request has no answer in time.
OVERDUE_S = 1.0

log = logging.getLogger('nysa')


@dataclass(frozen=True)
class Aws:
    """AWS in one profile, with the settings of that profile.

    `troubles` are sentences on what the embedded AWS cannot store, `about` lines on where it runs. `role` is that of
    this process, as `scheduler`.
    """

    settings: Settings
    connection: Connection
    metrics: Metrics
    troubles: Callable[[], dict[str, str]] = dict
    about: Sequence[str] = ()
    role: str = 'serve'

    @cached_property
    def accounts(self) -> Accounts:
        table = AccountTable(self.settings['NYSA_ACCOUNTS'], self.connection.region)
        return Accounts(table, self.connection, self._connect, self._measure)

    @cached_property
    def definitions(self) -> DefinitionCache:
        """The task definitions of all accounts that this process has read: ARNs name account and region."""
        return DefinitionCache()

    @cached_property
    def downloads(self) -> Downloads:
        """What reads the blobs of images."""
        return Downloads()

    def _measure(self, place: Place) -> None:
        """Have the metrics show the health of an account and region."""
        self.metrics.account(place.account, place.region, get_args(State), lambda: self.accounts.health(place).state)

    def _connect(self, place: Place) -> Connection:
        account = self.accounts.table.account(place.account)
        role = AssumedRole(account.role_arn, f'nysa-{self.role}', account.external_id) if account else None
        return self.connection.elsewhere(
            place.region,
            role,
            observe=self.metrics.aws_call,
            circuit=lambda share, is_open: self.metrics.circuit(f'{share} in {place}', is_open),
        )

    @property
    def registries(self) -> RegistryClient:
        """What asks ECR about images, in the accounts of their registries."""
        return RegistryClient(self.connection, self.accounts.of_registry)

    def places(self, store: RevisionStore) -> Places:
        return Places(self.accounts.table, store)

    def warnings(self) -> dict[str, str]:
        """Sentences for `/readyz`, by what they are about."""
        return {**self.connection.warnings(), **self.accounts.warnings(), **self.troubles()}

    def overdue(self) -> list[tuple[str, float]]:
        """The calls of all accounts without an answer for long: their names and ages in seconds, the oldest first."""
        found = [*self.connection.overdue(OVERDUE_S), *self.accounts.overdue(OVERDUE_S)]
        return sorted(found, key=lambda call: call[1], reverse=True)

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.connection, self.settings['AWS_S3_BUCKET'])

    @property
    def queue(self) -> Queue:
        return Queue(self.connection, self.settings['AWS_SQS_NOTIFICATION_QUEUE'])


@contextlib.asynccontextmanager
async def reach_aws(overrides: dict[str, str], *, role: str, own: bool = False) -> AsyncIterator[Aws]:
    """Connect to AWS, or in `PROFILE=local` start the embedded one, while the block runs.

    Without `own` the embedded one may be another process's, at `AWS_ENDPOINT_URL`.
    """
    profile = os.environ['PROFILE']
    metrics = Metrics()
    with contextlib.ExitStack() as stack:
        session: dict[str, Any] = {}
        troubles: Callable[[], dict[str, str]] = dict
        about: Sequence[str] = ()
        if profile == 'local' and (own or not os.environ.get('AWS_ENDPOINT_URL')):
            embedded = stack.enter_context(embedded_aws(overrides))
            troubles, about = embedded.troubles, embedded.banner()
            home = embedded.home
            session = home.credentials | {'region_name': home.region, 'endpoint_url': home.endpoint}
        connection = stack.enter_context(
            contextlib.closing(Connection(observe=metrics.aws_call, circuit=metrics.circuit, **session))
        )
        secret = await read_secret(connection, secret_name(profile))
        settings = read_settings(os.environ, secret, overrides)
        aws = Aws(settings, connection, metrics, troubles, about, role)
        stack.callback(aws.accounts.close)
        yield aws


@contextlib.contextmanager
def embedded_aws(overrides: dict[str, str]) -> Iterator[Any]:
    """Start the embedded AWS, and stop it after the block. Raises `Misconfigured`."""
    try:
        from stack.sandbox.ecs import RealClock  # no other profile loads moto
        from stack.sandbox.local_aws import local_aws
        from stack.sandbox.persistence import DirectoryInUse
        from stack.sandbox.server import SeededFleet
    except ModuleNotFoundError as error:
        raise Misconfigured(f'PROFILE=local needs {error.name}, which make setup installs.') from error
    settings = read_settings(os.environ, overrides=overrides, only='environment')
    directory = settings['NYSA_SANDBOX_DIR']
    with contextlib.ExitStack() as stack:
        try:
            started = local_aws(
                Path(directory), SeededFleet(settings['NYSA_SANDBOX_FLEET']), RealClock(settings['NYSA_SANDBOX_SPEED'])
            )
            embedded = stack.enter_context(started)
        except DirectoryInUse as error:
            raise Misconfigured(f'{error}. NYSA_SANDBOX_DIR names another directory.') from error
        except OSError as error:
            raise Misconfigured(
                f'The embedded AWS cannot keep its state in {directory}: {error.strerror}. NYSA_SANDBOX_DIR names '
                'another directory.'
            ) from error
        yield embedded


@dataclass(frozen=True)
class Core:
    """The classes that store changes and record what happened to them."""

    store: RevisionStore
    places: Places
    queue: Queue
    notifier: Notifier
    ledger: Ledger
    history: History
    audit: Audit
    changes: Changes
    freezing: Freezing
    calendar: FreezeCalendar


def make_core(aws: Aws) -> Core:
    ledger = Ledger(aws.bucket)
    store = RevisionStore(aws.bucket)
    places = aws.places(store)
    queue = aws.queue
    notifier = Notifier(queue, aws.settings[WEBHOOK], lambda: queue.max_message_bytes, ledger, store.read_version)
    store.writes.subscribe(notifier.stored)
    gate = make_gate(aws)
    history = History(store)
    audit = Audit(aws.bucket, history)
    planners = make_reconcilers(aws, places, PLANNING_SHARE, definitions=PlannedDefinitions)
    ecs_plan = partial(plan_commands.ecs_plan, planners)
    previews = Previews(gate, notifier, ecs_plan, make_rehearsals(aws, places, PLANNING_SHARE))
    changes = Changes(store, notifier, gate, history, ledger, audit, previews)
    changes.claims = EcsClaims(aws.bucket, aws.accounts.table, store)
    return Core(store, places, queue, notifier, ledger, history, audit, changes, Freezing(changes, gate), gate.calendar)


def make_gate(aws: Aws) -> Gate:
    return Gate(aws.bucket, partial(ecr.digest_of, aws.registries), aws.accounts.table)


def everywhere(
    aws: Aws,
    places: Places,
    make: Callable[[AwsClient], Adapter],
    paced: Callable[[AwsClient], AwsClient] = unpaced,
) -> Everywhere[Adapter]:
    """An adapter for each account and region: what `make` gives for its connection as `paced` gives it."""
    return Everywhere(aws.accounts, places, make, paced)


def make_live(aws: Aws, core: Core) -> Live:
    live = Live(
        core.store,
        RolloutRecords(aws.bucket),
        SummaryStore(aws.bucket, VERSION),
        region=core.places.region,
        framing=text_frame,
        frozen=core.freezing.frozen_json,
        calendar=core.calendar.read,
    )
    aws.metrics.count_unreadable(lambda: sum(state.unreadable is not None for state in list(live.states.values())))
    return live


def make_context(aws: Aws, siblings: Siblings | None = None) -> tuple[Context, DesiredStates]:
    siblings = siblings or NoSiblings()
    core = make_core(aws)
    store, changes, freezing, history = core.store, core.changes, core.freezing, core.history
    live = make_live(aws, core)
    share_writes(siblings, store, live)
    was_deployed = DeployedContent(store, aws.bucket).was_deployed
    described = partial(describe_in_place, everywhere(aws, core.places, lambda connection: connection))
    states = DesiredStates(store, changes, described, live.announced, was_deployed)
    # Each has turns of its own: a caller does not wait behind the watchers, nor they behind callers.
    watching_looks = everywhere(aws, core.places, EcsLook, CarefulConnection)
    looks = everywhere(aws, core.places, EcsLook, careful(CALLERS_SHARE, CALLERS_PATIENCE_S))
    looks_of_changes = everywhere(aws, core.places, EcsLook, careful(CHANGES_SHARE, CHANGES_PATIENCE_S))
    changes.effects = ChangeEffects(looks_of_changes, live.loaded, core.places.region, aws.definitions)
    recorder = FlightRecorder(aws.bucket, watching_looks, history.compare)
    live.endings.subscribe(recorder.ended)
    telemetry = make_telemetry(aws, core.places, live)
    audit_news = AuditNews(aws.bucket, live.hub)
    core.audit.recorder.wrote.append(audit_news.wrote)
    gathered = GatheredMetrics(aws.metrics.registry, siblings)
    metrics_texts: SharedReads[str, bytes] = SharedReads(lambda _: gathered.text(), at_once=1)
    tokens = TokenStore(aws.bucket, partial(configured_tokens, aws))
    aws.metrics.count_tokens(tokens.counted)
    memberships = Memberships(aws.bucket)
    standings = make_standings(aws, tokens, memberships)
    proposals = make_proposals(aws, core, standings)
    proposal_news = ProposalNews(proposals, live.hub)
    live.hub.synchronization.missed_since = proposal_news.missed_since
    proposals.recorded.moves.subscribe(proposal_news.moved)
    audit_news.heard.subscribe(proposal_news.heard)
    runs = RunRecords(aws.bucket)
    moved = partial(publish_run, live)
    watcher = RunWatcher(store, runs, watching_looks, moved, live.judged, place_of=core.places.known)
    rollback = Rollback(changes, freezing, history, Targets(history, freezing, live.state))
    context = Context(
        version=VERSION,
        openapi=partial(document, ROUTES, VERSION),
        states=states,
        specs=ServiceSpecs(changes),
        adopters=everywhere(aws, core.places, partial(make_adopter, states), planning),
        places=core.places,
        health=aws.accounts.health,
        ecs_clusters=make_ecs_clusters(aws, core),
        history=history,
        tagged_images=partial(ecr.tagged_images, aws.registries),
        labels_of=ImageLabels(aws.registries, aws.downloads.of).of,
        balancers_of=everywhere(aws, core.places, lambda connection: partial(elbv2.balancers_of, connection)),
        metrics=aws.metrics,
        metrics_text=partial(metrics_texts.get, ''),
        findings=Readiness(aws.bucket, core.queue, aws.warnings).findings,
        access=make_access(aws.settings, tokens, Names(aws.bucket, tokens.names), memberships, siblings.session_key),
        in_flight=InFlight(aws.overdue),
        answers=Answers(),
        answers_of_names=AnswersOfNames(),
        live=live,
        looks=looks,
        watching_looks=watching_looks,
        recorder=recorder,
        task_logs=TaskLogs(looks),
        telemetry=telemetry,
        sockets=Sockets(),
        sweeper=Sweeper(store, core.notifier, core.ledger),
        secret_watch=make_secret_watch(aws, core, live),
        freezing=freezing,
        calendar=CalendarChanges(core.calendar, store.names, core.audit),
        audit=core.audit,
        installation_audit=InstallationAudit(aws.bucket, core.audit, lambda name: store.known(name) is not None),
        activity=Activity(aws.bucket, store, core.audit),
        deployments=Deployments(aws.bucket),
        pushed_images=PushedImages(partial(ecr.tagged_images, aws.registries)),
        audit_news=audit_news,
        rollback=rollback,
        stopping=Stopping(changes, rollback, history, looks, core.places.region),
        continuing=Continuing(aws.bucket, changes, core.audit, looks, TrafficApprovals(aws.bucket, standings)),
        runs=runs,
        run_watcher=watcher,
        run_requests=RunRequests(aws.bucket, runs, core.audit, watcher.follow, moved),
        proposals=proposals,
        proposal_news=proposal_news,
        promotion=Promotion(store, changes, freezing, looks, partial(ecr.tags_move, aws.registries), live.at),
        sandbox=aws.settings['PROFILE'] == 'local',
    )
    count_rollouts(aws.metrics.rollouts, context)
    return context, states


def share_writes(siblings: Siblings, store: RevisionStore, live: Live) -> None:
    """Have the other processes of this server read what this one stores, before their next listing."""
    store.writes.subscribe(lambda _, revision: siblings.publish('stored', revision.cluster))
    store.removals.subscribe(partial(siblings.publish, 'stored'))
    siblings.subscribe('stored', live.feed.stored_elsewhere)


def count_rollouts(metrics: RolloutMetrics, context: Context) -> None:
    """Have the metrics count endings, pauses, stops and answers to pauses."""
    live = context.live
    live.endings.subscribe(partial(count_ending, metrics))
    live.pauses.subscribe(metrics.pause_ended)
    metrics.count_paused(lambda: count_paused(list(live.states.values())))
    context.stopping.acts.subscribe(metrics.acted)
    context.continuing.acts.subscribe(metrics.acted)


def make_standings(aws: Aws, tokens: TokenStore, memberships: Memberships) -> Standings:
    if not is_controlled(aws.settings):
        return OpenStandings()
    return ControlledStandings(tokens, aws.settings['NYSA_GROUPS'], memberships)


def make_proposals(aws: Aws, core: Core, standings: Standings) -> Proposals:
    store, recorded = ProposalStore(aws.bucket), ProposalLog(core.audit)
    recorded.outcomes.subscribe(aws.metrics.proposal)
    carrying_out = CarryingOut(store, core.changes, core.history, standings, recorded)
    proposals = Proposals(store, core.changes, carrying_out, standings, recorded)
    core.changes.proposer = proposals
    return proposals


def publish_run(live: Live, cluster: str, service: str, run: Run) -> None:
    """Publish on the live channel that a run began, moved or ended."""
    live.hub.publish(cluster_events.run(cluster, service, run.brief(), datetime.now(UTC)))


def make_ecs_clusters(aws: Aws, core: Core) -> EcsClusters:
    listers = everywhere(aws, core.places, Clusters, planning)
    return EcsClusters(listers.at, core.places, core.store, aws.accounts.health)


async def describe_in_place(clients: Everywhere[AwsClient], cluster: str, document: Any) -> ClusterStatus | None:
    """The ECS cluster in the account and region of a desired state."""
    return await describe_cluster(clients.planned(cluster, document), cluster)


def make_secret_watch(aws: Aws, core: Core, live: Live) -> SecretWatch:
    was_deployed = DeployedContent(core.store, aws.bucket).was_deployed
    restarts = SecretRestarts(core.changes, core.store.read, was_deployed, core.freezing.frozen)

    async def document(cluster: str) -> Mapping[str, Any]:
        loaded = live.loaded(cluster)
        return (loaded.revision if loaded else await core.store.read(cluster)).document_or_empty

    clusters = ManagedClusters(core.store.names, document, live.rotated)
    versions = everywhere(aws, core.places, SecretVersions, CarefulConnection)
    looks = everywhere(aws, core.places, EcsLook, CarefulConnection)
    return SecretWatch(versions, looks, clusters, restarts.restart, core.places.region, core.places.found)


def make_telemetry(aws: Aws, places: Places, live: Live) -> Telemetry:
    async def sources(topic: TailTopic) -> list[LogSource]:
        state = await live.state(topic.cluster)
        if state is None:
            raise NotFound(f'There is no cluster {topic.cluster!r} here.')
        return readable(container_logs(state, topic.service), topic.container)

    paced = careful(TELEMETRY_SHARE, CALLERS_PATIENCE_S)
    logs = everywhere(aws, places, CloudWatchLogs, paced)
    metrics = ServiceMetrics(
        everywhere(aws, places, CloudWatchMetrics, paced),
        everywhere(aws, places, lambda client: partial(elbv2.balancer_arns, client), paced),
        everywhere(aws, places, EcsLook, paced),
    )
    tails = Tails(logs, sources, lambda: datetime.now(UTC))
    return Telemetry(logs, metrics, tails, aws.settings['NYSA_LOGS_ROLE'])


def make_reconcilers(
    aws: Aws,
    places: Places,
    share: float = DEFAULT_SHARE,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    definitions: Callable[[AwsClient, DefinitionCache], Definitions] = Definitions,
) -> Everywhere[Reconciler]:
    def make(client: AwsClient) -> Reconciler:
        inventory = Inventory(client, definitions=definitions(client, aws.definitions))
        return Reconciler(inventory, client.call, region=client.region, sleep=sleep)

    return everywhere(aws, places, make, paced_by(share, sleep))


def make_rehearsals(aws: Aws, places: Places, share: float = DEFAULT_SHARE) -> Everywhere[Rehearsal]:
    def make(client: AwsClient) -> Rehearsal:
        # A registry of the process's own account is not read by the account of the cluster.
        return Rehearsal(StartFacts(client, aws.downloads.of, images=aws.registries), client.region)

    return everywhere(aws, places, make, paced_by(share))


def make_passes(
    aws: Aws, store: RevisionStore, reconcilers: Everywhere[Reconciler], sink: Callable[[Progress], None]
) -> Passes:
    gate = make_gate(aws)
    looks = everywhere(aws, aws.places(store), EcsLook, paced_by(GATES_SHARE))
    return Passes(
        store,
        Leases(aws.bucket),
        reconcilers,
        gate.is_shut,
        sink,
        gates=GateLook(looks),
        stops=gate.stops,
        claims=EcsClaims(aws.bucket, aws.accounts.table, store),
    )


def make_scheduler(aws: Aws) -> Scheduler:
    metrics = SchedulerMetrics(aws.metrics.registry)
    store = RevisionStore(aws.bucket)
    stop = asyncio.Event()
    places = aws.places(store)
    reconcilers = make_reconcilers(aws, places, sleep=InterruptibleSleep(stop))
    passes = make_passes(aws, store, reconcilers, metrics.step)
    callbacks = Callbacks(aws.settings[WEBHOOK], aws.settings['NYSA_CALLBACKS_PRIVATE'] or False)
    reports = PassReports(Webhooks(callbacks))
    return Scheduler(aws.queue, passes, reports, metrics, store.names, place_of=places.found, stop=stop)


def make_run_starter(aws: Aws) -> RunStarter:
    places = aws.places(RevisionStore(aws.bucket))
    starters = everywhere(aws, places, EcsRuns, paced_by(DEFAULT_SHARE))
    return RunStarter(aws.bucket, RunRecords(aws.bucket), starters, places.found)


def make_hook_answers(aws: Aws) -> HookAnswers:
    places = aws.places(RevisionStore(aws.bucket))
    deployments = everywhere(aws, places, EcsDeployments, paced_by(DEFAULT_SHARE))
    return HookAnswers(aws.bucket, deployments, places.found)


def careful(share: float, patience: float = math.inf) -> Callable[[AwsClient], AwsClient]:
    """Have the calls of a connection keep to a share of AWS's rate limits, and be made once."""
    return lambda connection: CarefulConnection(connection, share, patience=patience)


def paced_by(
    share: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Callable[[AwsClient], AwsClient]:
    """Have the calls of a connection keep to a share of AWS's rate limits."""
    return lambda connection: PacedConnection(connection, Pace(share), sleep=sleep)


def planning(connection: AwsClient) -> AwsClient:
    return paced_by(PLANNING_SHARE)(connection)


def make_adopter(states: DesiredStates, client: AwsClient) -> Adopter:
    readers = Readers(
        partial(route53.aliases, client),
        partial(elb_details.details, client),
        partial(autoscaling.scalable_targets, client),
        partial(elbv2.with_rules_and_attributes, client),
        partial(schedules.of_cluster, client),
        partial(task_definitions, client),
    )
    return Adopter(states, Inventory(client), readers, client.region)


async def configured_tokens(aws: Aws) -> Sequence[Token]:
    """The tokens in the environment, or in the secret as it is now."""
    if os.environ.get('NYSA_TOKENS'):
        tokens: Sequence[Token] = aws.settings['NYSA_TOKENS']
        return tokens
    return tokens_of_secret(await read_secret(aws.connection, secret_name(aws.settings['PROFILE'])))


async def serve(options: argparse.Namespace) -> int:
    given = {'NYSA_PORT': options.port, 'NYSA_HOST': options.host}
    overrides = {name: value for name, value in given.items() if value}
    if os.environ.get('NYSA_PROCESSES'):
        settings = read_settings(os.environ, overrides=overrides, only='environment')
        if is_supervisor(options, settings):
            return await serve_in_processes(__file__, VERSION, settings)
    async with reach_aws(overrides, role='serve', own=True) as aws:
        stop = stop_signal()
        siblings = await siblings_of(options)
        context, states = make_context(aws, siblings)
        await open_access(context.access, aws.settings)
        for finding in await context.findings():
            if not finding.ok:
                log.error('%s: %s', finding.what, finding.message)
            elif finding.message:
                log.warning('%s %s', finding.what, finding.message)
        server = make_server(aws.settings, context)
        sockets = bind(aws.settings['NYSA_PORT'], aws.settings['NYSA_HOST'], shared=siblings.count > 1)
        async with Loops() as loops:
            start_loops(loops, aws, context, siblings)
            # Before the first request, which would wait for the collection.
            freeze_startup_objects()
            server.listen(sockets)
            host, port = sockets[0].getsockname()[:2]
            if siblings.count == 1:
                loops.start('health', partial(beat, aws.settings[HEALTH_FILE], 'serve', health_address(host, port)))
                print(*banner(VERSION, host, port), *aws.about, sep='\n', flush=True)
            loops.start('siblings', partial(siblings.run, stop))
            await stop.wait()
            log.info('stopping')
            await stop_serving(server, context, states, aws.settings['NYSA_STOP_SECONDS'])
    return 0


async def siblings_of(options: argparse.Namespace) -> Siblings:
    """The other processes of the supervisor that started this one, if one did."""
    if options.channel is None:
        return NoSiblings()
    return await SupervisedSiblings.connect(options.process, options.channel)


async def relay_to_chat(options: argparse.Namespace) -> int:
    settings = relay_settings(options)
    profile, secret = os.environ.get('PROFILE', 'local'), None
    if WEBHOOK not in os.environ and profile != 'local':
        with contextlib.closing(Connection()) as connection:
            secret = await read_secret(connection, secret_name(profile))
    await relay_events(settings, webhook_address(secret))
    return 0


def start_loops(loops: Loops, aws: Aws, context: Context, siblings: Siblings) -> None:
    """Start the background loops of a replica; in `PROFILE=local` the scheduler as well."""
    aws.metrics.count_tasks(asyncio.get_running_loop())
    loops.start('announcements', context.sweeper.run)
    loops.start('revisions', context.live.run)
    loops.start('summaries', context.live.summaries.run)
    loops.start('audit', context.audit_news.run)
    loops.start('proposals', context.proposal_news.run)
    events_queue = aws.settings['AWS_SQS_ECS_EVENTS_QUEUE']
    watcher = Watcher(
        context.live,
        context.watching_looks,
        WITH_EVENTS if events_queue else POLLED,
        outcomes=partial(pass_outcomes.read, aws.bucket),
        place_of=context.places.known,
        definitions=aws.definitions,
    )
    loops.start('watcher', watcher.run)
    if events_queue:
        hints = partial(hint_watchers, watcher, context.run_watcher)
        events = EcsEvents(
            Queue(aws.connection, events_queue),
            hints,
            context.places.cluster_at,
            forward=partial(siblings.publish, 'ECS event'),
        )
        siblings.subscribe('ECS event', events.hear)

        async def hear_events() -> None:
            context.places.home_id = await own_account(aws.connection)
            await events.run()

        loops.start('ECS events', hear_events)
    loops.start('runs', context.run_watcher.run)
    loops.start('heartbeats', context.sockets.run)
    loops.start('changed secrets', context.secret_watch.run)
    start_access_loops(loops, context.access, context.sockets)
    if aws.settings['PROFILE'] == 'local':
        loops.start('scheduler', make_scheduler(aws).run)
        loops.start('runs on request', make_run_starter(aws).run)
        loops.start('answers to pauses', make_hook_answers(aws).run)


async def own_account(connection: AwsClient) -> str:
    """The twelve digits of the process's own account; empty where STS does not give them. Requires no permission."""
    try:
        return str((await connection.call('sts', 'GetCallerIdentity'))['Account'])
    except AwsFailed as failed:
        log.warning('events of ECS clusters in other accounts than those of the setting are not ignored: %s', failed)
        return ''


def hint_watchers(watcher: Watcher, runs: RunWatcher, cluster: str, service: str, task: Task | None) -> None:
    """Have those that look at a service look soon."""
    watcher.hint(cluster, service, task)
    runs.hint(cluster, service)


async def schedule(options: argparse.Namespace) -> int:
    async with reach_aws({}, role='scheduler') as aws:
        settings, beside = aws.settings, (make_run_starter(aws), make_hook_answers(aws))
        with serve_metrics(aws.metrics.registry, settings['NYSA_HOST'], settings['NYSA_METRICS_PORT']):
            banner = f'Nysa {VERSION} makes ECS match the desired states in {settings["AWS_S3_BUCKET"]}'
            stop_s = settings['NYSA_STOP_SECONDS']
            await scheduler_command.run(make_scheduler(aws), beside, settings[HEALTH_FILE], banner, stop_s)
    return 0


async def show_plan(options: argparse.Namespace) -> int:
    async with reach_aws({}, role='plan') as aws:
        store = RevisionStore(aws.bucket)
        places = aws.places(store)
        reconcilers = make_reconcilers(aws, places)
        passes = make_passes(aws, store, reconcilers, plan_commands.print_progress)
        sources = plan_commands.Planning(passes, reconcilers, make_rehearsals(aws, places))
        return await plan_commands.show_plan(
            sources, options.cluster, options.file, prune=options.prune, as_json=options.json
        )


async def apply(options: argparse.Namespace) -> int:
    async with reach_aws({}, role='apply') as aws:
        store = RevisionStore(aws.bucket)
        reconcilers = make_reconcilers(aws, aws.places(store))
        passes = make_passes(aws, store, reconcilers, plan_commands.print_progress)
        return await plan_commands.apply(passes, options.cluster, options.prune)


async def verify_audit(options: argparse.Namespace) -> int:
    async with reach_aws({}, role='audit') as aws:
        return await verify_commands.verify_audit(aws.bucket, options.clusters, options.expect)


async def verify_bucket(options: argparse.Namespace) -> int:
    async with reach_aws({}, role='bucket') as aws:
        return await verify_commands.verify_bucket(aws.bucket, options.expect)


# The commands that run an event loop.
COMMANDS = {
    'serve': serve,
    'scheduler': schedule,
    'plan': show_plan,
    'apply': apply,
    'relay': relay_to_chat,
    'audit': verify_audit,
    'bucket': verify_bucket,
}

# Those that run until a signal.
SERVING = ('serve', 'scheduler')


def main(arguments: Sequence[str]) -> int:
    options = read_options(arguments, __doc__.partition('\n')[0], VERSION)
    if options.command == 'check':
        return check_files(options.files, sys.stdout, options.json)
    if options.command == 'import':
        from stack.changes.conversion.import_command import import_files  # no other command converts files

        return import_files(options.files, options.format, options.environment, sys.stdout, sys.stderr)
    if options.command == 'token':
        return print_token(options, os.environ.get('PROFILE', '{PROFILE}'), sys.stdout, sys.stderr)
    log_lines.set_up(process=getattr(options, 'process', None))
    # 2 is the status of a plan that has steps.
    misconfigured = 1 if options.command == 'plan' else 2
    calls_server = options.command in commands.CALLS
    if not os.environ.get('PROFILE') and options.command != 'relay' and not calls_server:
        print(
            'PROFILE is not set. PROFILE=local runs everything here, on an embedded AWS. Any other value names the\n'
            'configuration: with PROFILE=prod it is the secret prod/nysa-api-server in AWS Secrets Manager.',
            file=sys.stderr,
        )
        return misconfigured
    try:
        if calls_server:
            return commands.run(options, os.environ)
        share_one_arena(os.environ)
        run = run_to_end if options.command in SERVING else asyncio.run
        return run(COMMANDS[options.command](options))
    except Misconfigured as error:
        print(
            error.message,
            *(f'  {detail["path"]}: {detail["message"]}' for detail in error.details()),
            sep='\n',
            file=sys.stderr,
        )
        return misconfigured
    except NysaError as error:
        print(error.message, file=sys.stderr)
        return 1


if __name__ == '__main__':
    end_process(terminal.run(main, sys.argv[1:]))
