"""The command `token create`: prints a token for its holder, and its record for the secret."""

import argparse
import json
import shlex
from datetime import UTC, datetime
from typing import TextIO

from stack.access import tokens
from stack.errors import InvalidRequest


def print_token(options: argparse.Namespace, profile: str, out: TextIO, err: TextIO) -> int:
    """Print both; the exit status is 2 where the token cannot be created."""
    now = datetime.now(UTC)
    given = {
        'name': options.name,
        'role': options.role,
        'clusters': options.clusters.split(',') if options.clusters is not None else None,
        'services': options.services.split(',') if options.services is not None else None,
        'expires': options.expires,
        'speaks_for': options.speaks_for,
    }
    try:
        text, token = tokens.make(tokens.read_asked(given, now), None, now)
    except InvalidRequest as error:
        print(error.message, file=err)
        return 2
    print('The token, for its holder only; it is not stored anywhere:', text, sep='\n', file=out)
    secret = f'{profile}/nysa-api-server'
    record = json.dumps(token.record())
    print('\nIts item of the list NYSA_TOKENS:', record, sep='\n', file=out)
    print(f'\nThis adds the item to the secret {secret}:', _command(secret, record), sep='\n', file=out)
    return 0


def _command(secret: str, record: str) -> str:
    """A shell command that adds an item to the list, which may be JSON within the secret's JSON, or be missing."""
    program = (
        'import json, sys; secret = json.load(sys.stdin); known = secret.get("NYSA_TOKENS") or []; '
        'known = json.loads(known) if isinstance(known, str) else known; '
        'secret["NYSA_TOKENS"] = [*known, json.loads(sys.argv[1])]; print(json.dumps(secret))'
    )
    read = f'aws secretsmanager get-secret-value --secret-id {shlex.quote(secret)} --query SecretString --output text'
    add = f'python3 -c {shlex.quote(program)} {shlex.quote(record)}'
    write = f'aws secretsmanager put-secret-value --secret-id {shlex.quote(secret)} --secret-string "$secret"'
    # In two steps: a secret that could not be read must not be overwritten.
    return f'secret=$({read} \\\n  | {add}) \\\n  && {write}'
