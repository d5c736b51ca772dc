#!/usr/bin/env python3
"""Nysa: the desired state of AWS ECS clusters, kept, announced, made so and watched.

The composition root: options become settings, settings AWS, AWS the use cases, and these an application. Nothing else
knows all of them.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from prometheus_client import start_http_server
from tornado.netutil import bind_sockets

from handlers.access.access_setup import make_access, open_access, start_access_loops
from handlers.api.answers import Answers
from handlers.application import MAX_BODY_BYTES, make_application
from handlers.context import Context
from handlers.document.openapi import document
from handlers.http.connections import Bounds
from handlers.http.http_server import Server, connections_possible
from handlers.http.in_flight import InFlight
from handlers.live.frames import text_frame
from handlers.live.relaying import Channel, relay
from handlers.live.sockets import Sockets
from handlers.routes import ROUTES
from stack.access.names import Names
from stack.access.token_maker import print_token
from stack.access.token_store import TokenStore
from stack.access.tokens import Token
from stack.aws import ecr, elb_details, route53
from stack.aws.careful import CarefulConnection
from stack.aws.connection import Connection
from stack.aws.ecs import Clusters, describe_cluster
from stack.aws.ecs_look import EcsLook
from stack.aws.inventory import Inventory
from stack.aws.paced import PacedConnection
from stack.aws.s3 import Bucket
from stack.aws.secrets import read_secret
from stack.aws.sqs import Queue
from stack.changes.adopter import Adopter
from stack.changes.audit import Audit
from stack.changes.changes import Changes
from stack.changes.deployed_content import DeployedContent
from stack.changes.desired_state import DesiredStates
from stack.changes.freezing import Freezing
from stack.changes.gate import Gate
from stack.changes.promotion import Promotion
from stack.changes.rollback import Rollback
from stack.changes.rollback_target import Targets
from stack.changes.service_specs import ServiceSpecs
from stack.chat.relay_state import RelayState
from stack.chat.webhook import Callbacks, Webhooks
from stack.configuration.options import read_options
from stack.configuration.settings import BY_NAME, Settings, read_settings, secret_name, tokens_of_secret
from stack.errors import Misconfigured, NysaError
from stack.failures.flight_recorder import FlightRecorder
from stack.failures.task_logs import TaskLogs
from stack.live import Live
from stack.live.audit_news import AuditNews
from stack.notify.ledger import Ledger
from stack.notify.notifier import Notifier
from stack.notify.sweeper import Sweeper
from stack.rollouts.rollout_records import RolloutRecords
from stack.runtime import log_lines, terminal
from stack.runtime.gc_tuning import freeze_startup_objects
from stack.runtime.heartbeat import SETTING as HEALTH_FILE
from stack.runtime.heartbeat import beat
from stack.runtime.interruptible import InterruptibleSleep
from stack.runtime.loops import Loops
from stack.runtime.metrics import Metrics
from stack.runtime.pacing import DEFAULT_SHARE, Pace
from stack.runtime.readiness import Readiness
from stack.runtime.shared_reads import SharedReads
from stack.scheduler import pass_outcomes, plan_commands
from stack.scheduler.lease import Leases
from stack.scheduler.pass_reports import PassReports
from stack.scheduler.passes import Passes
from stack.scheduler.reconciler import Progress, Reconciler
from stack.scheduler.scheduler import Scheduler
from stack.scheduler.scheduler_metrics import SchedulerMetrics
from stack.stackfile.check_command import check_files
from stack.state.history import History
from stack.state.revision_store import RevisionStore
from stack.watch.ecs_clusters import EcsClusters
from stack.watch.ecs_events import EcsEvents
from stack.watch.look_schedule import TOLD
from stack.watch.watcher import POLLED, Watcher

VERSION = '0.1.0'

# Of AWS's limits, what the server may use to plan: the rest is for those who change something.
PLANNING_SHARE = 0.5

# SIGTERM to exit: docker and ECS kill after their own 10 s and 30 s.
STOP_WITHIN_S = 8.0
# Of these, what requests in flight have; the rest is for what they leave: announcements, marks, records.
FINISH_WITHIN_S = 5.0

# A call to AWS that takes longer is named where a request has no answer in time.
OVERDUE_S = 1.0

# Connections of one address, unless a setting or a proxy is in between.
CONNECTIONS_OF_ADDRESS = 1000

WEBHOOK = 'SLACK_NOTIFICATIONS_WEBHOOK_URL'

log = logging.getLogger('nysa')


@dataclass(frozen=True)
class Aws:
    """AWS as one profile sees it, with the settings that were found there.

    `troubles`: what the embedded AWS cannot keep, a sentence each. `about`: lines that state where it is.
    """

    settings: Settings
    connection: Connection
    metrics: Metrics
    troubles: Callable[[], dict[str, str]] = dict
    about: Sequence[str] = ()

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.connection, self.settings['AWS_S3_BUCKET'])

    @property
    def queue(self) -> Queue:
        return Queue(self.connection, self.settings['AWS_SQS_NOTIFICATION_QUEUE'])


@contextlib.asynccontextmanager
async def reach_aws(overrides: dict[str, str], own: bool = True):
    """AWS, or in `PROFILE=local` the embedded one, for as long as it is used.

    Without `own` that may also be one that runs already, at `AWS_ENDPOINT_URL`.
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
            session = embedded.credentials | {'region_name': embedded.region, 'endpoint_url': embedded.endpoint}
        connection = stack.enter_context(
            contextlib.closing(Connection(observe=metrics.aws_call, circuit=metrics.circuit, **session))
        )
        secret = await read_secret(connection, secret_name(profile))
        settings = read_settings(os.environ, secret, overrides)
        yield Aws(settings, connection, metrics, troubles, about)


def embedded_aws(overrides: dict[str, str]) -> Any:
    """The embedded AWS, started. Raises `Misconfigured`."""
    try:
        from stack.sandbox.persistence import DirectoryInUse  # no other profile loads moto
        from stack.sandbox.server import EmbeddedAws
    except ModuleNotFoundError as error:
        raise Misconfigured(f'PROFILE=local needs {error.name}, which make setup installs.') from error
    settings = read_settings(os.environ, overrides=overrides, only='environment')
    try:
        embedded = EmbeddedAws.start(settings['NYSA_SANDBOX_DIR'], speed=settings['NYSA_SANDBOX_SPEED'])
    except DirectoryInUse as error:
        raise Misconfigured(f'{error}. NYSA_SANDBOX_DIR names another directory.') from error
    except OSError as error:
        directory = settings['NYSA_SANDBOX_DIR']
        raise Misconfigured(
            f'The embedded AWS cannot keep its state in {directory}: {error.strerror}. NYSA_SANDBOX_DIR names another '
            'directory.'
        ) from error
    return embedded


def make_context(aws: Aws) -> tuple[Context, DesiredStates]:
    ledger = Ledger(aws.bucket)
    store = RevisionStore(aws.bucket)
    queue = aws.queue
    notifier = Notifier(queue, aws.settings[WEBHOOK], lambda: queue.max_message_bytes, ledger, store.read_version)
    store.writes.subscribe(notifier.stored)
    gate = Gate(aws.bucket, partial(ecr.digest_of, aws.connection))
    history = History(store)
    ecs_plan = partial(plan_commands.ecs_plan, make_reconciler(aws, PLANNING_SHARE))
    audit = Audit(aws.bucket, history)
    changes = Changes(store, notifier, gate, history, ledger, audit, ecs_plan)
    freezing = Freezing(changes, gate)
    live = Live(
        store,
        RolloutRecords(aws.bucket),
        region=aws.connection.region,
        framing=text_frame,
        frozen=freezing.frozen_json,
    )
    was_deployed = DeployedContent(store, aws.bucket).was_deployed
    states = DesiredStates(store, changes, partial(describe_cluster, aws.connection), live.announced, was_deployed)
    look = EcsLook(CarefulConnection(aws.connection))
    recorder = FlightRecorder(aws.bucket, look, history.compare)
    live.endings.subscribe(recorder.ended)
    aws.metrics.count_unreadable(lambda: sum(state.unreadable is not None for state in list(live.states.values())))
    audit_news = AuditNews(aws.bucket, live.hub)
    audit.wrote.append(audit_news.wrote)
    tokens = TokenStore(aws.bucket, partial(configured_tokens, aws))
    context = Context(
        version=VERSION,
        openapi=partial(document, ROUTES, VERSION),
        states=states,
        specs=ServiceSpecs(changes),
        adopter=make_adopter(aws, states),
        ecs_clusters=EcsClusters(Clusters(PacedConnection(aws.connection, Pace(PLANNING_SHARE))), store),
        history=history,
        tagged_images=partial(ecr.tagged_images, aws.connection),
        metrics=aws.metrics,
        metrics_text=partial(SharedReads(lambda _: asyncio.to_thread(aws.metrics.text), at_once=1).get, ''),
        findings=Readiness(aws.bucket, queue, lambda: {**aws.connection.warnings(), **aws.troubles()}).findings,
        access=make_access(aws.settings, tokens, Names(aws.bucket, tokens.names)),
        in_flight=InFlight(lambda: aws.connection.overdue(OVERDUE_S)),
        answers=Answers(),
        live=live,
        look=look,
        recorder=recorder,
        task_logs=TaskLogs(look),
        sockets=Sockets(),
        sweeper=Sweeper(store, notifier, ledger),
        freezing=freezing,
        audit=audit,
        audit_news=audit_news,
        rollback=Rollback(changes, freezing, history, Targets(history, freezing, live.state)),
        promotion=Promotion(store, changes, freezing, look.running, partial(ecr.tags_move, aws.connection), live.at),
    )
    return context, states


def make_reconciler(
    aws: Aws, share: float = DEFAULT_SHARE, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Reconciler:
    paced = PacedConnection(aws.connection, Pace(share), sleep=sleep)
    return Reconciler(Inventory(paced), paced.call, region=paced.region, sleep=sleep)


def make_passes(aws: Aws, store: RevisionStore, reconciler: Reconciler, sink: Callable[[Progress], None]) -> Passes:
    gate = Gate(aws.bucket, partial(ecr.digest_of, aws.connection))
    return Passes(store, Leases(aws.bucket), reconciler, gate.is_shut, sink)


def make_scheduler(aws: Aws) -> Scheduler:
    metrics = SchedulerMetrics(aws.metrics.registry)
    store = RevisionStore(aws.bucket)
    stop = asyncio.Event()
    passes = make_passes(aws, store, make_reconciler(aws, sleep=InterruptibleSleep(stop)), metrics.step)
    callbacks = Callbacks(aws.settings[WEBHOOK], aws.settings['NYSA_CALLBACKS_PRIVATE'] or False)
    return Scheduler(aws.queue, passes, PassReports(Webhooks(callbacks)), metrics, store.names, stop=stop)


def make_adopter(aws: Aws, states: DesiredStates) -> Adopter:
    paced = PacedConnection(aws.connection, Pace(PLANNING_SHARE))
    return Adopter(
        states, Inventory(paced), partial(route53.aliases, paced), partial(elb_details.details, paced), paced.region
    )


async def configured_tokens(aws: Aws) -> Sequence[Token]:
    """Those of the environment, or of the secret as it is now."""
    if os.environ.get('NYSA_TOKENS'):
        return aws.settings['NYSA_TOKENS']
    return tokens_of_secret(await read_secret(aws.connection, secret_name(aws.settings['PROFILE'])))


async def serve(options: argparse.Namespace) -> int:
    overrides = {'NYSA_PORT': options.port, 'NYSA_HOST': options.host}
    async with reach_aws({name: value for name, value in overrides.items() if value}) as aws:
        stop = stop_signal()
        context, states = make_context(aws)
        await open_access(context.access, aws.settings)
        for finding in await context.findings():
            if not finding.ok:
                log.error('%s: %s', finding.what, finding.message)
            elif finding.message:
                log.warning('%s %s', finding.what, finding.message)
        server = make_server(aws.settings, context)
        sockets = bind(aws.settings['NYSA_PORT'], aws.settings['NYSA_HOST'])
        async with Loops() as loops:
            start_loops(loops, aws, context)
            server.listen(sockets)
            host, port = sockets[0].getsockname()[:2]
            loops.start('health', partial(beat, aws.settings[HEALTH_FILE], 'serve', health_address(host, port)))
            print(*where(host, port), *aws.about, sep='\n', flush=True)
            freeze_startup_objects()
            await stop.wait()
            log.info('stopping')
            await stop_serving(server, context, states)
    return 0


def where(host: str, port: int) -> list[str]:
    """The first lines of a server: where it is, and what to open."""
    base = f'http://{host}:{port}'
    return [
        f'Nysa {VERSION} listens on {base}',
        f'Open {base}/cp in a browser. The API is described at {base}/api/docs.',
    ]


def make_server(settings: Settings, context: Context) -> Server:
    wanted, of_address = settings['NYSA_MAX_CONNECTIONS'], settings['NYSA_MAX_CONNECTIONS_PER_ADDRESS']
    is_default = of_address is None
    if is_default and not settings['NYSA_PROXIES']:
        of_address = CONNECTIONS_OF_ADDRESS
    bounds = Bounds(connections_possible(wanted), of_address, spares_loopback=is_default)
    if bounds.connections < wanted:
        log.info('at most %d connections are accepted: the process may not open more files', bounds.connections)
    return Server(make_application(context), bounds, max_body_size=MAX_BODY_BYTES)


async def stop_serving(server: Server, context: Context, states: DesiredStates) -> None:
    """Finish what was begun for a caller, for so long as a stop may take; what is left is answered as unknown."""
    server.stop()
    context.sockets.close()
    context.live.askers.stop()
    try:
        async with asyncio.timeout(FINISH_WITHIN_S):
            await context.in_flight.finished()
    except TimeoutError:
        log.warning('requests without an answer at the stop: AWS has not answered %s', context.in_flight.causes())
        context.in_flight.expire()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_WITHIN_S - FINISH_WITHIN_S):
            await states.close()
            await context.live.close()
            await context.recorder.close()
            await context.in_flight.answered()
    await server.close()


async def relay_events(options: argparse.Namespace) -> int:
    given = {'NYSA_RELAY_SERVER': options.server, 'NYSA_RELAY_CLUSTERS': options.clusters}
    settings = read_settings(
        {'PROFILE': 'relay'} | os.environ, overrides={n: v for n, v in given.items() if v}, only='environment'
    )
    webhook = await webhook_address()
    clusters = [each.strip() for each in settings['NYSA_RELAY_CLUSTERS'].split(',') if each.strip()]
    channel = Channel(settings['NYSA_RELAY_SERVER'], clusters, settings['NYSA_RELAY_TOKEN'])
    site = os.environ.get('NYSA_URL') or settings['NYSA_RELAY_SERVER'].rstrip('/')
    stop = stop_signal()
    relaying = asyncio.create_task(relay(channel, webhook, RelayState(settings['NYSA_RELAY_STATE']), site))
    stopping = asyncio.create_task(stop.wait())
    print(f'Relaying the events of {settings["NYSA_RELAY_SERVER"]}', flush=True)
    async with Loops() as loops:
        loops.start('health', partial(beat, settings[HEALTH_FILE], 'relay'))
        await asyncio.wait((relaying, stopping), return_when=asyncio.FIRST_COMPLETED)
    for each in (relaying, stopping):
        each.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await relaying
    return 0


async def webhook_address() -> str:
    """Where the relay posts to: from the environment, which needs no AWS, or from the profile's secret."""
    profile, secret = os.environ.get('PROFILE', 'local'), None
    if WEBHOOK not in os.environ and profile != 'local':
        with contextlib.closing(Connection()) as connection:
            secret = await read_secret(connection, secret_name(profile))
    address = os.environ.get(WEBHOOK) or (secret or {}).get(WEBHOOK)
    try:
        if not address:
            raise ValueError('in the environment, or with PROFILE in its secret')
        return BY_NAME[WEBHOOK].read(address)
    except ValueError as error:
        raise Misconfigured('The relay needs a webhook.', [{'path': WEBHOOK, 'message': f'must be {error}'}]) from None


def start_loops(loops: Loops, aws: Aws, context: Context) -> None:
    """What runs beside the server: in `PROFILE=local` everything, elsewhere what each replica does for itself."""
    loops.start('announcements', context.sweeper.run)
    loops.start('revisions', context.live.run)
    loops.start('audit', context.audit_news.run)
    events_queue = aws.settings['AWS_SQS_ECS_EVENTS_QUEUE']
    watcher = Watcher(
        context.live, context.look, TOLD if events_queue else POLLED, outcomes=partial(pass_outcomes.read, aws.bucket)
    )
    loops.start('watcher', watcher.run)
    if events_queue:
        loops.start('ECS events', EcsEvents(Queue(aws.connection, events_queue), watcher.hint).run)
    loops.start('heartbeats', context.sockets.run)
    start_access_loops(loops, context.access, context.sockets)
    if aws.settings['PROFILE'] == 'local':
        loops.start('scheduler', make_scheduler(aws).run)


async def schedule(options: argparse.Namespace) -> int:
    async with reach_aws({}, own=False) as aws:
        stop = stop_signal()
        scheduler = make_scheduler(aws)
        with serve_metrics(aws):
            working = asyncio.create_task(scheduler.run())
            print(f'Nysa {VERSION} makes ECS match what {aws.settings["AWS_S3_BUCKET"]} holds', flush=True)
            stopping = asyncio.create_task(stop.wait())
            async with Loops() as loops:
                loops.start('health', partial(beat, aws.settings[HEALTH_FILE], 'scheduler'))
                await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            log.info('stopping')
            scheduler.stop()
            await asyncio.wait([working], timeout=STOP_WITHIN_S)
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
    return 0


@contextlib.contextmanager
def serve_metrics(aws: Aws) -> Iterator[None]:
    """A page with the metrics, on the port that is set for it, if one is."""
    if (port := aws.settings['NYSA_METRICS_PORT']) is None:
        yield
        return
    try:
        server, thread = start_http_server(port, aws.settings['NYSA_HOST'], aws.metrics.registry)
    except OSError as error:
        raise Misconfigured(f'NYSA_METRICS_PORT: {port} cannot be listened on: {error.strerror}.') from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def show_plan(options: argparse.Namespace) -> int:
    async with reach_aws({}, own=False) as aws:
        reconciler = make_reconciler(aws)
        passes = make_passes(aws, RevisionStore(aws.bucket), reconciler, plan_commands.print_progress)
        return await plan_commands.show_plan(
            passes, reconciler, options.cluster, options.file, prune=options.prune, as_json=options.json
        )


async def apply(options: argparse.Namespace) -> int:
    async with reach_aws({}, own=False) as aws:
        passes = make_passes(aws, RevisionStore(aws.bucket), make_reconciler(aws), plan_commands.print_progress)
        return await plan_commands.apply(passes, options.cluster, options.prune)


def health_address(host: str, port: int) -> str:
    """Where this machine reaches its own server; one that listens on all addresses is reached on loopback."""
    host = {'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host)  # noqa: S104  what is listened on, not listening
    return f'http://{f"[{host}]" if ":" in host else host}:{port}/healthz'


def bind(port: int, host: str) -> list[socket.socket]:
    try:
        return bind_sockets(port, host)
    except OSError as error:
        raise Misconfigured(
            f'{host}:{port} cannot be listened on: {error.strerror}. NYSA_PORT names another.'
        ) from error


def stop_signal() -> asyncio.Event:
    """Set when the process is asked to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


# What takes its time.
COMMANDS = {'serve': serve, 'scheduler': schedule, 'plan': show_plan, 'apply': apply, 'relay': relay_events}


def main(arguments: Sequence[str]) -> int:
    options = read_options(arguments, __doc__.partition('\n')[0], VERSION)
    if options.command == 'check':
        return check_files(options.files, sys.stdout, options.json)
    if options.command == 'token':
        return print_token(options, os.environ.get('PROFILE', '{PROFILE}'), sys.stdout, sys.stderr)
    log_lines.set_up()
    # 2 is the status of a plan that has steps.
    misconfigured = 1 if options.command == 'plan' else 2
    if not os.environ.get('PROFILE') and options.command != 'relay':
        print(
            'PROFILE is not set. PROFILE=local runs everything here, on an embedded AWS. Any other value names the\n'
            'configuration: with PROFILE=prod it is the secret prod/nysa-api-server in AWS Secrets Manager.',
            file=sys.stderr,
        )
        return misconfigured
    try:
        return asyncio.run(COMMANDS[options.command](options))
    except Misconfigured as error:
        print(
            error.message,
            *(f'  {each["path"]}: {each["message"]}' for each in error.details()),
            sep='\n',
            file=sys.stderr,
        )
        return misconfigured
    except NysaError as error:
        print(error.message, file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(terminal.run(main, sys.argv[1:]))
