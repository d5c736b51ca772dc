"""Parsed desired states are shared by everything that reads them: a test fails in which one is changed."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stack.state import revisions

Parse = Callable[[bytes], Any]


@pytest.fixture(autouse=True)
def unchanged_documents(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compare at the end each desired state that was read with the text that is stored."""
    read: dict[tuple[bytes, int], Any] = {}

    def noting(parse: Parse) -> Parse:
        def parsed(body: bytes) -> Any:
            value = parse(body)
            return read.setdefault((body, id(value)), value)

        return parsed

    monkeypatch.setattr(revisions, '_small', noting(revisions._small))
    monkeypatch.setattr(revisions, '_large', noting(revisions._large))
    yield
    changed = [body for (body, _), value in read.items() if value is not None and json.dumps(value) != _stored(body)]
    assert not changed, 'A desired state was changed in place, and is shared.'


def _stored(body: bytes) -> str:
    return json.dumps(json.loads(body))
