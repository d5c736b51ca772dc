"""Plain data as YAML that the reader of this package reads back as the same data.

A text is left without quotes only where both YAML 1.2's core schema, which the reader follows, and YAML 1.1, which many
other programs follow, read it as that text.
"""

import re
from typing import Any

import yaml

from stack.stackfile.scalars import resolve

# What a reader takes for a line break, and what an editor may change or hide: only escapes keep them.
ESCAPED = re.compile(
    '[^\\n\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]'
)


def write(data: Any) -> str:
    """The data, of mappings, lists, texts, finite numbers, truth values and None, in its own order."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def scalar(value: Any) -> str:
    """One text, number, truth value or None, as it is written after a key."""
    text = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, width=float('inf'))
    return text.removesuffix('\n').removesuffix('\n...')


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Two parts of a document that are one object are no reference for a person."""
        return True


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = '"' if ESCAPED.search(text) else None if _is_plain(text) else "'"
    return dumper.represent_scalar('tag:yaml.org,2002:str', text, style=style)


def _is_plain(text: str) -> bool:
    """Whether the reader takes it for a text without quotes; PyYAML itself looks after YAML 1.1."""
    try:
        return isinstance(resolve(text), str)
    except ValueError:
        return False


_Dumper.add_representer(str, _text)
