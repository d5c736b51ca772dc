"""Adopt a running cluster: observe it, convert it to a document, and store that as its first desired state."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stack.changes.adopt.document import Written, write
from stack.changes.change_request import Accepted, ChangeRequest
from stack.changes.desired_state import DesiredStates
from stack.configuration.accounts import KEYS
from stack.errors import AwsFailed
from stack.reconcile.names import RECORD_TAG
from stack.reconcile.observed import ExtendingObserver, Observed, TaskDefinition
from stack.reconcile.observed_balancers import LoadBalancer
from stack.reconcile.observed_names import Record
from stack.reconcile.plan import Note, Plan
from stack.reconcile.planner import plan
from stack.reconcile.scalable_target import ScalableTarget
from stack.rollouts.refusals import is_denied
from stack.runtime.off_loop import call_off_loop
from stack.stackfile.check import check
from stack.stackfile.effective import services
from stack.stackfile.problems import Problem

# Finds the records that point at any of the given DNS names: see `stack.aws.route53.aliases`.
FindAliases = Callable[[Collection[str]], Awaitable[tuple[Record, ...]]]
# Reads the scalable targets of some services of a cluster: see `stack.aws.autoscaling.scalable_targets`.
ReadScaling = Callable[[str, Sequence[str]], Awaitable[Mapping[str, ScalableTarget]]]
# Reads the features of load balancers and target groups that `elb` lacks, by ARN: see `stack.aws.elb_details.details`.
ReadDetails = Callable[[Collection[str], Collection[str]], Awaitable[Mapping[str, tuple[str, ...]]]]
# Finds the schedules that run tasks in a cluster, by its ARN, and reads their task definitions: see
# `stack.aws.schedules`.
FindSchedules = Callable[[str], Awaitable[Sequence[Mapping[str, Any]]]]
ReadDefinitions = Callable[[Collection[str]], Awaitable[Mapping[str, TaskDefinition]]]

# Reads the rules of listeners and attributes of target groups: see `stack.aws.elbv2.with_rules_and_attributes`.
ReadRules = Callable[[Observed], Awaitable[Observed]]

Document = dict[str, Any]

NOTHING: Document = {'services': []}


@dataclass(frozen=True)
class Readers:
    """The readers of what only an adoption needs."""

    find_aliases: FindAliases
    read_details: ReadDetails
    read_scaling: ReadScaling
    read_rules: ReadRules
    find_schedules: FindSchedules
    read_definitions: ReadDefinitions


@dataclass(frozen=True)
class Adoption:
    """A dry run: the document that would be stored, and the plan of its first deployment."""

    cluster: str
    written: Written
    plan: Plan
    warnings: Sequence[Problem] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            'cluster': self.cluster,
            'message': self.summary(),
            'config': self.written.document,
            'notes': [note.to_json() for note in self.written.notes],
            'plan': self.plan.to_json(),
            'warnings': [warning.detail() for warning in self.warnings],
        }

    def summary(self) -> str:
        described = len(list(services(self.written.document)))
        steps, notes = len(self.plan.steps), len(self.written.notes)
        return (
            f'{_counted(described, "service")} of {self.cluster} converted, with {_counted(notes, "note")}; '
            f'the first deployment would take {_counted(steps, "step")}.'
        )

    def lines(self) -> list[str]:
        """The summary and the notes, as comments above the document."""
        return [self.summary(), *(f'{note.service or self.cluster}: {note.text}' for note in self.written.notes)]


@dataclass(frozen=True)
class Adopted:
    """A stored document."""

    written: Written
    accepted: Accepted


class Adopter:
    """The use case. `propose` and `adopt` raise `InvalidRequest`, `AwsFailed`, and `Unprocessable` where the cluster is
    managed already or ECS has no such active cluster; nothing is changed then.
    """

    def __init__(
        self,
        states: DesiredStates,
        observer: ExtendingObserver,
        readers: Readers,
        region: str | None = None,
    ):
        self._states = states
        self._observer = observer
        self._readers = readers
        self._region = region

    async def propose(self, cluster: str, stated: Document = NOTHING) -> Adoption:
        """Dry run: what adopting the cluster would store, and what a deployment of that would do.

        `stated` has the account and region, where those of the cluster are not its usual ones.
        """
        warnings = await self._states.check_new(cluster, stated)
        written, observed = await self._write(cluster, stated)
        observed = await self._observer.extend(observed, written.document)
        return await call_off_loop(self._adoption, written, observed, warnings)

    def _adoption(self, written: Written, observed: Observed, warnings: Sequence[Problem]) -> Adoption:
        first = plan(written.document, observed, revision='', region=self._region)
        report = check(written.document, cluster=observed.cluster)
        return Adoption(observed.cluster, written, first, (*report.warnings, *warnings))

    async def adopt(self, cluster: str, request: ChangeRequest, stated: Document = NOTHING) -> Adopted:
        """Store what runs as the first desired state, with `stated` as in `propose`.

        Raises also `Frozen`, `Quarantined`, `TooLarge`.
        """
        await self._states.check_new(cluster, stated)
        written, _ = await self._write(cluster, stated)
        outcome = await self._states.create(cluster, written.document, replace(request, dry_run=False), verb='adopt')
        assert isinstance(outcome, Accepted)  # without dry_run there is no preview
        return Adopted(written, outcome)

    async def notes(self, cluster: str) -> list[Note]:
        """The notes of adopting what runs now, for a restored cluster that was not deployed yet.

        Raises `AwsFailed`, and `Unprocessable` where ECS has no such active cluster.
        """
        written, _ = await self._write(cluster)
        return list(written.notes)

    async def _write(self, cluster: str, stated: Document = NOTHING) -> tuple[Written, Observed]:
        """The document, and the observed state that it was written from."""
        observed = await self._readers.read_rules(await self._observer.observe(cluster, NOTHING))
        balancers = attached(observed)
        used = {
            attachment.get('targetGroupArn')
            for service in observed.services.values()
            for attachment in service.load_balancers
        }
        (records, unread), details, scaling, schedules = await asyncio.gather(
            self._records(observed, balancers, used),
            self._readers.read_details(
                [balancer.arn for balancer in balancers],
                [group.arn for group in observed.target_groups if group.arn in used],
            ),
            self._scaling(observed),
            self._readers.find_schedules(observed.cluster_arn),
        )
        observed = replace(observed, records=(*observed.records, *records), scaling=scaling)
        arns = {schedule['Target']['EcsParameters']['TaskDefinitionArn'] for schedule in schedules}
        scheduled = await self._readers.read_definitions(arns)
        with_definitions = replace(observed, definitions={**observed.definitions, **scheduled})
        # Off the event loop: a document of 176 services takes 2 s of processor time.
        written = await call_off_loop(write, with_definitions, self._region, details, schedules)
        written = replace(written, notes=(*unread, *written.notes))
        placed = {key: stated[key] for key in KEYS if key in stated}
        return replace(written, document={**placed, **written.document}), observed

    async def _records(
        self, observed: Observed, balancers: Sequence[LoadBalancer], used: Collection[str | None]
    ) -> tuple[tuple[Record, ...], list[Note]]:
        """The DNS records of load balancers, or a note where Nysa may not read them, as those of another account.

        Those that Nysa made have to be read: a document without them would delete them.
        """
        tags = [balancer.tags for balancer in balancers]
        tags += [group.tags for group in observed.target_groups if group.arn in used]
        try:
            return await self._readers.find_aliases({balancer.dns_name for balancer in balancers}), []
        except AwsFailed as failed:
            if not is_denied(failed.aws_code) or any(RECORD_TAG in each for each in tags):
                raise
            text = f'Not read: DNS records. They are not in the document, and stay as they are. {failed.message}'
            return (), [Note(None, text)]

    async def _scaling(self, observed: Observed) -> Mapping[str, ScalableTarget]:
        """The scalable targets; none where they cannot be read, which is what the observed state contains then."""
        if observed.unknown_scaling or not observed.autoscaled:
            return {}
        return await self._readers.read_scaling(observed.cluster, sorted(observed.autoscaled))


def attached(observed: Observed) -> list[LoadBalancer]:
    """The load balancers that forward to services of the cluster."""
    used = {
        attachment.get('targetGroupArn')
        for service in observed.services.values()
        for attachment in service.load_balancers
    }
    leading = {arn for group in observed.target_groups if group.arn in used for arn in group.load_balancers}
    return [balancer for balancer in observed.load_balancers if balancer.arn in leading]


def _counted(number: int, what: str) -> str:
    return f'{number} {what}{"" if number == 1 else "s"}'
