"""Rules for one container: variables, secrets, logs, volumes, checks."""

from collections.abc import Iterator
from dataclasses import replace

from stack.stackfile.semantics.rules import Finding, Subject, rule
from stack.stackfile.volumes import Volume


@rule('environment', 'secrets')
def secrets_have_names_of_their_own(subject: Subject) -> Iterator[Finding]:
    for name in subject.settings.secrets:
        if name in subject.settings.environment:
            yield ('secrets',), f'{name} is in environment, too'


@rule('volumes', 'mounts')
def volumes_do_not_collide(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    sources: dict[str, Volume] = {}
    mounted = set()
    for i, volume in enumerate(settings.volumes):
        source = replace(volume, mount=None, read_only=False)
        if sources.setdefault(volume.name, source) != source:
            yield ('volumes', i), f'{volume.name} is another volume above'
        if len(volume.kinds) > 1:
            yield ('volumes', i), f'expected one kind of storage; found {", ".join(volume.kinds)}'
        if volume.mount and volume.mount in mounted:
            yield ('volumes', i), f'{volume.mount} is mounted above already'
        mounted.add(volume.mount)
    for i, mount in enumerate(settings.mounts):
        if mount.mount in mounted:
            yield ('mounts', i), f'{mount.mount} is mounted above already'
        mounted.add(mount.mount)


@rule('placement_constraints')
def constraints_are_complete(subject: Subject) -> Iterator[Finding]:
    for i, constraint in enumerate(subject.settings.placement_constraints):
        if constraint.type == 'memberOf' and constraint.expression is None:
            yield ('placement_constraints', i), 'memberOf needs an expression'
        if constraint.type == 'distinctInstance' and constraint.expression is not None:
            yield ('placement_constraints', i, 'expression'), 'distinctInstance has no expression'


@rule('scheduling_strategy', 'desired_count')
def daemon_counts_by_itself(subject: Subject) -> Iterator[Finding]:
    if subject.settings.scheduling_strategy == 'DAEMON' and 'desired_count' in subject.raw:
        yield ('desired_count',), 'a DAEMON runs one task on each instance: leave desired_count out'


RULES = (
    secrets_have_names_of_their_own,
    volumes_do_not_collide,
    constraints_are_complete,
    daemon_counts_by_itself,
)
