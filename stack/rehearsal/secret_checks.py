"""Checks of secrets and parameters: whether they exist. Their values are never read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from stack.rehearsal.facts import Facts, Secret
from stack.rehearsal.start import Probe, Results, Start
from stack.rollouts.stop_kinds import REGISTRY_AUTH, SECRET, StopReason
from stack.stackfile.secret_references import ParameterReference, SecretReference, reference

SECRETS, PARAMETERS = 'secrets', 'parameters'

KEYS = 'The JSON keys within secrets are not looked for: that would need their values.'


@dataclass(frozen=True)
class Use:
    """One `valueFrom`, with the field that states it, and the class of a failure to read it."""

    path: str
    value_from: str
    reason: StopReason = SECRET


def uses(start: Start) -> Iterator[Use]:
    """Everything that the tasks read of Secrets Manager and Systems Manager before they start."""
    for prefix, container in start.containers():
        logging: Mapping[str, Any] = container.get('logConfiguration') or {}
        for secret in container.get('secrets') or ():
            yield Use(f'{prefix}secrets.{secret["name"]}', secret['valueFrom'])
        for secret in logging.get('secretOptions') or ():
            yield Use(f'{prefix}logging.secret_options.{secret["name"]}', secret['valueFrom'])
        credentials = (container.get('repositoryCredentials') or {}).get('credentialsParameter')
        if credentials:
            yield Use(f'{prefix}registry_credentials', credentials, REGISTRY_AUTH)


def secret_probes(start: Start) -> Iterator[Probe]:
    parameters: dict[str | None, list[tuple[Use, ParameterReference]]] = {}
    for use in uses(start):
        named = reference(use.value_from, start.region)
        if isinstance(named, SecretReference):
            yield Probe(start.service, SECRETS, use.path, partial(_ask_secret, start, use, named))
        else:
            parameters.setdefault(named.region, []).append((use, named))
    for region, used in parameters.items():
        ask = partial(_ask_parameters, start, region, used)
        yield Probe(start.service, PARAMETERS, used[0][0].path, ask)


async def _ask_secret(start: Start, use: Use, named: SecretReference, facts: Facts) -> Results:
    return list(judge_secret(start, use, named, await facts.secret(named.arn)))


def judge_secret(start: Start, use: Use, named: SecretReference, secret: Secret | None) -> Results:
    if secret is None:
        yield start.finding(SECRETS, use.path, use.reason, f'Secrets Manager has no secret {named.name}.')
    elif secret.is_deleted:
        message = f'The secret {named.name} is scheduled for deletion, so it cannot be read.'
        yield start.finding(SECRETS, use.path, use.reason, message)
    elif not _has_version(secret, named):
        which = f'id {named.version}' if named.version else f'the stage {named.stage or "AWSCURRENT"}'
        message = f'The secret {named.name} has no version with {which}.'
        yield start.finding(SECRETS, use.path, use.reason, message)
    elif named.key:
        yield start.unchecked(SECRETS, use.path, KEYS)


def _has_version(secret: Secret, named: SecretReference) -> bool:
    if named.version:
        return named.version in secret.stages
    return any((named.stage or 'AWSCURRENT') in stages for stages in secret.stages.values())


async def _ask_parameters(
    start: Start, region: str | None, used: Sequence[tuple[Use, ParameterReference]], facts: Facts
) -> Results:
    known = await facts.parameters(frozenset(name for _, named in used for name in named.names), region)
    return [
        start.finding(
            PARAMETERS, use.path, use.reason, f'Systems Manager has no parameter {named.names[0]} ({region or "here"}).'
        )
        for use, named in used
        if not known.intersection(named.names)
    ]
