"""JSON Schema of stackfiles, for completion and checks in editors."""

from functools import cache
from typing import Any

from stack.stackfile import ecs_model
from stack.stackfile.entries import record
from stack.stackfile.fields import Stackfile


@cache
def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the shape of a stackfile, generated from the field table.

    The rules of stack/stackfile/semantics are not in it.
    """
    return {
        '$schema': 'https://json-schema.org/draft/2020-12/schema',
        'title': 'Nysa stackfile',
        'description': 'The desired state of one ECS cluster.',
        **record(Stackfile).json,
        '$defs': {
            **{f'ecs.{place}': ecs_model.place_schema(place) for place in ecs_model.SHAPES},
            **ecs_model.definitions(),
        },
    }
