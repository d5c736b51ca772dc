# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Fields of load balancers that several services share: `load_balancers` at the top."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stack.stackfile import values
from stack.stackfile.elb_fields import IDLE_TIMEOUT, MOST_CERTIFICATES, SSL_POLICY
from stack.stackfile.entries import entry, record
from stack.stackfile.shapes import PRINTABLE, choice, either, list_of, parsed, text, whole

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
MOST_LISTENERS = 50


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html"""

    protocol: str | None = entry(choice('HTTP', 'HTTPS'), 'Protocol of the new address; that of the request.')
    host: str = entry(
        text(r'[!-~]+', 'a host name, with #{host} for that of the request', at_most=128, example='www.#{host}'),
        'Host of the new address.',
        default='#{host}',
    )
    port: int | None = entry(
        values.PORT, 'Port of the new address; that of the request, with another `protocol` that of its listener.'
    )
    path: str = entry(
        text(r'/[!-~]*', 'a path, with #{path} for that of the request', at_most=128, example='/v2/#{path}'),
        'Path of the new address.',
        default='/#{path}',
    )
    query: str = entry(
        text(r'(?!\?)[!-~]*', 'a query without ?, with #{query} for that of the request', at_most=128),
        'Query of the new address.',
        default='#{query}',
    )
    status: int = entry(whole(301, 302), 'Status: 301 is permanent, 302 is temporary.', default=301)


# The short form of the commonest redirect.
_TO_HTTPS = replace(parsed(r'https', 'https', 'https', lambda _: Redirect(protocol='HTTPS')), json={'enum': ['https']})


@dataclass(frozen=True, kw_only=True)
class FixedResponse:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html"""

    status: int = entry(whole(200, 599), 'Status, except 300 to 399.', default=404)
    content_type: str = entry(
        choice('text/plain', 'text/css', 'text/html', 'application/javascript', 'application/json'),
        'Type of the body.',
        default='text/plain',
    )
    body: str = entry(text(PRINTABLE + '*', at_most=1024), 'The body.', default='')


@dataclass(frozen=True, kw_only=True)
class SharedListener:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html"""

    port: int = entry(values.PORT, 'The port that it listens on.', required=True)
    protocol: str = entry(choice('HTTP', 'HTTPS'), 'Protocol that it listens for.', default='HTTP')
    certificates: tuple[str, ...] = entry(
        list_of(values.CERTIFICATE, at_most=MOST_CERTIFICATES),
        'Certificates: the first is the default, the others are chosen by the host name (SNI).',
        default=(),
    )
    ssl_policy: str | None = entry(
        SSL_POLICY,
        'Which TLS versions and ciphers it accepts; `ELBSecurityPolicy-2016-08`.',
    )
    redirect: Redirect | None = entry(
        either(_TO_HTTPS, str, record(Redirect)),
        'Where requests that no rule meets are sent: `https`, which keeps host, path and query, or another address.',
    )
    fixed_response: FixedResponse | None = entry(
        record(FixedResponse), 'The answer to requests that no rule meets; `404` with `Not found`.'
    )


@dataclass(frozen=True, kw_only=True)
class SharedBalancer:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/introduction.html"""

    name: str = ''
    type: str = entry(
        choice('public', 'private'), 'Who can reach it, which decides subnets and security groups.', required=True
    )
    listeners: tuple[SharedListener, ...] = entry(
        list_of(record(SharedListener), at_most=MOST_LISTENERS), 'Its listeners.', required=True
    )
    idle_timeout: int | None = entry(IDLE_TIMEOUT, 'Seconds after which a connection without data is closed; 60.')
    tags: Mapping[str, str] = entry(values.TAGS, 'Its tags, joined with those at the top.', default={})

    def listener(self, port: int | None) -> SharedListener | None:
        """The listener on a port, or the only one that does not redirect; None where there is none."""
        if port is not None:
            return next((listener for listener in self.listeners if listener.port == port), None)
        serving = [listener for listener in self.listeners if not listener.redirect]
        return serving[0] if len(serving) == 1 else None
