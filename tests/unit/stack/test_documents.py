"""The generated parts of docs/."""

from pathlib import Path

import pytest

from stack.documents import END, GENERATED, START, renewed

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize('name', GENERATED)
def test_documents_are_as_make_docs_writes_them(name: str):
    text = (ROOT / name).read_text()
    assert text == renewed(text, GENERATED[name]()), f'{name} is behind the code: run make docs'


@pytest.mark.parametrize('text', ['', START, END, f'{END}{START}'])
def test_a_document_without_a_place_for_it(text: str):
    with pytest.raises(ValueError, match='no generated part'):
        renewed(text, 'x')


def test_only_the_generated_part_changes():
    assert renewed(f'a\n{START}old\n{END}b\n', 'new\n') == f'a\n{START}\nnew\n\n{END}b\n'
