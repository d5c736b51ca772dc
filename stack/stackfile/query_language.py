"""Syntax check of the cluster query language, in which placement constraints are written.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
"""

import re

_TOKEN = re.compile(r'\s*(?:(?P<symbol>\(|\)|\[|\]|,|==|!=|=~|!~|>=|<=|>|<|!)|(?P<word>[^\s()\[\],=!<>~]+))')
_WITH_WORD = frozenset({'==', 'equals', '!=', 'not_equals'})
_WITH_PATTERN = frozenset({'=~', 'matches', '!~', 'not_matches'})
_WITH_NUMBER = frozenset(
    {'>', 'greater_than', '>=', 'greater_than_equal', '<', 'less_than', '<=', 'less_than_equal'},
)
_WITH_LIST = frozenset({'in', 'not_in', '!in'})
_ALONE = frozenset({'exists', '!exists', 'not_exists'})
_JOINING = frozenset({'and', '&&', 'or', '||'})
_MOST_TOKENS = 500


def is_expression(text: str) -> bool:
    """Whether ECS can parse an expression such as `attribute:ecs.instance-type =~ t3.* and not (zone == a)`."""
    tokens: list[str] = []
    at = 0
    text = text.strip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or len(tokens) == _MOST_TOKENS:
            return False
        tokens.append(token['symbol'] or token['word'])
        at = token.end()
    try:
        return _expression(tokens, 0) == len(tokens)
    except (IndexError, ValueError, re.error):
        return False


def _expression(tokens: list[str], at: int) -> int:
    """The position after an expression that begins `at`. Raises `ValueError` and `IndexError` where there is none."""
    at = _term(tokens, at)
    while at < len(tokens) and tokens[at].lower() in _JOINING:
        at = _term(tokens, at + 1)
    return at


def _term(tokens: list[str], at: int) -> int:
    while tokens[at].lower() in ('not', '!'):
        at += 1
    if tokens[at] == '(':
        at = _expression(tokens, at + 1)
        return _expect(')', tokens, at)
    _word(tokens, at)
    operator, at = tokens[at + 1].lower(), at + 2
    if operator == '!':
        operator, at = f'!{tokens[at].lower()}', at + 1
    return at if operator in _ALONE else _operand(operator, tokens, at)


def _operand(operator: str, tokens: list[str], at: int) -> int:
    if operator in _WITH_LIST:
        at = _word(tokens, _expect('[', tokens, at))
        while tokens[at] == ',':
            at = _word(tokens, at + 1)
        return _expect(']', tokens, at)
    if operator in _WITH_NUMBER:
        float(tokens[at])
    elif operator in _WITH_PATTERN:
        re.compile(tokens[at])
    elif operator not in _WITH_WORD:
        raise ValueError(operator)
    return _word(tokens, at)


def _word(tokens: list[str], at: int) -> int:
    if re.fullmatch(r'[()\[\],=!<>~]+', tokens[at]):
        raise ValueError(tokens[at])
    return at + 1


def _expect(symbol: str, tokens: list[str], at: int) -> int:
    if tokens[at] != symbol:
        raise ValueError(tokens[at])
    return at + 1
