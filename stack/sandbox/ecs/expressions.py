"""Parser of the cluster query language, as far as placement constraints use it.

`attribute:NAME == VALUE`, `!=`, `=~`, `!~`, `in [a, b]`, `not_in [a, b]`, `exists`, `!exists`, numbers with `>` and the
like, joined by `and`, `or`, `not` and brackets.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
"""

import re
from collections.abc import Callable, Mapping

from stack.sandbox.ecs.errors import EcsError, invalid

Test = Callable[[Mapping[str, str]], bool]

_WORD = re.compile(r'\s*(\(|\)|\[|\]|,|==|!=|=~|!~|>=|<=|>|<|[^\s()\[\],=!<>~]+|!)')
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    '>': lambda a, b: a > b,
    '>=': lambda a, b: a >= b,
    '<': lambda a, b: a < b,
    '<=': lambda a, b: a <= b,
}


def compiled(expression: str, error: Callable[[str], EcsError] = invalid) -> Test:
    """A test on an instance's attributes; raises `error` where the expression cannot be read."""
    try:
        words = _Words(_split(expression), expression)
        test = _either(words)
        if words.peek() is not None:
            raise words.wrong()
    except EcsError as wrong:
        raise error(wrong.message) from None
    except RecursionError:
        raise error('The expression is nested too deeply.') from None
    return test


class _Words:
    def __init__(self, words: list[str], expression: str):
        self._words = words
        self._at = 0
        self._expression = expression

    def peek(self) -> str | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def take(self, expected: str | None = None) -> str:
        word = self.peek()
        if word is None or (expected is not None and word != expected):
            raise self.wrong()
        self._at += 1
        return word

    def wrong(self) -> EcsError:
        return invalid(f'The expression {self._expression} is not valid.')


def _split(expression: str) -> list[str]:
    words, at = [], 0
    text = expression.strip()
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise invalid(f'The expression {expression} is not valid.')
        words.append(match.group(1))
        at = match.end()
    return words


def _either(words: _Words) -> Test:
    tests = [_both(words)]
    while (words.peek() or '').lower() in ('or', '||'):
        words.take()
        tests.append(_both(words))
    return lambda attributes: any(test(attributes) for test in tests)


def _both(words: _Words) -> Test:
    tests = [_one(words)]
    while (words.peek() or '').lower() in ('and', '&&'):
        words.take()
        tests.append(_one(words))
    return lambda attributes: all(test(attributes) for test in tests)


def _one(words: _Words) -> Test:
    word = words.take()
    if word.lower() in ('not', '!'):
        negated = _one(words)
        return lambda attributes: not negated(attributes)
    if word == '(':
        inner = _either(words)
        words.take(')')
        return inner
    return _comparison(word.removeprefix('attribute:'), words)


def _comparison(name: str, words: _Words) -> Test:
    operator = words.take().lower()
    if operator == '!':
        operator += words.take().lower()
    if operator in ('exists', '!exists', 'not_exists'):
        return lambda attributes: (name in attributes) == (operator == 'exists')
    if operator in ('in', 'not_in', '!in'):
        values = _values(words)
        return lambda attributes: (attributes.get(name) in values) == (operator == 'in')
    return _with_value(name, operator, words)


def _with_value(name: str, operator: str, words: _Words) -> Test:
    value = words.take()
    if operator in ('==', 'equals', '!=', 'not_equals'):
        return lambda attributes: (attributes.get(name) == value) == (operator in ('==', 'equals'))
    if operator in ('=~', 'matches', '!~', 'not_matches'):
        try:
            pattern = re.compile(value)
        except re.error:
            raise words.wrong() from None
        return lambda attributes: bool(pattern.fullmatch(attributes.get(name, ''))) == (operator in ('=~', 'matches'))
    compare = _COMPARE.get(operator)
    if compare is None:
        raise words.wrong()
    try:
        bound = float(value)
    except ValueError:
        raise words.wrong() from None
    return lambda attributes: _is_number(attributes.get(name)) and compare(float(attributes[name]), bound)


def _values(words: _Words) -> list[str]:
    words.take('[')
    values = [words.take()]
    while words.peek() == ',':
        words.take()
        values.append(words.take())
    words.take(']')
    return values


def _is_number(text: str | None) -> bool:
    return text is not None and re.fullmatch(r'-?\d+(\.\d+)?', text) is not None
