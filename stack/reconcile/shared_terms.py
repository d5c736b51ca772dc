"""One object for equal terms and values: services of a fleet have most of them in common."""

import json
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, TypeVar

# Different terms that are known, to be shared by all services with equal ones.
TERMS_KEPT = 2000

# … and values.
VALUES_KEPT = 2000

Terms = TypeVar('Terms')
Value = TypeVar('Value', bound=Hashable)


def shared(terms: Terms) -> Terms:
    """Terms that are equal to these, and not to be changed: the same object for the same JSON, else these."""
    try:
        known: Terms = _read(json.dumps(terms))
    except TypeError:
        return terms
    return known if known == terms else terms


def shared_value(value: Value) -> Value:
    """A value that is equal to this one, and cannot be changed."""
    known: Value = _first(value)
    return known


@lru_cache(VALUES_KEPT)
def _first(value: Any) -> Any:
    return value


@lru_cache(TERMS_KEPT)
def _read(text: str) -> Any:
    return json.loads(text)
