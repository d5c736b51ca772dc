"""What the container is given: variables, secrets, logs, volumes, checks."""

from collections.abc import Iterator

from stack.stackfile.semantics.rules import Finding, Subject, rule


@rule('environment', 'secrets')
def secrets_have_names_of_their_own(subject: Subject) -> Iterator[Finding]:
    for name in subject.settings.secrets:
        if name in subject.settings.environment:
            yield ('secrets',), f'{name} is in environment, too'


@rule('logging')
def logging_is_complete(subject: Subject) -> Iterator[Finding]:
    logging = subject.settings.logging
    if logging.log_driver is None and logging.options:
        yield ('logging',), 'the options need a log_driver'
    if logging.log_driver == 'awslogs' and 'awslogs-group' not in logging.options:
        yield ('logging',), 'the log driver awslogs needs the option awslogs-group'


@rule('volumes')
def volumes_do_not_collide(subject: Subject) -> Iterator[Finding]:
    hosts: dict[str, str] = {}
    mounted = set()
    for i, volume in enumerate(subject.settings.volumes):
        if hosts.setdefault(volume.name, volume.host) != volume.host:
            yield ('volumes', i), f'{volume.name} stands for another directory here'
        if volume.container in mounted:
            yield ('volumes', i), f'{volume.container} stands here for the second time'
        mounted.add(volume.container)


@rule('deployment_configuration', 'scheduling_strategy')
def rollout_can_move(subject: Subject) -> Iterator[Finding]:
    rollout = subject.settings.deployment_configuration
    if rollout is None or subject.settings.scheduling_strategy == 'DAEMON':
        return
    maximum = 200 if rollout.maximum_percent is None else rollout.maximum_percent
    minimum = 100 if rollout.minimum_healthy_percent is None else rollout.minimum_healthy_percent
    if minimum >= maximum:
        said = f'maximum_percent {maximum} and minimum_healthy_percent {minimum} leave a rollout no room to move'
        yield ('deployment_configuration',), said


@rule('placement_constraints')
def constraints_are_complete(subject: Subject) -> Iterator[Finding]:
    for i, constraint in enumerate(subject.settings.placement_constraints):
        if constraint.type == 'memberOf' and constraint.expression is None:
            yield ('placement_constraints', i), 'memberOf needs an expression'
        if constraint.type == 'distinctInstance' and constraint.expression is not None:
            yield ('placement_constraints', i, 'expression'), 'distinctInstance takes no expression'


@rule('scheduling_strategy', 'desired_count')
def daemon_counts_by_itself(subject: Subject) -> Iterator[Finding]:
    if subject.settings.scheduling_strategy == 'DAEMON' and 'desired_count' in subject.raw:
        yield ('desired_count',), 'a DAEMON runs one task on each instance: leave desired_count out'


RULES = (
    secrets_have_names_of_their_own,
    logging_is_complete,
    volumes_do_not_collide,
    rollout_can_move,
    constraints_are_complete,
    daemon_counts_by_itself,
)
