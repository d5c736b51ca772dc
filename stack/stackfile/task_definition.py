"""Rendering of a service's settings to the arguments of RegisterTaskDefinition."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stack.stackfile.fields import ServiceSettings
from stack.stackfile.main_container import CONTAINER_TAG
from stack.stackfile.naming import family
from stack.stackfile.rendering import Context, place_of
from stack.stackfile.values import deeply_merged

CLUSTER_TAG = 'nysa:cluster'
SERVICE_TAG = 'nysa:service'


def register_arguments(cluster: str, settings: ServiceSettings, region: str | None = None) -> dict[str, Any]:
    """Arguments of RegisterTaskDefinition for one service of a cluster.

    `region`: the cluster's, for `awslogs` without a region of its own.
    """
    context = Context(cluster, settings, region)
    definition = {
        'family': family(cluster, settings.name),
        **_task_members(settings, context),
        'containerDefinitions': _containers(settings, context),
        'tags': [{'key': CLUSTER_TAG, 'value': cluster}, {'key': SERVICE_TAG, 'value': settings.name}],
    }
    tags = settings.tags if settings.task_definition_tags is None else settings.task_definition_tags
    if settings.main_container in settings.containers:
        definition['tags'].append({'key': CONTAINER_TAG, 'value': settings.main_container})
    definition['tags'] += [{'key': key, 'value': value} for key, value in tags.items()]
    return deeply_merged(definition, settings.ecs.task_definition) if settings.ecs else definition


def rendered_members(settings: ServiceSettings, region: str | None = None) -> dict[str, dict[str, Any]]:
    """The members that the fields of a service render at every place of the pass-through, without the pass-through."""
    context = Context('', settings, region)
    return {
        'task_definition': _task_members(settings, context),
        'container': place_of(settings, 'container', replace(context, container=settings)),
        'service': place_of(settings, 'service', context),
    }


def _task_members(settings: ServiceSettings, context: Context) -> dict[str, Any]:
    derived = ('FARGATE',) if settings.on_fargate else ()
    compatibilities = list(derived if settings.compatibilities is None else settings.compatibilities)
    return {
        **({} if settings.task_network == 'default' else {'networkMode': settings.task_network}),
        **({'requiresCompatibilities': compatibilities} if compatibilities else {}),
        **place_of(settings, 'task', context),
        **(place_of(settings.task, 'task', context) if settings.task else {}),
    }


def _containers(settings: ServiceSettings, context: Context) -> list[dict[str, Any]]:
    """The containers: the main one first, or at the position that `containers` names."""
    main = _container(settings, settings.main_container, settings.ecs.container if settings.ecs else {}, context)
    rendered = [
        main
        if isinstance(container, str)
        else _container(container, container.name, container.ecs.container if container.ecs else {}, context)
        for container in settings.containers
    ]
    return rendered if main in rendered else [main, *rendered]


def _container(container: Any, name: str, pass_through: Mapping[str, Any], context: Context) -> dict[str, Any]:
    fields = place_of(container, 'container', replace(context, container=container))
    merged: dict[str, Any] = deeply_merged({'name': name, 'essential': True, **fields}, pass_through)
    return merged
