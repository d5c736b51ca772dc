"""Fields of load balancers that several services share: `load_balancers` at the top."""

from collections.abc import Mapping
from dataclasses import dataclass

from stack.stackfile import values
from stack.stackfile.entries import entry, record
from stack.stackfile.shapes import choice, list_of, text, whole

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
MOST_LISTENERS = 50
MOST_CERTIFICATES = 26


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
        text(
            r'[A-Za-z0-9-]+', 'the name of a security policy', at_most=64, example='ELBSecurityPolicy-TLS13-1-2-2021-06'
        ),
        'Which TLS versions and ciphers it accepts; `ELBSecurityPolicy-2016-08`.',
    )
    redirect: str | None = entry(choice('https'), 'All requests that no rule meets are sent to HTTPS.')


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
    idle_timeout: int | None = entry(whole(1, 4000), 'Seconds after which a connection without data is closed; 60.')
    tags: Mapping[str, str] = entry(values.TAGS, 'Its tags, joined with those at the top.', default={})

    def listener(self, port: int | None) -> SharedListener | None:
        """The listener on a port, or the only one that does not redirect; None where there is none."""
        if port is not None:
            return next((listener for listener in self.listeners if listener.port == port), None)
        serving = [listener for listener in self.listeners if not listener.redirect]
        return serving[0] if len(serving) == 1 else None
