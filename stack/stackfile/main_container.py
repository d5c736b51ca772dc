"""Which container of a task definition is the service's own, where sidecars run beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

Definition = Mapping[str, Any]

CONTAINER_TAG = 'nysa:container'


def main_container(definition: Definition, service: str = '') -> Mapping[str, Any]:
    """The container that a tag of the definition names, else that of the service's name, else the first essential one.

    Empty where there is none. The tag is on arguments of RegisterTaskDefinition whose main container is not the first.
    """
    containers: Sequence[Mapping[str, Any]] = definition.get('containerDefinitions') or [{}]
    tags = {each.get('key'): each.get('value') for each in definition.get('tags') or ()}
    named = (each for each in containers if each.get('name') == tags.get(CONTAINER_TAG, service))
    essential = (each for each in containers if is_essential(each))
    return next(named, None) or next(essential, None) or containers[0]


def main_first(definition: Definition, service: str) -> Definition:
    """The definition with its main container before all others."""
    main = main_container(definition, service)
    others = [each for each in definition.get('containerDefinitions') or () if each is not main]
    return {**definition, 'containerDefinitions': [main, *others]}


def essential_names(definition: Definition) -> frozenset[str]:
    """The names of the containers whose end is the end of the task."""
    containers = definition.get('containerDefinitions') or ()
    return frozenset(each['name'] for each in containers if is_essential(each) and each.get('name'))


def is_essential(container: Mapping[str, Any]) -> bool:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (default true)"""
    return container.get('essential') is not False
