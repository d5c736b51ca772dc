"""YAML as people expect it: plain data by the core schema of YAML 1.2, and where each part stands.

One pass over the parser's events builds the data, so that nothing here recurses: composing nodes, as
PyYAML's loaders do, lets libyaml overrun the C stack on deep nesting. https://yaml.org/spec/1.2.2/#103-core-schema
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from stack.errors import InvalidStackfile
from stack.stackfile.places import Place

MAX_DEPTH = 32
MAX_NODES = 250_000
MAX_CHARACTERS = 1024 * 1024
MAX_FAULTS = 100

# Everything that YAML lets stand in a text: https://yaml.org/spec/1.2.2/#51-character-set
_NOT_PRINTABLE = re.compile('[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(('', '~', 'null', 'Null', 'NULL')),
    **dict.fromkeys(('true', 'True', 'TRUE'), True),
    **dict.fromkeys(('false', 'False', 'FALSE'), False),
}
_NUMBER_START = frozenset('-+.0123456789')
# A leading zero makes text of it, unlike in the core schema: account ids and postal codes are written so.
_WHOLE = re.compile(r'[-+]?(?:0|[1-9][0-9]*)')
_OTHER_BASE = re.compile(r'0o[0-7]+|0x[0-9a-fA-F]+')
_DECIMAL = re.compile(r'[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?')
_NOT_FINITE = re.compile(r'[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)')
_LONGEST_NUMBER = 300

_CORE = 'tag:yaml.org,2002:'
_TAGGED_SCALARS = {f'{_CORE}{n}': t for n, t in (('null', type(None)), ('bool', bool), ('int', int), ('float', float))}
_COLLECTION_TAGS = (None, '!', f'{_CORE}map', f'{_CORE}seq')


def load(text: str) -> tuple[Any, Place]:
    """The data of a YAML text, and the places of its parts.

    Raises InvalidStackfile with line and column where the text is not YAML, holds a key twice, a tag or
    several documents, or is nested or multiplied by aliases beyond reason.
    """
    strange = _NOT_PRINTABLE.search(text)
    if strange:
        before = text[: strange.start()]
        line, column = before.count('\n') + 1, len(before) - before.rfind('\n')
        _refuse([_Fault(line, column, f'the character U+{ord(strange[0]):04X} cannot stand in YAML')])
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        said = ', '.join(filter(None, [e.context, e.problem]))
        _refuse([_Fault(mark.line + 1, mark.column + 1, _explained(said, text, mark))])
    except yaml.YAMLError as e:
        _refuse([_Fault(1, 1, f'not YAML: {e}')])
    if builder.faults:
        _refuse(builder.faults)
    return builder.data, builder.place


def resolve(text: str) -> Any:
    """What a plain (unquoted) scalar means; raises ValueError for a number that JSON cannot hold."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START:
        return text
    number: float | None = None
    if len(text) <= _LONGEST_NUMBER:
        if _WHOLE.fullmatch(text):
            return int(text)
        if _OTHER_BASE.fullmatch(text):
            return int(text, 0)
        if _DECIMAL.fullmatch(text):
            number = float(text)
    elif _WHOLE.fullmatch(text) or _DECIMAL.fullmatch(text):
        raise ValueError('a number of so many digits cannot be kept: put it in quotes')
    if _NOT_FINITE.fullmatch(text) or (number is not None and math.isinf(number)):
        raise ValueError(f'the number {text} cannot be kept: put it in quotes')
    return text if number is None else number


@dataclass(frozen=True)
class _Fault:
    line: int
    column: int
    message: str


@dataclass
class _Node:
    """A part of the document, with what its aliases would add: nodes, characters, levels."""

    data: Any
    place: Place
    nodes: int = 1
    characters: int = 0
    height: int = 0


@dataclass
class _Open(_Node):
    """A collection that has not ended yet."""

    anchor: str | None = None
    key: str | None = None
    key_place: Place | None = None
    merged: list[_Node] | None = None  # what `<<` brings in; the list exists while its value is awaited, too
    expects_merge: bool = False

    def add(self, node: _Node) -> None:
        self.nodes += node.nodes
        self.characters += node.characters
        self.height = max(self.height, node.height + 1)


@dataclass
class _Builder:
    data: Any = None
    place: Place = field(default_factory=lambda: Place(1, 1))
    faults: list[_Fault] = field(default_factory=list)
    _stack: list[_Open] = field(default_factory=list)
    _anchors: dict[str, _Node | None] = field(default_factory=dict)
    _documents: int = 0
    _nodes: int = 0
    _characters: int = 0

    def take(self, event: yaml.Event) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event, {} if kind is yaml.MappingStartEvent else [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                self._stop(event, 'a second document starts here: one is all that is read')

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        place = _place(event)
        if self._awaits_key():
            self._key(event, place)
            return
        self._count(event, 1, len(event.value))
        node = _Node(self._value(event), place, characters=len(event.value))
        if event.anchor:
            self._anchors[event.anchor] = node
        self._attach(node, event)

    def _value(self, event: yaml.ScalarEvent) -> Any:
        tag = event.tag
        try:
            if tag is None:
                return resolve(event.value) if event.implicit[0] else event.value
            if tag in ('!', f'{_CORE}str'):
                return event.value
            if tag in _TAGGED_SCALARS and isinstance(value := resolve(event.value), _TAGGED_SCALARS[tag]):
                return value
        except ValueError as e:
            return self._fault(event, str(e))
        return self._fault(event, f'the tag {_tag_text(tag)} is not read here: only plain data')

    def _key(self, event: yaml.ScalarEvent, place: Place) -> None:
        """A key is its text as written: `80: x` has the key "80", as it would have in JSON."""
        top = self._stack[-1]
        self._count(event, 1, len(event.value))
        top.nodes += 1
        top.characters += len(event.value)
        if event.tag not in (None, '!', f'{_CORE}str'):
            self._fault(event, f'the tag {_tag_text(event.tag)} cannot stand at a key')
        top.key, top.key_place = event.value, place
        top.expects_merge = event.value == '<<' and event.implicit[0]
        twice = top.merged is not None if top.expects_merge else event.value in top.data
        if twice:
            self._fault(event, f'the key {_short(event.value)} stands here for the second time')
        if event.anchor:
            self._anchors[event.anchor] = _Node(event.value, place, characters=len(event.value))

    def _open(self, event: yaml.CollectionStartEvent, data: Any) -> None:
        if self._awaits_key():
            self._stop(event, 'a key must be text, not a list or a mapping')
        if len(self._stack) >= MAX_DEPTH:
            self._stop(event, f'nested deeper than {MAX_DEPTH} levels')
        if event.tag not in _COLLECTION_TAGS:
            self._fault(event, f'the tag {_tag_text(event.tag)} is not read here: only plain data')
        self._count(event, 1, 0)
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1, {} if data == {} else [])
        self._stack.append(_Open(data, place, anchor=event.anchor))
        if event.anchor:
            self._anchors[event.anchor] = None  # known, but not to be used before it has ended

    def _close(self) -> None:
        node = self._stack.pop()
        if node.merged:
            _merge(node)
        if node.anchor:
            self._anchors[node.anchor] = node
        self._attach(node, None)

    def _alias(self, event: yaml.AliasEvent) -> None:
        node = self._anchors.get(event.anchor)
        if node is None:
            known = event.anchor in self._anchors
            self._stop(event, f'*{event.anchor} refers to {"itself" if known else "an anchor that is not there"}')
        if self._awaits_key():
            if not isinstance(node.data, str):
                self._stop(event, 'a key must be text')
            self._key(yaml.ScalarEvent(None, None, (False, True), node.data, event.start_mark), _place(event))
            return
        self._count(event, node.nodes, node.characters)
        if len(self._stack) + node.height > MAX_DEPTH:
            self._stop(event, f'nested deeper than {MAX_DEPTH} levels')
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1, node.place.children)
        self._attach(_Node(_copied(node.data), place, node.nodes, node.characters, node.height), event)

    def _awaits_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].data, dict) and self._stack[-1].key is None

    def _attach(self, node: _Node, event: yaml.Event | None) -> None:
        if not self._stack:
            self.data, self.place = node.data, node.place
            return
        top = self._stack[-1]
        top.add(node)
        if isinstance(top.data, list):
            top.data.append(node.data)
            top.place.children.append(node.place)
            return
        key, key_place, top.key = top.key, top.key_place, None
        if not top.expects_merge:
            top.data[key] = node.data
            top.place.children[key] = Place(key_place.line, key_place.column, node.place.children)
            return
        top.expects_merge = False
        top.merged = list(_merge_sources(node))
        if any(not isinstance(source.data, dict) for source in top.merged):
            top.merged = []
            self.faults.append(_Fault(key_place.line, key_place.column, '<< takes a mapping, or a list of mappings'))

    def _count(self, event: yaml.Event, nodes: int, characters: int) -> None:
        self._nodes += nodes
        self._characters += characters
        if self._nodes > MAX_NODES:
            self._stop(event, f'more than {MAX_NODES:,} parts, aliases written out')
        if self._characters > MAX_CHARACTERS:
            self._stop(event, f'more than {MAX_CHARACTERS:,} characters, aliases written out')

    def _fault(self, event: yaml.Event, message: str) -> None:
        self.faults.append(_Fault(event.start_mark.line + 1, event.start_mark.column + 1, message))
        if len(self.faults) >= MAX_FAULTS:
            _refuse(self.faults)

    def _stop(self, event: yaml.Event, message: str) -> NoReturn:
        self._fault(event, message)
        _refuse(self.faults)


def _refuse(faults: list[_Fault]) -> NoReturn:
    first = faults[0]
    more = f' (and {len(faults) - 1} more)' if len(faults) > 1 else ''
    details = [{'path': '', 'line': f.line, 'column': f.column, 'message': f.message} for f in faults]
    raise InvalidStackfile(f'line {first.line}, column {first.column}: {first.message}{more}', details)


def _place(event: yaml.Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _merge_sources(node: _Node) -> Iterator[_Node]:
    if not isinstance(node.data, list):
        yield node
        return
    for data, place in zip(node.data, node.place.children, strict=True):
        yield _Node(data, place)


def _merge(node: _Open) -> None:
    """Keys of the mapping itself win over merged ones, earlier merged ones over later: https://yaml.org/type/merge.html"""
    data: dict = {}
    children: dict = {}
    for source in [*reversed(node.merged), node]:
        data.update(source.data)
        children.update(source.place.children)
    node.data = data
    node.place = Place(node.place.line, node.place.column, children)


def _copied(data: Any) -> Any:
    """As deep as the document may be nested, and no deeper; what two aliases stand for is never one object."""
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_copied(item) for item in data]
    return data


def _tag_text(tag: str) -> str:
    return _short(f'!!{tag.removeprefix(_CORE)}' if tag.startswith(_CORE) else tag)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f'{text[:59]}…')


def _explained(said: str, text: str, mark: Any) -> str:
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ''
    if line[mark.column : mark.column + 1] == '\t':
        return f'{said} (a tab: indent with spaces)'
    return said
