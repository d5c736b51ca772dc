"""A live channel that shows a service in a state which ECS would take minutes to reach."""

import json
import re
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page, WebSocketRoute


def dress(page: Page, service: str, row: Mapping[str, Any]) -> None:
    """Show the row of a service with other fields, on pages that are opened from here on; all else is the server's."""

    def join(socket: WebSocketRoute) -> None:
        channel = socket.connect_to_server()

        def forward(text: str | bytes) -> None:
            message = json.loads(text)
            for each in message.get('messages', [message]):
                if each['type'] in ('cluster', 'rollout'):
                    for sent in each['services']:
                        sent.update(row if sent['name'] == service else {})
            socket.send(json.dumps(message))

        channel.on_message(forward)

    page.route_web_socket(re.compile('/events'), join)
