"""Access control from the settings: tokens, sign-in at a provider or a load balancer, and allowed origins."""

import logging
from functools import partial

from handlers.access.access import Access, ControlledAccess, Limits, OpenAccess
from handlers.access.http_client import fetch_json, fetch_text
from handlers.access.origins import LOOPBACK, Origins
from handlers.access.providers import AlbPeople, OidcPeople, People
from handlers.access.session import Cookies, Sessions
from handlers.live.sockets import Sockets
from stack.access.alb_identity import AlbIdentity, keys_address
from stack.access.memberships import Memberships
from stack.access.names import Names
from stack.access.oidc import Client, Provider
from stack.access.token_store import TokenStore
from stack.configuration.settings import Settings, is_controlled
from stack.errors import Misconfigured
from stack.runtime.loops import Loops

log = logging.getLogger(__name__)


def make_access(
    settings: Settings, tokens: TokenStore, names: Names, memberships: Memberships, session_key: str
) -> Access:
    """Access control with these tokens, or none where the settings switch it off. Raises `Misconfigured`.

    `session_key` signs the sessions where no setting has a key.
    """
    controlled = is_controlled(settings)
    origins = Origins(
        settings['NYSA_URL'],
        settings['NYSA_ORIGINS'],
        settings['NYSA_PROXIES'],
        loopback_only=settings['PROFILE'] == 'local' and not controlled and settings['NYSA_HOST'] in LOOPBACK,
    )
    of_claims = People(settings['NYSA_GROUPS_CLAIM'], settings['NYSA_GROUPS'], names, memberships)
    people, proxy = oidc_people(settings, of_claims), alb_people(settings, of_claims)
    if not controlled:
        return OpenAccess(origins)
    if not settings['NYSA_SESSION_KEY']:
        log.warning('NYSA_SESSION_KEY is not set: sessions of browsers end with this process.')
    sessions = Sessions(Cookies(settings['NYSA_SESSION_KEY'] or session_key, origins.is_https))
    limits = Limits(settings['NYSA_RATE_LIMIT'], settings['NYSA_SOCKET_LIMIT'])
    return ControlledAccess(tokens, sessions, origins, limits, people, proxy)


def oidc_people(settings: Settings, people: People) -> OidcPeople | None:
    """Sign-in at an OpenID provider, if one is configured. Raises `Misconfigured` where another setting is missing."""
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
    return OidcPeople(provider, people, home)


def alb_people(settings: Settings, people: People) -> AlbPeople | None:
    """Sign-in at a load balancer, if one is configured."""
    arn = settings['NYSA_ALB_ARN']
    if not arn:
        return None
    balancer = AlbIdentity(arn, settings['NYSA_ALB_KEYS'] or keys_address(arn), fetch_text)
    return AlbPeople(balancer, people)


async def open_access(access: Access, settings: Settings) -> None:
    """Read the tokens. Raises `Misconfigured` where no caller could sign in, or access is open by mistake."""
    if not isinstance(access, ControlledAccess):
        if settings['NYSA_HOST'] not in LOOPBACK and settings['NYSA_AUTH'] is None:
            raise Misconfigured(
                'PROFILE=local has no access control, so it listens on loopback only; NYSA_AUTH=off lifts that.'
            )
        if settings['NYSA_AUTH'] is not None:
            log.warning('ACCESS IS NOT CONTROLLED (NYSA_AUTH=off): every client that reaches this server is an admin.')
        return
    await access.store.refresh()
    if not len(access.store) and not access.people and not access.proxy:
        raise Misconfigured(
            'There is no token yet, so no caller could sign in. This command creates one, and prints what to add to\n'
            'the secret: `nysa_server.py token create --name=me --role=admin --expires=90d`\n'
            'NYSA_AUTH=off switches access control off.'
        )


def start_access_loops(loops: Loops, access: Access, sockets: Sockets) -> None:
    """Keep the tokens fresh, and close the sockets whose token or session has ended."""
    if isinstance(access, ControlledAccess):
        loops.start('tokens', access.store.run)
        loops.start('sockets', partial(sockets.watch, access.is_valid))
