"""The main container of a task definition: the service's own, among sidecars."""

from collections.abc import Mapping, Sequence
from typing import Any

Definition = Mapping[str, Any]

CONTAINER_TAG = 'nysa:container'


def main_container(definition: Definition, service: str = '') -> Mapping[str, Any]:
    """The container that a tag of the definition names, else that of the service's name, else the first essential one.

    Empty where there is none. Definitions whose main container is not the first have the tag.
    """
    containers: Sequence[Mapping[str, Any]] = definition.get('containerDefinitions') or [{}]
    if len(containers) == 1:
        return containers[0]
    tags = {tag.get('key'): tag.get('value') for tag in definition.get('tags') or ()}
    named = (container for container in containers if container.get('name') == tags.get(CONTAINER_TAG, service))
    essential = (container for container in containers if is_essential(container))
    return next(named, None) or next(essential, None) or containers[0]


def main_first(definition: Definition, service: str) -> Definition:
    """The definition with its main container first."""
    definition = dict(definition)
    main = main_container(definition, service)
    others = [container for container in definition.get('containerDefinitions') or () if container is not main]
    return {**definition, 'containerDefinitions': [main, *others]}


def essential_names(definition: Definition) -> frozenset[str]:
    """The names of the essential containers: the task ends with any of them."""
    containers = definition.get('containerDefinitions') or ()
    return frozenset(container['name'] for container in containers if is_essential(container) and container.get('name'))


def is_essential(container: Mapping[str, Any]) -> bool:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (default true)"""
    return container.get('essential') is not False
