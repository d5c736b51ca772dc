"""YAML parser: plain data by the core schema of YAML 1.2, with the position of every part.

One pass over the parser's events builds the data without recursion: composing nodes, as PyYAML's loaders do, lets
libyaml overrun the C stack in a deeply nested text.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import yaml

from stack.errors import InvalidStackfile
from stack.stackfile.places import Path, Place
from stack.stackfile.problems import Problem, details, in_text
from stack.stackfile.scalars import resolve

MAX_DEPTH = 32
# Both count the value of an alias at every use.
MAX_NODES = 150_000
MAX_CHARACTERS = 1024 * 1024
MAX_FAULTS = 100

# The characters that YAML allows in a text: https://yaml.org/spec/1.2.2/#51-character-set
_NOT_PRINTABLE = re.compile('[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')

_CORE = 'tag:yaml.org,2002:'
_TEXT_TAGS = (None, '!', f'{_CORE}str')
_SCALAR_TAGS = {f'{_CORE}{n}': t for n, t in (('null', type(None)), ('bool', bool), ('int', int), ('float', float))}
_COLLECTION_TAGS: Mapping[type, tuple[str | None, ...]] = {
    dict: (None, '!', f'{_CORE}map'),
    list: (None, '!', f'{_CORE}seq'),
}


def load(text: str) -> tuple[Any, Place]:
    """The data of a YAML text, and the places of its parts.

    Raises InvalidStackfile with line and column where the text is not YAML, has a repeated key, a tag or several
    documents, or is nested or expanded by aliases beyond the limits.
    """
    data, place, faults = load_faulty(text)
    if faults:
        _refuse(faults)
    return data, place


def load_faulty(text: str) -> tuple[Any, Place, list[Problem]]:
    """As `load`, but recoverable faults, such as a repeated key, are returned."""
    strange = _NOT_PRINTABLE.search(text)
    if strange:
        before = text[: strange.start()]
        line, column = before.count('\n') + 1, len(before) - before.rfind('\n')
        _refuse([Problem((), f'the character U+{ord(strange[0]):04X} is not allowed in YAML', line, column)])
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        message = ', '.join(filter(None, [e.context, e.problem]))
        if mark is None:
            raise InvalidStackfile(message) from None
        _refuse([Problem((), message + _hint(text, mark), mark.line + 1, mark.column + 1)])
    return builder.root[0], builder.place(), builder.faults


class _Open:
    """An open collection; in a mapping, `key` waits for its value, and `last` is the previous key."""

    __slots__ = ('anchor', 'children', 'data', 'expects_merge', 'key', 'key_mark', 'last', 'merged')

    def __init__(self, data: Any, children: Any, anchor: str | None):
        self.data = data
        self.children = children
        self.anchor = anchor
        self.key: str | None = None
        self.last: str | None = None
        self.key_mark: Any = None
        self.expects_merge = False
        self.merged: tuple[Any, Any, Any] | None = None  # the value of `<<`: data, places, and the key's mark


class _Builder:
    """A builder of data (`root`) and places (`place()`) from parser events."""

    def __init__(self) -> None:
        self.root: tuple[Any, Any] = (None, None)
        self.faults: list[Problem] = []
        self._root_mark: Any = None
        self._stack: list[_Open] = []
        # data and places by anchor; None for an open collection, which must not be referred to
        self._anchors: dict[str, tuple[Any, Any] | None] = {}
        self._documents = 0
        self._nodes = 0
        self._characters = 0

    def place(self) -> Place:
        mark = self._root_mark
        return (mark.line + 1, mark.column + 1, self.root[1]) if mark else (1, 1, None)

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open(event, {}, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open(event, [], [])
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(event, 'a second document starts here; only one is allowed')

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        text = event.value
        self._count(event, 1, len(text))
        is_key = self._awaits_key()
        if is_key:
            # a key is its text: `80: x` has the key "80", as in JSON
            if event.tag not in _TEXT_TAGS:
                self._fault(event, f'the tag {_tag_text(event.tag)} is not allowed at a key', text)
            self._key(event, text, is_merge=text == '<<' and event.implicit[0])
            value = text
        else:
            value = self._value(event)
            self._attach(value, None, event.start_mark)
        if event.anchor:
            self._anchors[event.anchor] = (value, None)

    def _value(self, event: yaml.ScalarEvent) -> Any:
        tag = event.tag
        try:
            if tag in _TEXT_TAGS:
                return resolve(event.value) if tag is None and event.implicit[0] else event.value
            value = resolve(event.value)
        except ValueError as e:
            self._fault(event, str(e))
            return event.value
        if tag not in _SCALAR_TAGS or not isinstance(value, _SCALAR_TAGS[tag]):
            self._fault(event, f'the tag {_tag_text(tag)} is not allowed: only plain data')
        return value

    def _key(self, event: yaml.Event, text: str, is_merge: bool) -> None:
        top = self._stack[-1]
        if (top.merged is not None) if is_merge else text in top.data:
            self._fault(event, f'the key {_short(text)} is repeated here', text)
        top.key = top.last = text
        top.key_mark, top.expects_merge = event.start_mark, is_merge

    def _open(self, event: yaml.CollectionStartEvent, data: Any, children: Any) -> None:
        if self._awaits_key():
            self._stop(event, 'a key must be text, not a list or a mapping')
        if len(self._stack) >= MAX_DEPTH:
            self._stop(event, f'nested deeper than {MAX_DEPTH} levels')
        if event.tag not in _COLLECTION_TAGS[type(data)]:
            self._fault(event, f'the tag {_tag_text(event.tag)} is not allowed: only plain data')
        self._count(event, 1, 0)
        self._attach(data, children, event.start_mark)
        self._stack.append(_Open(data, children, event.anchor))
        if event.anchor:
            self._anchors[event.anchor] = None

    def _close(self) -> None:
        done = self._stack.pop()
        if done.merged:
            self._merge(done, done.merged)
        if done.anchor:
            self._anchors[done.anchor] = (done.data, done.children)

    def _merge(self, into: _Open, merged: tuple[Any, Any, Any]) -> None:
        """Own keys win over merged ones, earlier merged ones over later: https://yaml.org/type/merge.html"""
        data, children, mark = merged
        parts = zip(data, (place[2] for place in children), strict=True) if type(data) is list else [(data, children)]
        sources = [*reversed(list(parts)), (dict(into.data), dict(into.children))]
        if any(type(source) is not dict for source, _ in sources):
            path = (*_open_at(self._stack), '<<')
            message = '<< needs a mapping or a list of mappings'
            self.faults.append(Problem(path, message, mark.line + 1, mark.column + 1))
            return
        # in place: the outer mapping already contains this one
        into.data.clear()
        into.children.clear()
        for source, places in sources:
            into.data.update(source)
            into.children.update(places)

    def _alias(self, event: yaml.AliasEvent) -> None:
        anchor = event.anchor or ''
        anchored = self._anchors.get(anchor)
        if anchored is None:
            known = anchor in self._anchors
            self._stop(event, f'*{anchor} refers to {"itself" if known else "an anchor that does not exist"}')
        data, children = anchored
        nodes, characters, height = _extent(data)
        self._count(event, nodes, characters)
        if len(self._stack) + height > MAX_DEPTH:
            self._stop(event, f'nested deeper than {MAX_DEPTH} levels')
        if not self._awaits_key():
            self._attach(_copied(data), children, event.start_mark)
        elif isinstance(data, str):
            self._key(event, data, is_merge=False)
        else:
            self._stop(event, 'a key must be text')

    def _awaits_key(self) -> bool:
        if not self._stack:
            return False
        top = self._stack[-1]
        return top.key is None and type(top.data) is dict

    def _attach(self, data: Any, children: Any, mark: Any) -> None:
        """Add a part to the open collection; a new collection is filled after that."""
        if not self._stack:
            self.root, self._root_mark = (data, children), mark
            return
        top = self._stack[-1]
        if type(top.data) is list:
            top.data.append(data)
            top.children.append((mark.line + 1, mark.column + 1, children))
            return
        mark = top.key_mark
        if top.expects_merge:
            top.merged = (data, children, mark)
        else:
            top.data[top.key] = data
            top.children[top.key] = (mark.line + 1, mark.column + 1, children)
        top.key = None

    def _count(self, event: yaml.Event, nodes: int, characters: int) -> None:
        self._nodes += nodes
        self._characters += characters
        if self._nodes > MAX_NODES:
            self._stop(event, f'more than {MAX_NODES:,} parts, with aliases expanded')
        if self._characters > MAX_CHARACTERS:
            self._stop(event, f'more than {MAX_CHARACTERS:,} characters, with aliases expanded')

    def _fault(self, event: yaml.Event, message: str, key: str | None = None) -> None:
        mark: Any = event.start_mark
        self.faults.append(Problem(self._path(key), message, mark.line + 1, mark.column + 1))
        if len(self.faults) >= MAX_FAULTS:
            _refuse(self.faults)

    def _path(self, key: str | None) -> Path:
        """The path of the next part: below `key`, below the key that waits for it, or at the end of a list."""
        if not self._stack:
            return ()
        *around, top = self._stack
        last = len(top.data) if type(top.data) is list else key or top.key
        return (*_open_at(around), *([] if last is None else [last]))

    def _stop(self, event: yaml.Event, message: str) -> NoReturn:
        self._fault(event, message)
        _refuse(self.faults)


def _open_at(collections: Iterable[_Open]) -> Path:
    """The path of the innermost open collection."""
    return tuple(
        collection.last or '' if type(collection.data) is dict else len(collection.data) - 1
        for collection in collections
    )


def _extent(data: Any) -> tuple[int, int, int]:
    """Nodes, characters and levels of the value of an alias, which is no deeper than `MAX_DEPTH`."""
    if isinstance(data, str):
        return 1, len(data), 0
    if not isinstance(data, dict | list):
        return 1, 0, 0
    parts = [_extent(part) for part in (data.values() if isinstance(data, dict) else data)]
    keys = data if isinstance(data, dict) else ()
    return (
        1 + len(keys) + sum(part[0] for part in parts),
        sum(map(len, keys)) + sum(part[1] for part in parts),
        1 + max((part[2] for part in parts), default=0),
    )


def _copied(data: Any) -> Any:
    """A deep copy: two aliases must not share an object that an edit changes."""
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_copied(item) for item in data]
    return data


def _refuse(faults: list[Problem]) -> NoReturn:
    raise InvalidStackfile(in_text(faults), details(faults))


def _tag_text(tag: str | None) -> str:
    tag = tag or ''
    return _short(f'!!{tag.removeprefix(_CORE)}' if tag.startswith(_CORE) else tag)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f'{text[:59]}…')


def _hint(text: str, mark: Any) -> str:
    line = next(iter(text.splitlines()[mark.line : mark.line + 1]), '')
    return ' (a tab: indent with spaces)' if line[mark.column : mark.column + 1] == '\t' else ''
