"""Rules for placement: launch type, capacity providers, network, controller."""

from collections.abc import Iterator

from stack.stackfile.fields import FARGATE_PROVIDERS
from stack.stackfile.semantics.rules import Finding, Subject, rule


@rule('capacity_providers')
def launch_type_or_providers(subject: Subject) -> Iterator[Finding]:
    if subject.settings.capacity_providers and 'launch_type' in subject.raw and 'capacity_providers' in subject.raw:
        yield ('launch_type',), 'capacity_providers take the place of launch_type: leave one out'


@rule('capacity_providers')
def providers_are_consistent(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"""
    providers = subject.settings.capacity_providers
    if not providers:
        return
    names = [provider.name for provider in providers]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield ('capacity_providers', i), f'{name} is above already'
    if sum(provider.base > 0 for provider in providers) > 1:
        yield ('capacity_providers',), 'one provider alone may have a base'
    if not any(provider.weight or provider.base for provider in providers):
        yield ('capacity_providers',), 'at least one provider needs a weight'
    kinds = {name in FARGATE_PROVIDERS for name in names}
    if len(kinds) > 1:
        yield ('capacity_providers',), 'FARGATE and FARGATE_SPOT do not mix with providers of instances'


@rule('network', 'network_mode', 'dns_discovery', 'launch_type', 'capacity_providers')
def network_is_of_the_task(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.network and settings.task_network != 'awsvpc' and 'network' in subject.raw:
        yield ('network',), f'tasks in network mode {settings.task_network} have no network of their own'


@rule('network')
def network_has_subnets(subject: Subject) -> Iterator[Finding]:
    network, vpc = subject.settings.network, subject.top.vpc
    if network is None:
        return
    for field in ('subnets', 'security_groups'):
        for word in getattr(network, field) or ():
            if word in ('public', 'private') and not (vpc and getattr(getattr(vpc, field), word)):
                yield ('network', field), f'needs vpc.{field}.{word}'


@rule('network_mode', 'launch_type', 'dns_discovery')
def network_mode_fits(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.on_fargate and settings.task_network != 'awsvpc':
        yield ('network_mode',), 'FARGATE needs awsvpc'
    if settings.launch_type == 'EXTERNAL' and not settings.capacity_providers and settings.task_network == 'awsvpc':
        yield ('network_mode',), 'EXTERNAL has no awsvpc'


@rule('placement_strategy')
def strategies_are_complete(subject: Subject) -> Iterator[Finding]:
    for i, strategy in enumerate(subject.settings.placement_strategy):
        if strategy.type != 'random' and strategy.field is None:
            yield ('placement_strategy', i), f'{strategy.type} needs a field'


RULES = (
    launch_type_or_providers,
    providers_are_consistent,
    network_is_of_the_task,
    network_has_subnets,
    network_mode_fits,
    strategies_are_complete,
)
