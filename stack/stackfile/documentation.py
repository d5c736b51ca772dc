"""The field reference in docs/stackfile.md, generated from the field table."""

from collections.abc import Iterable, Iterator

from stack.stackfile.entries import DEFAULTS, TOP, Entry, entries
from stack.stackfile.fields import ServiceSettings, Stackfile
from stack.stackfile.yaml_writer import scalar

_HEAD = '| field | value | default | meaning |\n| --- | --- | --- | --- |\n'
_INHERITS = {DEFAULTS: ' Also under `defaults`.', TOP: '', '': ''}


def reference() -> str:
    """The tables of all fields, in Markdown."""
    top = '\n'.join(_rows(entries(Stackfile), '', leave=('defaults', 'services')))
    service = '\n'.join(_rows(entries(ServiceSettings), ''))
    return f'### At the top\n\n{_HEAD}{top}\n\n### Of a service\n\n{_HEAD}{service}\n'


def _rows(fields: Iterable[Entry], prefix: str, leave: tuple[str, ...] = ()) -> Iterator[str]:
    """A row for each field, those of the mappings in it below it."""
    for e in fields:
        value = e.shape.description.replace('|', '\\|')
        yield f'| `{prefix}{e.name}` | {value} | {_default(e)} | {e.help}{"" if prefix else _INHERITS[e.inherits]} |'
        if e.shape.entries and e.name not in leave:
            items = '[]' if e.shape.json.get('type') == 'array' else ''
            yield from _rows(e.shape.entries, f'{prefix}{e.name}{items}.')


def _default(e: Entry) -> str:
    if e.required:
        return 'required'
    return f'`{scalar(e.default)}`' if isinstance(e.default, str | int) and e.default != '' else ''
