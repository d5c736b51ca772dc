"""The documents match the code."""

import json
import re
from pathlib import Path

import pytest

from docs.generate import END, GENERATED, ROOT, START, renewed
from handlers.document.openapi import endpoints
from handlers.routes import ROUTES
from nysa_server import VERSION

DOCUMENTS = [ROOT / 'README.md', ROOT / 'CHANGELOG.md', *sorted((ROOT / 'docs').rglob('*.md'))]
CALL = re.compile(r'\b(GET|PUT|POST|PATCH|DELETE) (/[\w./{}-]*)')


def there(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize('name', GENERATED)
def test_generated_parts_are_fresh(name: str):
    text = (ROOT / name).read_text()
    assert renewed(text, GENERATED[name]()) == text, 'run `make docs`'


@pytest.mark.parametrize('text', ['', START, END, f'{END}{START}'])
def test_a_document_without_a_place_for_it(text: str):
    with pytest.raises(ValueError, match='no generated part'):
        renewed(text, 'x')


def test_only_the_generated_part_changes():
    assert renewed(f'a\n{START}old\n{END}b\n', 'new\n') == f'a\n{START}\nnew\n\n{END}b\n'


@pytest.mark.parametrize('document', DOCUMENTS, ids=there)
def test_links_lead_somewhere(document: Path):
    text = document.read_text()
    targets = re.findall(r'\]\(([^)#\s]+)(?:#[^)]*)?\)', text) + re.findall(r'\b(?:src|srcset)="([^"]+)"', text)
    missing = [each for each in targets if '://' not in each and not (document.parent / each).exists()]
    assert not missing


@pytest.mark.parametrize('document', DOCUMENTS, ids=there)
def test_tests_that_are_named_are_there(document: Path):
    named = re.findall(r'`(tests/[\w/]+\.py)`', document.read_text())
    assert not [each for each in named if not (ROOT / each).exists()]


@pytest.mark.parametrize('document', DOCUMENTS, ids=there)
def test_calls_in_the_documents_exist(document: Path):
    """Written as `GET /api/v1/clusters/{cluster}`, or from `/clusters` on."""
    known = {(each.verb.upper(), _bare(each.path)) for each in endpoints(ROUTES)}
    for verb, path in CALL.findall(document.read_text()):
        assert {(verb, _bare(path)), (verb, _bare('/api/v1' + path))} & known, f'{verb} {path} is not routed'


def test_every_call_is_in_the_api_document():
    written = (ROOT / 'docs' / 'api.md').read_text()
    for each in endpoints(ROUTES):
        assert f'`{each.verb.upper()} {each.path}`' in written


def _bare(path: str) -> str:
    return re.sub(r'\{\w+\}', '{}', path)


def test_ci_runs_what_a_developer_runs():
    """CI runs the very targets of the Makefile, and the quick one first."""
    makefile = (ROOT / 'Makefile').read_text()
    run = re.findall(r'^(?:exec )?make ([\w-]+)$', (ROOT / '.ci' / 'run').read_text(), re.M)
    assert run == ['lint', 'test', 'test-pythons', 'test-other-aws']
    assert all(f'\n{target}:' in makefile for target in run)


def test_there_is_one_version():
    """The server's, the packages', and that of the newest release in the changelog."""
    assert f'\nversion = {VERSION}\n' in (ROOT / 'setup.cfg').read_text()
    assert json.loads((ROOT / 'static' / 'package.json').read_text())['version'] == VERSION
    releases = re.findall(r'^## (\d+\.\d+\.\d+)', (ROOT / 'CHANGELOG.md').read_text(), re.MULTILINE)
    assert releases[0] == VERSION
