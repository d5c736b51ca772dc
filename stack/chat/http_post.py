"""One HTTP POST of JSON, bounded in time and in what is read; no redirect is followed.

The receiver's name is resolved once, every address is judged, and the connection is made to an address that was judged:
a name that resolves differently a moment later (DNS rebinding) gains nothing.
"""

import asyncio
import base64
import contextlib
import ipaddress
import logging
import re
import socket
import ssl
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, unquote, urlsplit

from stack.runtime.daemon_threads import DaemonThreads

log = logging.getLogger(__name__)

# The whole call: name, connection, request and the head of the answer. Chats answer slowly under load.
ANSWER_WITHIN_S = 30.0
# The head of the answer; its body is not read.
HEAD_MOST = 16 * 1024
# The longest wait that a receiver may ask for.
LONGEST_WISH_S = 3600.0

PORTS = {'http': 80, 'https': 443}
NAT64 = ipaddress.ip_network('64:ff9b::/96')

# A name server that hangs must not keep the process from ending.
_resolving = DaemonThreads(4, 'resolve')

Judge = Callable[[str], bool]


@dataclass(frozen=True)
class Posted:
    """What became of a POST: the answer's status (0: none), and how many seconds the receiver asks to wait.

    `sent` is true where the whole request left, so the receiver may have acted on it although no answer came.
    """

    status: int
    retry_after: float | None = None
    sent: bool = True

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def passing(self) -> bool:
        """Whether the same may be accepted later."""
        return self.status in (0, 408, 429) or self.status >= 500


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet: not private, loopback, link-local, shared or reserved."""
    ip = ipaddress.ip_address(address.partition('%')[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip.sixtofour is not None:
            ip = ip.sixtofour
        elif ip in NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.is_global and not ip.is_multicast


async def post_json(url: str, body: bytes, judge: Judge = lambda _: True) -> Posted:
    """Post JSON to an http or https address, over an IP address of which `judge` is true; what fails is in the answer.

    The address is a secret and never logged. Raises ValueError for what is no web address.
    """
    target = Target.of(url)
    sent = False
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await _connect(target, judge)
            try:
                writer.write(_request(target, body))
                await writer.drain()
                sent = True
                return _posted(await reader.readuntil(b'\r\n\r\n'))
            finally:
                writer.transport.abort()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, EOFError, asyncio.LimitOverrunError, ValueError) as error:
        log.warning('a webhook does not answer: %s', type(error).__name__)
        return Posted(0, sent=sent)


@dataclass(frozen=True)
class Target:
    """Where to post to."""

    secure: bool
    host: str
    port: int
    # The host as the address has it, with its port.
    authority: str
    path: str

    @classmethod
    def of(cls, url: str) -> 'Target':
        """Raises ValueError for an address that is not http or https."""
        split = urlsplit(url)
        if split.scheme not in PORTS or not split.hostname:
            raise ValueError('a webhook is an http or https address')
        path = (split.path or '/') + (f'?{split.query}' if split.query else '')
        port = split.port or PORTS[split.scheme]
        return cls(split.scheme == 'https', split.hostname, port, split.netloc.rpartition('@')[2], path)


async def _connect(target: Target, judge: Judge) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    secure = ssl.create_default_context() if target.secure else None
    proxy = _proxy_of(target)
    if secure is not None and proxy is not None:
        return await _connect_through(proxy, target, secure)
    failed: OSError = PermissionError('no address of the receiver may be reached')
    for address in await _addresses(target.host, target.port):
        if not judge(address):
            continue
        try:
            return await asyncio.open_connection(
                address, target.port, limit=HEAD_MOST, ssl=secure, server_hostname=target.host if secure else None
            )
        except OSError as error:
            failed = error
    raise failed


async def _addresses(host: str, port: int) -> list[str]:
    resolving = _resolving.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    resolved = await asyncio.wrap_future(resolving)
    return list(dict.fromkeys(address[0] for *_, address in resolved))


def _proxy_of(target: Target) -> SplitResult | None:
    """The proxy for https that the environment names (`HTTPS_PROXY`, `NO_PROXY`); it decides what may be reached."""
    proxy = urllib.request.getproxies().get('https') if target.secure else None
    if not proxy or urllib.request.proxy_bypass(target.host):
        return None
    return urlsplit(proxy if '://' in proxy else f'http://{proxy}')


async def _connect_through(
    proxy: SplitResult, target: Target, secure: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A tunnel: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6"""
    reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port or PORTS['http'], limit=HEAD_MOST)
    host = f'[{target.host}]' if ':' in target.host else target.host
    name = f'{host}:{target.port}'
    lines = [f'CONNECT {name} HTTP/1.1', f'Host: {name}']
    if proxy.username:
        pair = f'{unquote(proxy.username)}:{unquote(proxy.password or "")}'
        lines.append(f'Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}')
    try:
        writer.write('\r\n'.join([*lines, '', '']).encode())
        if not _posted(await reader.readuntil(b'\r\n\r\n')).accepted:
            raise ConnectionError('the proxy refuses the receiver')
        await writer.start_tls(secure, server_hostname=target.host)
    except BaseException:
        writer.transport.abort()
        raise
    return reader, writer


def _request(target: Target, body: bytes) -> bytes:
    lines = [
        f'POST {target.path} HTTP/1.1',
        f'Host: {target.authority}',
        'Content-Type: application/json',
        f'Content-Length: {len(body)}',
        'Connection: close',
        'User-Agent: nysa',
        '',
        '',
    ]
    return '\r\n'.join(lines).encode('ascii') + body


def _posted(head: bytes) -> Posted:
    """Raises ValueError for what is no answer in HTTP."""
    start, _, headers = head.partition(b'\r\n')
    found = re.match(rb'HTTP/1\.[01] (\d{3})\b', start)
    if not found:
        raise ValueError('no HTTP')
    return Posted(int(found[1]), _seconds(BytesParser().parsebytes(headers, headersonly=True).get('Retry-After')))


def _seconds(text: str | None) -> float | None:
    """A `Retry-After`, in seconds or as a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3"""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(0.0, seconds), LONGEST_WISH_S)
