"""Ports of a container, as text `HOST:CONTAINER` or as a mapping.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
"""

from dataclasses import dataclass

from stack.stackfile.entries import entry, record
from stack.stackfile.shapes import choice, either, parsed, text, whole

_PORT = r'(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])'


@dataclass(frozen=True, kw_only=True)
class PortMapping:
    container: int | None = entry(whole(1, 65535), 'The port in the container.')
    host: int | None = entry(
        whole(0, 65535), 'The port of the instance in network mode `bridge`; 0 or absent is any free one.'
    )
    protocol: str = entry(choice('tcp', 'udp'), 'The protocol.', default='tcp')
    name: str | None = entry(
        text(r'[a-z0-9_][a-z0-9_-]*', 'lower-case letters, digits, _ and -', at_most=64),
        'Name by which Service Connect and VPC Lattice refer to it.',
    )
    app_protocol: str | None = entry(choice('http', 'http2', 'grpc'), 'Protocol that Service Connect proxies.')
    range: str | None = entry(text(rf'{_PORT}-{_PORT}', 'FIRST-LAST'), 'A range of ports in place of `container`.')

    def as_text(self) -> str | None:
        """The short form; None where it cannot express the mapping."""
        if not self.container or not self.host or self.name or self.app_protocol or self.range:
            return None
        return f'{self.host}:{self.container}' + ('' if self.protocol == 'tcp' else f'/{self.protocol}')


_TEXT = parsed(
    rf'({_PORT}):({_PORT})(?:/(tcp|udp))?',
    'HOST:CONTAINER or HOST:CONTAINER/udp in quotes, ports from 1 to 65535',
    '8080:8080',
    lambda m: PortMapping(host=int(m[1]), container=int(m[2]), protocol=m[3] or 'tcp'),
)

PORT_MAPPING = either(_TEXT, str, record(PortMapping))
