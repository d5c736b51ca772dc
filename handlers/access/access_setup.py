"""Access control as the settings describe it: tokens, sign-in at a provider or a load balancer, and from where."""

import logging
import secrets
from functools import partial

from handlers.access.access import LOOPBACK, Access, Limits, Neighbourhood, People, Proxy
from handlers.access.http_client import fetch_json, fetch_text
from handlers.access.session import Cookies, Sessions
from handlers.live.sockets import Sockets
from stack.access.alb_identity import AlbIdentity, keys_address
from stack.access.names import Names
from stack.access.oidc import Client, Provider
from stack.access.token_store import TokenStore
from stack.configuration.settings import Settings, is_controlled
from stack.errors import Misconfigured
from stack.runtime.loops import Loops

log = logging.getLogger(__name__)


def make_access(settings: Settings, tokens: TokenStore, names: Names) -> Access:
    """Access control with these tokens, or none where the settings switch it off. Raises `Misconfigured`."""
    controlled = is_controlled(settings)
    where = Neighbourhood(
        settings['NYSA_URL'],
        settings['NYSA_ORIGINS'],
        settings['NYSA_PROXIES'],
        loopback_only=settings['PROFILE'] == 'local' and not controlled and settings['NYSA_HOST'] in LOOPBACK,
    )
    if controlled and not settings['NYSA_SESSION_KEY']:
        log.warning('NYSA_SESSION_KEY is not set: who signs in with a browser is signed in until this process ends.')
    cookies = Cookies(settings['NYSA_SESSION_KEY'] or secrets.token_hex(32), where.is_https)
    limits = Limits(settings['NYSA_RATE_LIMIT'], settings['NYSA_SOCKET_LIMIT'])
    store = tokens if controlled else None
    return Access(store, Sessions(cookies), where, limits, make_people(settings, names), make_proxy(settings, names))


def make_people(settings: Settings, names: Names) -> People | None:
    """Sign-in at an OpenID provider, where one is set. Raises `Misconfigured` where something else is missing then."""
    if not settings['NYSA_OIDC_ISSUER']:
        return None
    needed = ('NYSA_URL', 'NYSA_SESSION_KEY', 'NYSA_OIDC_CLIENT_ID', 'NYSA_OIDC_CLIENT_SECRET', 'NYSA_GROUPS')
    missing = [{'path': name, 'message': 'is missing'} for name in needed if not settings[name]]
    if missing:
        raise Misconfigured('NYSA_OIDC_ISSUER needs further settings.', missing)
    client = Client(
        settings['NYSA_OIDC_ISSUER'],
        settings['NYSA_OIDC_CLIENT_ID'],
        settings['NYSA_OIDC_CLIENT_SECRET'],
        f'{settings["NYSA_URL"]}/signed-in',
        settings['NYSA_OIDC_SCOPES'],
    )
    provider, home = Provider(client, fetch_json), f'{settings["NYSA_URL"]}/cp'
    return People(provider, settings['NYSA_GROUPS_CLAIM'], settings['NYSA_GROUPS'], names, home)


def make_proxy(settings: Settings, names: Names) -> Proxy | None:
    """Sign-in at a load balancer, where one is set."""
    arn = settings['NYSA_ALB_ARN']
    if not arn:
        return None
    balancer = AlbIdentity(arn, settings['NYSA_ALB_KEYS'] or keys_address(arn), fetch_text)
    return Proxy(balancer, settings['NYSA_GROUPS_CLAIM'], settings['NYSA_GROUPS'], names)


async def open_access(access: Access, settings: Settings) -> None:
    """Learn who may come in. Raises `Misconfigured` where that is nobody, or everybody by mistake."""
    if access.store is None:
        if settings['NYSA_HOST'] not in LOOPBACK and settings['NYSA_AUTH'] is None:
            raise Misconfigured(
                'PROFILE=local has no access control and listens on loopback only. NYSA_AUTH=off says that it is meant.'
            )
        if settings['NYSA_AUTH'] is not None:
            log.warning('ACCESS IS NOT CONTROLLED (NYSA_AUTH=off): whoever reaches this server may do everything.')
        return
    await access.store.refresh()
    if not len(access.store) and not access.people and not access.proxy:
        raise Misconfigured(
            'Nobody could sign in: there is no token yet. `nysa_server.py token create --name=me --role=admin` makes\n'
            'one and prints what to write into the secret. NYSA_AUTH=off switches access control off.'
        )


def start_access_loops(loops: Loops, access: Access, sockets: Sockets) -> None:
    """Keep the tokens fresh, and close the sockets of those that no longer hold."""
    if access.store:
        loops.start('tokens', access.store.run)
        loops.start('sockets', partial(sockets.watch, access.holds))
