"""Fields of listener rules: which requests go to a service.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.stackfile.entries import entry
from stack.stackfile.shapes import Shape, list_of, mapping_of, refused, text, whole

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
MOST_VALUES = 5
MOST_WILDCARDS = 6


def one_or_more(item: Shape) -> Shape:
    """A value or a list of values; read as a tuple."""
    items = list_of(item, at_most=MOST_VALUES)
    description = f'{item.description}, or a list of at most {MOST_VALUES}'

    def check(value: Any) -> tuple[Any, ...]:
        if isinstance(value, list):
            several: tuple[Any, ...] = items.check(value)
            return several
        if not isinstance(value, str):
            raise refused(description, value)
        return (item.check(value),)

    return Shape(description, check, {'anyOf': [item.json, items.json]})


def _network(value: Any) -> str:
    try:
        return str(ipaddress.ip_network(_CIDR.check(value)))
    except ValueError:
        raise refused(_CIDR.description, value) from None


_CIDR = text(r'[0-9A-Fa-f.:]+/[0-9]{1,3}', 'a block of addresses in CIDR notation', example='10.0.0.0/16')
_NETWORK = Shape(_CIDR.description, _network, _CIDR.json)
_HOST = text(
    r'[A-Za-z0-9*?-]+(?:\.[A-Za-z0-9*?-]+)*\.[A-Za-z]+',
    'a host name, with * and ?',
    at_most=128,
    example='*.example.com',
)
_PATH = text(
    r"/[A-Za-z0-9_\-.$/~\"'@:+&*?]*|\*[A-Za-z0-9_\-.$/~\"'@:+&*?]*",
    'a path, with * and ?',
    at_most=128,
    example='/v1/*',
)
_METHOD = text(r'[A-Z_-]+', 'an HTTP method in capital letters', at_most=40, example='GET')
_HEADER = text(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", 'the name of a header', at_most=40, example='User-Agent')
_VALUE = text(r'[ -~]+', 'text, with * and ?', at_most=128)


@dataclass(frozen=True, kw_only=True)
class ElbRule:
    """A request has to meet every condition, and of each condition one of the values."""

    host: tuple[str, ...] = entry(one_or_more(_HOST), 'Host names.', default=())
    path: tuple[str, ...] = entry(one_or_more(_PATH), 'Paths.', default=())
    methods: tuple[str, ...] = entry(one_or_more(_METHOD), 'HTTP methods.', default=())
    headers: Mapping[str, tuple[str, ...]] = entry(
        mapping_of(_HEADER, one_or_more(_VALUE)), 'Headers; each with its values.', default={}
    )
    query: Mapping[str, tuple[str, ...]] = entry(
        mapping_of(_VALUE, one_or_more(_VALUE)), 'Parameters of the query; each with its values.', default={}
    )
    source_ip: tuple[str, ...] = entry(one_or_more(_NETWORK), 'Addresses of clients.', default=())
    priority: int | None = entry(
        whole(1, 50_000),
        'The rule with the lowest number that a request meets counts. Absent, one is chosen once and kept.',
    )

    @property
    def values(self) -> list[str]:
        """The values of all conditions, of which AWS limits the number."""
        found = [*self.host, *self.path, *self.methods, *self.source_ip]
        for several in (*self.headers.values(), *self.query.values()):
            found += several
        return found
