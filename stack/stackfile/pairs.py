"""Name-value pairs: a list of one-key mappings, a mapping, or Compose's `NAME=value` strings."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from voluptuous import Invalid, MultipleInvalid

from stack.stackfile.shapes import PRINTABLE, Shape, found, mistakes_in, pair, refused


def pairs(key: Shape, value: Shape, description: str, with_text: bool = False) -> Shape:
    """Pairs, read as a mapping and merged with inherited ones. `with_text`: items may also be `NAME=value`."""
    grammar = _Pairs(key, value, description, with_text)
    mapping = {'type': 'object', 'propertyNames': key.json, 'additionalProperties': value.json}
    items: list[dict[str, Any]] = [{**mapping, 'minProperties': 1, 'maxProperties': 1}]
    if with_text:
        items.append({'type': 'string', 'pattern': key.json['pattern'].removesuffix('$') + f'={PRINTABLE}*$'})
    schema = {'anyOf': [mapping, {'type': 'array', 'items': {'anyOf': items}}]}
    return Shape(description, grammar.check, schema, grammar.read, merge=lambda inherited, own: {**inherited, **own})


Path = tuple[int | str, ...]


@dataclass(frozen=True)
class _Pairs:
    key: Shape
    value: Shape
    description: str
    with_text: bool

    def check(self, raw: Any) -> dict[str, Any]:
        errors: list[Invalid] = []
        result = self._collected(raw, errors)
        if errors:
            raise MultipleInvalid(errors)
        return result

    def read(self, raw: Any) -> dict[str, Any]:
        if not isinstance(raw, dict | list):
            raise refused(self.description, raw)
        return self._collected(raw, [])

    def _collected(self, raw: Any, errors: list[Invalid]) -> dict[str, Any]:
        """The readable pairs; mistakes are added to `errors`. The last of a repeated name counts."""
        result: dict[str, Any] = {}
        for path, name, part in self._split(raw, errors):
            try:
                key, value = self.key.check(name), self.value.check(part)
            except Invalid:
                errors += self._mistakes(path, name, part)
                continue
            if key in result:
                errors.append(Invalid(f'"{key}" is repeated here', list(path)))
            result[key] = value
        return result

    def _mistakes(self, path: Path, name: Any, part: Any) -> list[Invalid]:
        try:
            pair(self.key, self.value)(name, part)
        except Invalid as e:
            e.prepend(list(path))
            return mistakes_in(e)
        return []

    def _split(self, raw: Any, errors: list[Invalid]) -> Iterator[tuple[Path, Any, Any]]:
        """Path, name and value of every pair, in any of the forms."""
        if isinstance(raw, dict):
            yield from (((name,), name, part) for name, part in raw.items())
            return
        if not isinstance(raw, list):
            errors.append(refused(self.description, raw))
            return
        for i, item in enumerate(raw):
            if isinstance(item, dict):
                if len(item) != 1:
                    errors.append(Invalid(f'expected one name, found {len(item)}', [i]))
                for name, part in item.items():
                    yield (i, name), name, part
            elif self.with_text and isinstance(item, str) and '=' in item:
                name, _, part = item.partition('=')
                yield (i,), name, part
            else:
                # a text item may be a secret: the message does not repeat it
                kind = 'text' if isinstance(item, str) else found(item)
                errors.append(Invalid(f'expected NAME: value{" or NAME=value" * self.with_text}; found {kind}', [i]))
