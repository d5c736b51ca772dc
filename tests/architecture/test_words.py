"""Plain technical English: the words that a reader stumbles over stay out of prose, names, messages and UI text.

Standard terms replace them: "notify" or "publish" for "tell", "again" for "anew", "the caller" for "whoever".
"""

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROSE = re.compile(
    r"""\b(
        told | tell(s|ing)?\ (it|them|the|who|what|where|how|when|apart) | tells?\ of
      | say | says | said
      | anew | once\ more | for\ ever | on\ the\ way
      | whoever | somebody | nobody
      | of\ ours | of\ theirs
      | lined\ up | written\ down | let(s|ting)?\ go\ of
      | in\ trouble | mend(s|ed|ing)? | does\ not\ hold
      | stands?\ (in|under|beside|there) | (is|are|was|were)\ taken
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
NAME = re.compile(r'(^|_)(told|said|ours|theirs|anew|lanes?|somebody)(_|$)')

TEXTS = ('.md', '.ts', '.tsx', '.css', '.html')

# Files that quote these words, each with its reason.
QUOTING = {
    'tests/architecture/test_words.py': 'lists the words',
    'stack/access/access.py': 'a value of the API',
    'stack/chat/relay_state.py': 'a key of files of version 0.1',
    'stack/rollouts/rollout_records.py': 'a field of stored records',
    'handlers/document/schemas/access.py': 'a value of the API',
    'static/src/lib/wire.ts': 'a value of the API, generated from its schema',
    'tests/unit/stack/chat/test_relay_state.py': 'a key of files of version 0.1',
}


def listed() -> list[str]:
    answer = subprocess.run(['git', 'ls-files'], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in answer.stdout.splitlines() if (ROOT / path).is_file()]


def words_in(path: str) -> Iterator[str]:
    """The words of a file, each with its line."""
    if path.endswith('.py'):
        yield from words_in_python((ROOT / path).read_text())
    elif path.endswith(TEXTS):
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            yield from (f'{number}: {match[0]}' for match in PROSE.finditer(line))


def words_in_python(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING, getattr(tokenize, 'FSTRING_MIDDLE', None)):
            found = [match[0] for match in PROSE.finditer(token.string)]
        elif token.type == tokenize.NAME and NAME.search(token.string.lower()):
            found = [token.string]
        else:
            continue
        yield from (f'{token.start[0]}: {word}' for word in found)


def test_words_are_those_of_the_field():
    found = {path: list(words_in(path)) for path in listed() if path not in QUOTING}
    assert not {path: words for path, words in found.items() if words}


@pytest.mark.parametrize('path', QUOTING)
def test_an_exempt_file_quotes_a_word(path: str):
    assert list(words_in(path))


@pytest.mark.parametrize(
    'source',
    ['"""What the caller is told."""', '# made anew', 'told = 1', 'def test_it_is_said(): ...', "f'{x} is taken'"],
)
def test_a_word_is_found_in_prose_and_in_names(source: str):
    assert len(list(words_in_python(source))) == 1


@pytest.mark.parametrize('source', ['# a total, the saying', 'essay = 1', 'plan = planes', "'mistaken'"])
def test_a_part_of_another_word_is_not_found(source: str):
    assert not list(words_in_python(source))
