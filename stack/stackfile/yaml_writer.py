"""YAML writer whose output the parser of this package reads back as the same data.

A string is plain only where both YAML 1.2's core schema, which the parser follows, and YAML 1.1, which many other
programs follow, read it as that string.
"""

import re
from typing import Any

import yaml

from stack.stackfile.scalars import resolve

# Line breaks of some parsers, and characters that an editor may change or hide: written as escapes.
ESCAPED = re.compile(
    '[^\\n\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]'
)


def write(data: Any) -> str:
    """The data as YAML, in its order: mappings, lists, strings, finite numbers, booleans and None."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def scalar(value: Any) -> str:
    """One string, number, boolean or None, as written after a key."""
    text = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, width=float('inf'))
    return text.removesuffix('\n').removesuffix('\n...')


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Write no anchors for shared objects."""
        return True


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = '"' if ESCAPED.search(text) else None if _is_plain(text) else "'"
    return dumper.represent_scalar('tag:yaml.org,2002:str', text, style=style)


def _is_plain(text: str) -> bool:
    """Whether the parser reads it as a string without quotes; PyYAML checks YAML 1.1."""
    try:
        return isinstance(resolve(text), str)
    except ValueError:
        return False


_Dumper.add_representer(str, _text)
