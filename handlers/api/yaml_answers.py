"""Answers in YAML, by content negotiation."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stack.stackfile.yaml_writer import write

if TYPE_CHECKING:
    from handlers.base import ApiHandler

YAML_ANSWER = 'application/yaml; charset=UTF-8'
LINE = 118


def wants_yaml(headers: Mapping[str, str]) -> bool:
    """Whether the Accept header names YAML before JSON and before `*/*`."""
    accepted = [each.partition(';')[0].strip().lower() for each in headers.get('Accept', '').split(',')]
    ranked = [each for each in accepted if 'yaml' in each or each in ('application/json', '*/*')]
    return bool(ranked) and 'yaml' in ranked[0]


def reply_yaml(
    handler: 'ApiHandler', content: Any, comments: Iterable[str] = (), *, revision: str | None = None
) -> None:
    """Answer with the content as the caller may see it."""
    handler.set_header('Content-Type', YAML_ANSWER)
    if revision is not None:
        handler.set_header('ETag', f'"{revision}"')
    handler.finish(yaml_text(handler.visible(content), comments))


def yaml_text(document: Any, comments: Iterable[str] = ()) -> str:
    """The document as YAML in its own order, below comments with any text."""
    lines = [line for each in comments for line in textwrap.wrap(_on_one_line(each), LINE, subsequent_indent='  ')]
    above = ''.join(f'# {line}\n' for line in lines)
    return f'{above}\n' * bool(above) + write(document)


def _on_one_line(text: str) -> str:
    """The text without line breaks: YAML ends a comment at several kinds of them."""
    return ''.join(each if each.isprintable() else ' ' for each in text)
