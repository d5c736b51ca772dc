"""`nysa_server.py token create`: a token for its holder, and what is kept of it for the secret."""

import argparse
import json
from datetime import UTC, datetime
from typing import TextIO

from stack import tokens
from stack.errors import InvalidRequest


def print_token(options: argparse.Namespace, profile: str, out: TextIO, err: TextIO) -> int:
    """Print both, and give the exit status: 2 where no such token can be made."""
    now = datetime.now(UTC)
    given = {
        'name': options.name,
        'role': options.role,
        'clusters': options.clusters.split(',') if options.clusters is not None else None,
        'expires': options.expires,
        'speaks_for': options.speaks_for,
    }
    try:
        text, token = tokens.make(tokens.read_asked(given, now), None, now)
    except InvalidRequest as error:
        print(error.message, file=err)
        return 2
    print('The token, for its holder alone; it is not kept anywhere:', text, sep='\n', file=out)
    print(f'\nAn item for the list NYSA_TOKENS in the secret {profile}/nysa-api-server:', file=out)
    print(json.dumps(token.record()), file=out)
    return 0
