"""The shape of a stackfile, checked by voluptuous; the schema itself is made from the table in fields.py."""

from typing import Any

from voluptuous import MultipleInvalid, Schema

from stack.stackfile.entries import record
from stack.stackfile.fields import Stackfile
from stack.stackfile.places import path_of
from stack.stackfile.problems import Problem

SCHEMA = Schema(record(Stackfile).check)


def shape_mistakes(data: Any) -> list[Problem]:
    """Every place in which `data` is not shaped as a stackfile, whatever it is."""
    try:
        SCHEMA(data)
    except MultipleInvalid as e:
        return [Problem(path_of(error.path), error.error_message) for error in e.errors]
    return []
