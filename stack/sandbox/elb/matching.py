"""Which rule of a listener a request meets.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Wire = Mapping[str, Any]


@dataclass(frozen=True)
class ClientRequest:
    """A request of a client. `headers` have lower-case names; `query` is a list of keys and values."""

    host: str
    path: str = '/'
    method: str = 'GET'
    headers: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    source: str = '192.0.2.1'


def meets(request: ClientRequest, conditions: Iterable[Wire]) -> bool:
    """Whether a request meets all conditions of a rule, of each condition one of its values."""
    return all(_CONDITIONS[condition['Field']](request, condition) for condition in conditions)


def _values(condition: Wire, config: str) -> list[Any]:
    return list((condition.get(config) or {}).get('Values') or condition.get('Values') or ())


def _host(request: ClientRequest, condition: Wire) -> bool:
    host = request.host.partition(':')[0].lower()
    return any(_matches(value.lower(), host) for value in _values(condition, 'HostHeaderConfig'))


def _path(request: ClientRequest, condition: Wire) -> bool:
    return any(_matches(value, request.path) for value in _values(condition, 'PathPatternConfig'))


def _method(request: ClientRequest, condition: Wire) -> bool:
    return request.method in _values(condition, 'HttpRequestMethodConfig')


def _header(request: ClientRequest, condition: Wire) -> bool:
    config = condition.get('HttpHeaderConfig') or {}
    value = request.headers.get(str(config.get('HttpHeaderName', '')).lower())
    return value is not None and any(_matches(wanted.lower(), value.lower()) for wanted in config.get('Values') or ())


def _query(request: ClientRequest, condition: Wire) -> bool:
    return any(
        _matches(wanted.get('Value', '').lower(), value.lower()) and wanted.get('Key', key).lower() == key.lower()
        for wanted in (condition.get('QueryStringConfig') or {}).get('Values') or ()
        for key, value in request.query
    )


def _source(request: ClientRequest, condition: Wire) -> bool:
    address = ipaddress.ip_address(request.source)
    return any(address in ipaddress.ip_network(block) for block in _values(condition, 'SourceIpConfig'))


_CONDITIONS: Mapping[str, Callable[[ClientRequest, Wire], bool]] = {
    'host-header': _host,
    'path-pattern': _path,
    'http-request-method': _method,
    'http-header': _header,
    'query-string': _query,
    'source-ip': _source,
}


def _matches(pattern: str, value: str) -> bool:
    """Whether a value matches a pattern, in which `*` is any number of characters and `?` is one."""
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    wild = {'*': '.*', '?': '.'}
    return re.compile(''.join(wild.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL)
