"""The rehearsal of a planned change: every check of its services at once, within a time limit."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from stack.configuration.permissions import actions_of
from stack.errors import AwsFailed
from stack.reconcile.wanted import Wanted, wanted_services
from stack.reconcile.wanted_shared import Shared, wanted_shared
from stack.rehearsal.capacity_checks import capacity_probes
from stack.rehearsal.certificate_checks import certificate_probes
from stack.rehearsal.facts import Facts
from stack.rehearsal.finding import Rehearsed, Unchecked
from stack.rehearsal.image_checks import image_probes
from stack.rehearsal.log_checks import log_probes
from stack.rehearsal.network_checks import address_probes, network_probes
from stack.rehearsal.quota_checks import CHECK as QUOTA
from stack.rehearsal.quota_checks import COUNTED, adding, judge_quotas
from stack.rehearsal.role_checks import role_probes
from stack.rehearsal.secret_checks import secret_probes
from stack.rehearsal.start import Probe, Result, Start
from stack.rollouts.refusals import is_denied
from stack.runtime.off_loop import call_off_loop

log = logging.getLogger(__name__)

# How long a plan waits for the checks, in seconds.
WITHIN_S = 15.0

OF_A_SERVICE: tuple[Callable[[Start], Iterator[Probe]], ...] = (
    image_probes,
    secret_probes,
    role_probes,
    log_probes,
    certificate_probes,
    network_probes,
)

NOTHING = Rehearsed()


class Rehearsal:
    """Checks services of a desired state against AWS; it changes nothing, and raises nothing for what AWS refuses."""

    def __init__(self, facts: Facts, region: str | None, within_s: float = WITHIN_S):
        self._facts = facts
        self._region = region
        self._within_s = within_s

    async def rehearse(self, cluster: str, document: Mapping[str, Any], services: Collection[str]) -> Rehearsed:
        """What would fail when these services start; without services, no call is made."""
        starts = await call_off_loop(starts_of, cluster, document, services, self._region)
        probes = [probe for start in starts for make in OF_A_SERVICE for probe in make(start)]
        probes += [*capacity_probes(starts), *address_probes(starts)]
        return Rehearsed.of((start.service for start in starts), await self._results(probes))

    async def quotas(self, cluster: str, document: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]) -> Rehearsed:
        """Which quotas the steps of a plan, as JSON, would exceed; where they add nothing, no call is made."""
        counted = [step for step in steps if step['kind'] in COUNTED]
        added = adding(counted, wanted_services(cluster, document, self._region)) if counted else {}
        services = {name for numbers in added.values() for name in numbers}
        if not services:
            return NOTHING

        async def ask(facts: Facts) -> Iterable[Result]:
            balancers = [use.balancer for use in added if use.balancer]
            rules = await asyncio.gather(*(facts.rules(each) for each in balancers))
            return list(judge_quotas(added, await facts.quotas(), dict(zip(balancers, rules, strict=True))))

        return Rehearsed.of((), await self._results([Probe(min(services), QUOTA, 'elb', ask)]))

    async def _results(self, probes: list[Probe]) -> list[Result]:
        """The results of all probes; one without an answer in time counts as not checked."""
        tasks = {asyncio.create_task(self._ask(probe)): probe for probe in probes}
        if not tasks:
            return []
        try:
            done, _ = await asyncio.wait(tasks, timeout=self._within_s)
        finally:
            for task in tasks:
                task.cancel()
        results: list[Result] = []
        for task, probe in tasks.items():
            results += task.result() if task in done else [_late(probe, self._within_s)]
        return results

    async def _ask(self, probe: Probe) -> list[Result]:
        try:
            return list(await probe.ask(self._facts))
        except AwsFailed as failed:
            return [_failed(probe, failed)]
        except Exception:
            # A stored document may contain what no check expects; a plan is made all the same.
            log.exception('the check %s of %s failed', probe.check, probe.service)
            return [
                Unchecked(probe.service, probe.path, probe.check, 'The check failed; the log of Nysa has the reason.')
            ]


def starts_of(cluster: str, document: Mapping[str, Any], services: Collection[str], region: str | None) -> list[Start]:
    """The starts of some services of a desired state, in the document's order."""
    listed, chosen = document.get('services'), frozenset(services)
    kept = (
        [item for item in listed if isinstance(item, dict) and not chosen.isdisjoint(item)]
        if isinstance(listed, list)
        else []
    )
    if not kept:
        return []
    wanted = wanted_services(cluster, {**document, 'services': kept}, region)
    shared = wanted_shared(cluster, document, wanted)
    return [Start(cluster, region, each, _behind(each, shared)) for name, each in wanted.items() if name in chosen]


def _behind(wanted: Wanted, shared: tuple[Shared, ...]) -> tuple[Shared, ...]:
    names = {each.balancer for each in wanted.balancers.routed}
    return tuple(each for each in shared if each.name in names)


def _late(probe: Probe, within_s: float) -> Unchecked:
    return _unchecked(probe, f'AWS did not answer within {within_s:g} s.')


def _failed(probe: Probe, failed: AwsFailed) -> Unchecked:
    if is_denied(failed.aws_code):
        permission = ', '.join(actions_of(failed.operation))
        return _unchecked(probe, f'The permission {permission} is missing.', permission)
    return _unchecked(probe, failed.message)


def _unchecked(probe: Probe, message: str, permission: str | None = None) -> Unchecked:
    return Unchecked(probe.service, probe.path, probe.check, message, permission)
