"""The edit of a proposal: it leads to the proposed document, and to the same change of a newer one."""

from typing import Any

import pytest

from stack.changes.proposed_edit import edit_between, edited


def document(**services: Any) -> dict[str, Any]:
    return {'services': [{name: settings} for name, settings in services.items()]}


@pytest.mark.parametrize(
    ('before', 'after', 'newer', 'result'),
    [
        (
            document(web={'image': 'a:1'}),
            document(web={'image': 'a:2'}),
            document(web={'image': 'a:1', 'memory': 9}, api={'image': 'b:1'}),
            document(web={'image': 'a:2', 'memory': 9}, api={'image': 'b:1'}),
        ),
        (document(web={}, api={}), document(api={}), document(web={'a': 1}, api={}), document(api={})),
        (document(web={}), document(web={}, new={'a': 1}), document(api={}), document(api={}, new={'a': 1})),
        (
            {'tags': {'a': 'b'}, **document(web={})},
            document(web={}),
            {'tags': {'c': 'd'}, **document(web={})},
            document(web={}),
        ),
    ],
)
def test_an_edit_is_made_of_a_newer_document(before: Any, after: Any, newer: Any, result: Any):
    edit = edit_between(before, after)
    assert edit is not None
    assert edited(before, edit) == after
    assert edited(newer, edit) == result


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        ({'services': [{'web': {}}, {'web': {}}]}, document(web={'a': 1})),
        (document(web={}), document(web={'a': None})),
        (document(web={}, api={}), document(api={}, web={})),
        ({'services': 'none'}, document(web={})),
        ({'services': [{'web': None}]}, document(web={})),
    ],
)
def test_what_no_edit_expresses_has_none(before: Any, after: Any):
    assert edit_between(before, after) is None or edited(before, edit_between(before, after) or {}) == after
