"""What can be written after `nysa_server.py` on the command line."""

import argparse
from collections.abc import Sequence


def read_options(arguments: Sequence[str], description: str, version: str) -> argparse.Namespace:
    """The command and its options; `serve` where none is named. Ends the process where it cannot be understood."""
    parser = argparse.ArgumentParser(prog='nysa_server.py', description=description)
    parser.add_argument('--version', action='version', version=f'Nysa {version}')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    serving = commands.add_parser('serve', help='the server; what runs without a command')
    serving.add_argument('--port', help='also NYSA_PORT; 8888 unless told, 0 for any free one')
    serving.add_argument('--host', help='also NYSA_HOST; 127.0.0.1 unless told')
    commands.add_parser('scheduler', help='make ECS match what is stored, as messages and the clock ask for it')
    planning = commands.add_parser('plan', help='what would be done to a cluster, step by step')
    applying = commands.add_parser('apply', help='the same, and then do it')
    for each in (planning, applying):
        each.add_argument('cluster', metavar='CLUSTER')
        each.add_argument('--prune', action='store_true', help='destroy services of Nysa that are not wanted any more')
    planning.add_argument('file', nargs='?', metavar='FILE', help='a stackfile, in place of what is stored')
    checking = commands.add_parser('check', help='validate stackfiles: each mistake as file:line:column: message')
    checking.add_argument('files', nargs='+', metavar='FILE')
    token = commands.add_parser('token', help='tokens for those who call the API')
    creating = token.add_subparsers(dest='deed', metavar='DEED', required=True).add_parser(
        'create', help='print a new token, and the line for the secret'
    )
    creating.add_argument('--name', required=True, help='recorded as the author of its changes')
    creating.add_argument('--role', required=True, help='viewer, deployer or admin')
    creating.add_argument('--clusters', help='names and patterns, as prod,stag*; all unless told')
    creating.add_argument('--expires', help='as 90d, 12h or 2031-01-01T00:00:00+00:00; never unless told')
    creating.add_argument('--speaks-for', action='store_true', help='others may be named in X-Nysa-Actor')
    relaying = commands.add_parser('relay', help='post rollouts to a Slack-compatible webhook, from the event stream')
    relaying.add_argument('--server', help='also NYSA_RELAY_SERVER; http://127.0.0.1:8888 unless told')
    relaying.add_argument('--clusters', help='also NYSA_RELAY_CLUSTERS; all unless told, as prod,stag*')
    given = list(arguments)
    if not given or (given[0].startswith('-') and given[0] not in ('-h', '--help', '--version')):
        given.insert(0, 'serve')
    return parser.parse_args(given)
