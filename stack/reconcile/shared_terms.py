"""One object for equal terms of AWS: most services of a fleet have most of their terms in common."""

import json
from functools import lru_cache
from typing import Any, TypeVar

# Different terms that are known, to be shared by all services with equal ones.
TERMS_KEPT = 2000

Terms = TypeVar('Terms')


def shared(terms: Terms) -> Terms:
    """Terms that are equal to these, and not to be changed: the same object for the same JSON, else these."""
    try:
        known: Terms = _read(json.dumps(terms))
    except TypeError:
        return terms
    return known if known == terms else terms


@lru_cache(TERMS_KEPT)
def _read(text: str) -> Any:
    return json.loads(text)
