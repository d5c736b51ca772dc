"""The command `relay`: the events of a server, posted to a webhook."""

import argparse
import asyncio
import contextlib
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from handlers.live.relaying import Channel, relay
from stack.chat.relay_state import RelayState
from stack.configuration.settings import BY_NAME, Settings, read_settings
from stack.errors import Misconfigured
from stack.runtime.heartbeat import SETTING as HEALTH_FILE
from stack.runtime.heartbeat import beat
from stack.runtime.stopping import run_until, stop_signal

WEBHOOK = 'SLACK_NOTIFICATIONS_WEBHOOK_URL'


def relay_settings(options: argparse.Namespace) -> Settings:
    """The relay's settings, from the command line and the environment. Raises `Misconfigured`."""
    overrides = {'NYSA_RELAY_SERVER': options.server, 'NYSA_RELAY_CLUSTERS': options.clusters}
    return read_settings(
        {'PROFILE': 'relay'} | os.environ,
        overrides={name: value for name, value in overrides.items() if value},
        only='environment',
    )


def webhook_address(secret: Mapping[str, Any] | None) -> str:
    """The address to post to, from the environment or the profile's secret. Raises `Misconfigured`."""
    address = os.environ.get(WEBHOOK) or (secret or {}).get(WEBHOOK)
    try:
        if not address:
            raise ValueError('in the environment, or with PROFILE in its secret')
        return str(BY_NAME[WEBHOOK].read(address))
    except ValueError as error:
        raise Misconfigured('The relay needs a webhook.', [{'path': WEBHOOK, 'message': f'must be {error}'}]) from None


async def relay_events(settings: Settings, webhook: str) -> None:
    """Relay until the process is stopped. Raises `AccessDenied`."""
    clusters = [name.strip() for name in settings['NYSA_RELAY_CLUSTERS'].split(',') if name.strip()]
    channel = Channel(settings['NYSA_RELAY_SERVER'], clusters, settings['NYSA_RELAY_TOKEN'])
    site = os.environ.get('NYSA_URL') or settings['NYSA_RELAY_SERVER'].rstrip('/')
    stop = stop_signal()
    relaying = asyncio.create_task(relay(channel, webhook, RelayState(settings['NYSA_RELAY_STATE']), site))
    print(f'Relaying the events of {settings["NYSA_RELAY_SERVER"]}', flush=True)
    await run_until(stop, relaying, partial(beat, settings[HEALTH_FILE], 'relay'))
    relaying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await relaying
