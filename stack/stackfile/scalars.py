"""Plain scalars of YAML by the core schema of YAML 1.2: https://yaml.org/spec/1.2.2/#103-core-schema"""

import math
import re
from typing import Any

_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(('', '~', 'null', 'Null', 'NULL')),
    **dict.fromkeys(('true', 'True', 'TRUE'), True),
    **dict.fromkeys(('false', 'False', 'FALSE'), False),
}
_NUMBER_START = frozenset('-+.0123456789')
# A number with a leading zero is text, unlike in the core schema: account ids and postal codes have this form.
_WHOLE = re.compile(r'[-+]?(?:0|[1-9][0-9]*)')
_OTHER_BASE = re.compile(r'0o[0-7]+|0x[0-9a-fA-F]+')
_DECIMAL = re.compile(r'[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?')
_NOT_FINITE = re.compile(r'[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)')
# Longer than any meaningful number, and shorter than Python's limit for conversion
_LONGEST_NUMBER = 300


def resolve(text: str) -> Any:
    """The value of a scalar without quotes; raises ValueError for a number that JSON cannot hold."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START:
        return text
    if _WHOLE.fullmatch(text) or _OTHER_BASE.fullmatch(text):
        if len(text) > _LONGEST_NUMBER:
            raise ValueError(f'a number of {len(text):,} characters cannot be represented: put it in quotes')
        return int(text) if text[:2] not in ('0o', '0x') else int(text, 0)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError(f'the number {text[:60]} cannot be represented: put it in quotes')
        return number
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f'the number {text} cannot be represented: put it in quotes')
    return text
