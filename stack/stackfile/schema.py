"""Shape of a stackfile: a voluptuous schema derived from the field table."""

from typing import Any

from voluptuous import MultipleInvalid, Schema

from stack.stackfile.entries import record
from stack.stackfile.fields import Stackfile
from stack.stackfile.places import path_of
from stack.stackfile.problems import Problem

SCHEMA = Schema(record(Stackfile).check)


def shape_mistakes(data: Any) -> list[Problem]:
    """The mistakes in the shape of `data`, which may be any JSON value."""
    try:
        SCHEMA(data)
    except MultipleInvalid as e:
        return [Problem(path_of(error.path), error.error_message) for error in e.errors]
    return []
