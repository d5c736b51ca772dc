"""YAML, hostile first."""

import contextlib
import string
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stack.errors import InvalidStackfile
from stack.stackfile.yaml12 import MAX_DEPTH, MAX_FAULTS, load
from tests.unit.stack.stackfile.examples import TOO_LONG

LETTERS = string.ascii_lowercase


def lists_of_lists(wide: int, deep: int) -> str:
    lines = [f'a: &a [{", ".join("x" * wide)}]']
    lines += [f'{LETTERS[i]}: &{LETTERS[i]} [{", ".join([f"*{LETTERS[i - 1]}"] * wide)}]' for i in range(1, deep)]
    return '\n'.join(lines)


def merges_of_merges(wide: int, deep: int) -> str:
    lines = [f'a: &a {{{", ".join(f"k{i}: 1" for i in range(wide))}}}']
    for i in range(1, deep):
        lines.append(f'{LETTERS[i]}: &{LETTERS[i]} {{<<: [{", ".join([f"*{LETTERS[i - 1]}"] * wide)}]}}')
    return '\n'.join(lines)


BOMBS = {
    'lists': '[' * 60_000,
    'closed lists': '[' * 60_000 + ']' * 60_000,
    'mappings': '{a: ' * 60_000,
    'dashes': '- ' * 60_000,
    'question marks': '? ' * 60_000,
    'anchors': '&a ' * 60_000,
    'aliases of lists': lists_of_lists(9, 20),
    'wide aliases': lists_of_lists(300, 4),
    'aliases of a long text': f'a: &a {"x" * 100_000}\nb: [{", ".join(["*a"] * 1000)}]',
    'a list in itself': 'a: &a [*a]',
    'a mapping merged into itself': 'a: &a {<<: *a}',
    'aliases nested beyond depth': 'a0: &a0 [x]\n' + '\n'.join(f'a{i}: &a{i} [*a{i - 1}]' for i in range(1, 40)),
    'parts': '[' + 'x,' * 300_000 + ']',
    'a long number': 'a: ' + '9' * 1_000_000,
    'a long key': 'x' * 500_000 + ': 1',
    'faults': '\n'.join(['a: .inf'] * 10_000),
    'document starts': '---\n' * 100_000,
    'comments and a tab': '#\n' * 100_000 + '\t- a',
    'quotes': '"' * 100_001,
    'braces and colons': '{' + ':,' * 100_000,
}


@pytest.mark.parametrize('bomb', BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_refused_in_time(bomb: str):
    started = time.thread_time()
    with pytest.raises(InvalidStackfile) as refused:
        load(bomb)
    assert time.thread_time() - started < TOO_LONG
    detail = refused.value.details()[0]
    assert detail['line'] >= 1
    assert detail['column'] >= 1
    assert len(refused.value.message) < 400
    assert len(refused.value.details()) <= MAX_FAULTS


def test_merges_of_merges_cost_what_they_come_to():
    started = time.thread_time()
    data, _ = load(merges_of_merges(9, 20))
    assert data['t'] == data['a']
    assert time.thread_time() - started < TOO_LONG


def test_what_is_as_deep_as_allowed_is_read():
    text = '[' * MAX_DEPTH + ']' * MAX_DEPTH
    assert load(text)[0] == yaml.safe_load(text)


@pytest.mark.parametrize(
    ('text', 'line', 'column', 'message'),
    [
        ('a: 1\nb: 2\na: 3', 3, 1, "the key 'a' is repeated here"),
        ('a: {b: 1, "b": 2}', 1, 11, "the key 'b' is repeated here"),
        ('x: 1\n1: a\n"1": b', 3, 1, "the key '1' is repeated here"),
        ('a: 1\nb: !!python/object:os.system x', 2, 4, "the tag '!!python/object:os.system' is not allowed"),
        ('a: !Ref x', 1, 4, "the tag '!Ref' is not allowed"),
        ('a: !!int x', 1, 4, "the tag '!!int' is not allowed"),
        ('a: !!set {x}', 1, 4, "the tag '!!set' is not allowed"),
        ('!!int a: 1', 1, 1, "the tag '!!int' is not allowed at a key"),
        ('a: .inf', 1, 4, 'the number .inf cannot be represented'),
        ('a: 1\n---\nb: 2', 2, 1, 'a second document starts here'),
        ('? [a]\n: 1', 1, 3, 'a key must be text'),
        ('? {a: 1}\n: 1', 1, 3, 'a key must be text'),
        ('a: &x [1]\n? *x\n: 1', 2, 3, 'a key must be text'),
        ('a: *x', 1, 4, '*x refers to an anchor that does not exist'),
        ('a: b: c', 1, 5, 'mapping values are not allowed'),
        ('a:\n\t- b', 2, 1, 'indent with spaces'),
        ('a: [1, 2', 2, 1, "did not find expected ',' or ']'"),
        ('a: "x', 1, 6, 'unexpected end of stream'),
        ('<<: 1', 1, 1, '<< needs a mapping'),
        ('a: 1\n<<: [{b: 1}, 2]', 2, 1, '<< needs a mapping'),
        ('<<: {a: 1}\n<<: {b: 1}', 2, 1, "the key '<<' is repeated here"),
        ('a: x\nb: \x00', 2, 4, 'the character U+0000 is not allowed in YAML'),
        ('a: \x1b', 1, 4, 'the character U+001B is not allowed in YAML'),
        ('%YAML 3.0\n---\na: 1', 1, 1, 'found incompatible YAML document'),
        ('a: "\\ud83d"', 1, 7, 'found invalid Unicode character escape code'),
        ('a: @b', 1, 4, 'found character that cannot start any token'),
    ],
)
def test_faults_have_a_position(text: str, line: int, column: int, message: str):
    with pytest.raises(InvalidStackfile) as refused:
        load(text)
    detail = refused.value.details()[0]
    assert (detail['line'], detail['column']) == (line, column)
    assert message in detail['message']
    assert refused.value.message.startswith(f'line {line}, column {column}: ')


def test_all_recoverable_faults_are_reported():
    with pytest.raises(InvalidStackfile) as refused:
        load('a: 1\na: 2\nb: !x y\nc: .nan\n')
    assert [detail['line'] for detail in refused.value.details()] == [2, 3, 4]


@pytest.mark.parametrize(
    ('text', 'data'),
    [
        ('', None),
        ('# nothing', None),
        ('---\n', None),
        ('[22:22, on, 012, 2024-01-02, 0x1F, true, ~]', ['22:22', 'on', '012', '2024-01-02', 31, True, None]),
        ('80: x\ntrue: y\nnull: z\n~: w', {'80': 'x', 'true': 'y', 'null': 'z', '~': 'w'}),
        ('a: !!str 012\nb: !!int 7\nc: !!bool "true"', {'a': '012', 'b': 7, 'c': True}),
        ('a: !!map {b: !!seq [1]}\nc: ! 12', {'a': {'b': [1]}, 'c': '12'}),
        ('a: "22"\nb: \'on\'\nc: |\n  x\n  y\n', {'a': '22', 'b': 'on', 'c': 'x\ny\n'}),
        ('a: &x k\n*x : 1', {'a': 'k', 'k': 1}),
        ('a: &x {b: [1]}\nc: *x\nd: [*x, *x]', {'a': {'b': [1]}, 'c': {'b': [1]}, 'd': [{'b': [1]}, {'b': [1]}]}),
    ],
)
def test_data(text: str, data: object):
    assert load(text)[0] == data


@pytest.mark.parametrize(
    ('text', 'merged'),
    [
        ('{<<: *b, y: 3}', {'x': 1, 'y': 3}),
        ('{y: 3, <<: *b}', {'x': 1, 'y': 3}),
        ('{<<: [*c, *b]}', {'x': 9, 'y': 2, 'z': 8}),
        ('{<<: [*b, *c]}', {'x': 1, 'y': 2, 'z': 8}),
        ('{<<: {q: 1}}', {'q': 1}),
        ('{<<: []}', {}),
        ('{"<<": 1}', {'<<': 1}),
    ],
)
def test_merge_keys(text: str, merged: dict):
    document = f'b: &b {{x: 1, y: 2}}\nc: &c {{x: 9, z: 8}}\nd: {text}\n'
    assert load(document)[0]['d'] == merged


def test_what_aliases_stand_for_is_never_shared():
    data, _ = load('a: &x {b: [1]}\nc: *x\nd: {<<: *x}')
    data['c']['b'].append(2)
    data['d']['b'].append(3)
    assert data == {'a': {'b': [1]}, 'c': {'b': [1, 2]}, 'd': {'b': [1, 3]}}


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    # the characters that YAML allows in a text, with any quoting
    | st.text(st.characters(codec='utf-8', exclude_categories=('Cs', 'Cc'), exclude_characters='\ufffe\uffff')),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(LETTERS, min_size=1), parts, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_what_yaml_writes_is_read_back(data: object):
    assert load(yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True))[0] == data


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str):
    with contextlib.suppress(InvalidStackfile):
        load(text)
