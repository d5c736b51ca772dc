"""View models of the page /api/docs, derived from the OpenAPI document."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tornado.escape import xhtml_escape

from handlers.api.body import JSON_TYPE

Json = Mapping[str, Any]

# A shape with more lines than this is shown in the section of shapes only, and linked from elsewhere.
MOST_LINES_INLINE = 30

TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=:)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>-?\d[\d.eE+-]*|true|false|null)'
)


@dataclass(frozen=True)
class Line:
    """One key of a shape. `depth` counts from 0, `kind` and `help` are HTML."""

    depth: int
    name: str
    kind: str
    required: bool
    help: str


@dataclass(frozen=True)
class Answer:
    status: str
    help: str
    shape: str | None
    media: tuple[str, ...]

    @property
    def colour(self) -> str:
        return {'2': 'good', '3': 'same'}.get(self.status[0], 'bad')


@dataclass(frozen=True)
class Call:
    """One verb at one path. `curl` and `answer_example` are HTML; `body` and `answer_shape` name shapes."""

    id: str
    verb: str
    path: str
    role: str
    summary: str
    help: str
    parameters: list[Json]
    body: str | None
    curl: str
    answers: list[Answer]
    answer_example: str

    @property
    def answer_shape(self) -> str | None:
        return self.answers[0].shape


@dataclass(frozen=True)
class Section:
    tag: str
    help: str
    calls: list[Call]

    @property
    def id(self) -> str:
        return self.tag.lower().replace(' ', '-')


def sections(document: Json, base: str) -> list[Section]:
    """The document's tags with their calls; `base` is the address before each path in the examples."""
    return [
        Section(
            tag['name'],
            prose(tag['description']),
            [
                _call(document, base, path, verb, operation)
                for path, verbs in document['paths'].items()
                for verb, operation in verbs.items()
                if tag['name'] in operation['tags']
            ],
        )
        for tag in document['tags']
    ]


def _call(document: Json, base: str, path: str, verb: str, operation: Json) -> Call:
    body = next(iter(operation.get('requestBody', {}).get('content', {}).items()), None)
    answers = [_answer(document, status, response) for status, response in operation['responses'].items()]
    return Call(
        id=operation['operationId'],
        verb=verb,
        path=path,
        role=operation['x-nysa-role'],
        summary=operation['summary'],
        help=prose(operation.get('description', '')),
        parameters=operation.get('parameters', []),
        body=_name(body[1]['schema']) if body else None,
        curl=curl(document, base, path, verb, operation),
        answers=answers,
        answer_example=example_html(document, answers[0].shape),
    )


def _answer(document: Json, status: str, response: Json) -> Answer:
    if '$ref' in response:
        response = document['components']['responses'][_name(response)]
    content = response.get('content', {})
    shape = next((_name(each['schema']) for each in content.values()), None)
    return Answer('other' if status == 'default' else status, prose(response['description']), shape, tuple(content))


def _name(reference: Json) -> str:
    target: str = reference['$ref']
    return target.rpartition('/')[2]


def _component(reference: Json) -> str:
    """The component of a reference to it or into it: `#/components/schemas/NAME/…`."""
    target: str = reference['$ref']
    return target.split('/')[3]


def _shape(document: Json, name: str) -> Json:
    shapes: Mapping[str, Json] = document['components']['schemas']
    return shapes[name]


# Examples


def curl(document: Json, base: str, path: str, verb: str, operation: Json) -> str:
    """The curl command of a call, as HTML."""
    for each in operation.get('parameters', []):
        if each['in'] == 'path':
            path = path.replace(f'{{{each["name"]}}}', quote(each['example']))
    method = '' if verb == 'get' else f'-X {verb.upper()} '
    command = f'curl {method}{shlex.quote(base + path)}'
    content = operation.get('requestBody', {}).get('content', {})
    if not content:
        return xhtml_escape(command)
    command += f" \\\n  -H 'Content-Type: {JSON_TYPE}' \\\n  -d "
    example = json.dumps(_shape(document, _name(content[JSON_TYPE]['schema']))['examples'][0], indent=2)
    return xhtml_escape(command) + highlighted(shlex.quote(example))


def example_html(document: Json, name: str | None) -> str:
    """An example of an answer as HTML; empty where the shape has none."""
    examples = _shape(document, name).get('examples') if name else None
    return highlighted(json.dumps(examples[0], indent=2, ensure_ascii=False)) if examples else ''


def highlighted(text: str) -> str:
    """JSON as HTML with syntax highlighting."""
    made, end = [], 0
    for match in TOKEN.finditer(text):
        made.append(xhtml_escape(text[end : match.start()]))
        made.append(f'<span class="{match.lastgroup}">{xhtml_escape(match[0])}</span>')
        end = match.end()
    return ''.join(made) + xhtml_escape(text[end:])


# Shapes


def lines(schema: Json, depth: int = 0) -> Iterator[Line]:
    """The keys of a shape, each followed by its nested keys."""
    required = schema.get('required', ())
    for name, inner in schema.get('properties', {}).items():
        yield Line(depth, name, kind(inner), name in required, _help(inner))
        yield from lines(inner, depth + 1)
    extra = schema.get('additionalProperties')
    if isinstance(extra, dict) and 'properties' in extra:
        yield Line(depth, '<name>', kind(extra), False, prose('Under a name of your own.'))
        yield from lines(extra, depth + 1)
    if 'items' in schema:
        yield from lines(schema['items'], depth)


def inline(document: Json, name: str) -> list[Line]:
    """The lines of a shape, or none if they are more than `MOST_LINES_INLINE`."""
    keys = list(lines(_shape(document, name)))
    return keys if len(keys) <= MOST_LINES_INLINE else []


def kind(schema: Json) -> str:
    """The allowed values in words, as HTML."""
    if '$ref' in schema:
        component, inner = _component(schema), _name(schema)
        name = inner if '/$defs/' in schema['$ref'] else component
        return f'<a href="#shape-{component}">{name}</a>'
    if 'const' in schema:
        return f'<code>{xhtml_escape(json.dumps(schema["const"]))}</code>'
    if 'enum' in schema:
        return ' or '.join(f'<code>{xhtml_escape(str(word))}</code>' for word in schema['enum'])
    if 'anyOf' in schema:
        return ' or '.join(dict.fromkeys(kind(each) for each in schema['anyOf']))
    types = schema.get('type', 'anything')
    return ' or '.join(_kind(each, schema) for each in ([types] if isinstance(types, str) else types))


def _kind(word: str, schema: Json) -> str:
    if word == 'array':
        return f'list of {kind(schema.get("items", {}))}'
    if word == 'object':
        extra = schema.get('additionalProperties')
        return f'mapping to {kind(extra)}' if isinstance(extra, dict) and 'properties' not in extra else 'object'
    if word == 'integer' and 'minimum' in schema:
        return f'integer, {schema["minimum"]} … {schema["maximum"]}' if 'maximum' in schema else 'integer from 0'
    return {'string': 'text', 'boolean': 'true or false'}.get(word, word)


def _help(schema: Json) -> str:
    text = schema.get('description', '')
    if 'default' in schema:
        text += f' Default: `{json.dumps(schema["default"])}`.'
    return prose(text)


def prose(text: str) -> str:
    """Text with `code` as HTML; an empty line separates paragraphs."""
    escaped = re.sub(r'`([^`]+)`', r'<code>\1</code>', xhtml_escape(text.strip()))
    return '<p>'.join(escaped.split('\n\n'))
