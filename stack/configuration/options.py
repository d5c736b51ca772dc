"""The command line of `nysa_server.py`: its commands, their options, and the help of each."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn

from stack.configuration.acting_options import ACTING
from stack.configuration.command import Command
from stack.configuration.settings import BY_NAME

# What every command of a profile reads, beside where boto3 finds region and credentials.
CONNECTING = ('PROFILE', 'AWS_S3_BUCKET')
ANNOUNCING = (*CONNECTING, 'AWS_SQS_NOTIFICATION_QUEUE')
RELAYING = ('SLACK_NOTIFICATIONS_WEBHOOK_URL', 'NYSA_RELAY_SERVER', 'NYSA_RELAY_CLUSTERS', 'NYSA_RELAY_TOKEN')

RUNNING = {0: 'stopped by SIGTERM or SIGINT', 1: 'failed', 2: 'a setting or option is missing or wrong'}
PLANNED = {0: 'nothing to do', 1: 'failed, or a setting or option is missing or wrong', 2: 'there is something to do'}
APPLIED = {0: 'done', 1: 'failed, or the cluster is frozen or not managed', 2: RUNNING[2]}
CHECKED = {0: 'no mistakes; there may be warnings', 1: 'mistakes, or a file cannot be read', 2: 'an option is wrong'}
PRINTED = {0: 'printed', 1: 'failed', 2: 'an option is wrong'}
VERIFIED = {
    0: 'whole',
    1: 'something is missing or was changed, or the bucket cannot be read',
    2: RUNNING[2],
    3: 'nothing is missing or changed, but not everything has a chain that proves it',
}
IMPORTED = {
    0: 'converted',
    1: 'a file cannot be read or converted',
    2: 'an option is wrong',
    3: 'converted; the lines COMPLETE name what is missing',
}


class _Parser(argparse.ArgumentParser):
    """Ends with the status that the command's help states for a wrong option."""

    usage_status = 2

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(self.usage_status, f'{self.prog}: error: {message}\n')


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--port', help='also NYSA_PORT; default 8888, 0 for any free one')
    parser.add_argument('--host', help='also NYSA_HOST; default 127.0.0.1')
    # Set by the supervisor of several processes, for each of them.
    parser.add_argument('--process', type=int, help=argparse.SUPPRESS)
    parser.add_argument('--channel', type=int, help=argparse.SUPPRESS)


def _of_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('cluster', metavar='CLUSTER')
    parser.add_argument('--prune', action='store_true', help='destroy services of Nysa that are no longer desired')


def _plan(parser: argparse.ArgumentParser) -> None:
    _of_cluster(parser)
    parser.add_argument('file', nargs='?', metavar='FILE', help='a stackfile, in place of what is stored; - is stdin')
    parser.add_argument('--json', action='store_true', help='print the plan as one JSON object')


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('files', nargs='+', metavar='FILE', help='YAML, or JSON by its name; - is stdin')
    parser.add_argument('--json', action='store_true', help='print a JSON list of mistakes and warnings')


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('files', nargs='+', metavar='FILE', help='YAML, or JSON by its name; - is stdin')
    parser.add_argument(
        '--from',
        dest='format',
        required=True,
        choices=('compose', 'taskdef', 'copilot', 'ecspresso'),
        help='Docker Compose, task definitions, Copilot manifests, or the configuration of ecspresso',
    )
    parser.add_argument('--environment', help='of Copilot: its overrides are merged')


def _token(parser: argparse.ArgumentParser) -> None:
    creating = parser.add_subparsers(dest='deed', metavar='DEED', required=True).add_parser(
        'create', help='print a new token, and the line for the secret'
    )
    creating.add_argument('--name', required=True, help='recorded as the author of its changes')
    creating.add_argument('--role', required=True, help='viewer, deployer or admin')
    creating.add_argument('--clusters', help='names and patterns, as prod,stag*; default all')
    creating.add_argument('--services', help='those that it may change, as team-a-*,web; default all')
    creating.add_argument('--expires', help='required: as 90d, 12h or 2031-01-01T00:00:00+00:00; at most 366 days')
    creating.add_argument('--speaks-for', action='store_true', help='others may be named in X-Nysa-Actor')


def _audit(parser: argparse.ArgumentParser) -> None:
    verifying = parser.add_subparsers(dest='deed', metavar='DEED', required=True).add_parser(
        'verify', help='check the hash chains of audits, and name each missing, changed, moved or inserted entry'
    )
    verifying.add_argument('clusters', nargs='*', metavar='CLUSTER', help='default: the installation and every cluster')
    _expecting(verifying)


def _bucket(parser: argparse.ArgumentParser) -> None:
    verifying = parser.add_subparsers(dest='deed', metavar='DEED', required=True).add_parser(
        'verify', help='read every object of the bucket, with all versions of desired states, and check all chains'
    )
    _expecting(verifying)


def _expecting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--expect',
        action='append',
        default=[],
        metavar='HASH',
        help='a hash that was printed before must still be there',
    )


def _relay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--server', help='also NYSA_RELAY_SERVER; default http://127.0.0.1:8888')
    parser.add_argument('--clusters', help='also NYSA_RELAY_CLUSTERS; as prod,stag*; default all')


def _none(parser: argparse.ArgumentParser) -> None:
    """No options."""


COMMANDS = (
    Command(
        'serve',
        'the server; what runs without a command',
        'Serve the API, the live channel and the control plane. With PROFILE=local it runs everything, on an embedded '
        'AWS.',
        RUNNING,
        (*ANNOUNCING, 'NYSA_PORT', 'NYSA_HOST', 'NYSA_PROCESSES', 'NYSA_STOP_SECONDS', 'NYSA_AUTH', 'NYSA_TOKENS'),
        _serve,
    ),
    Command(
        'scheduler',
        'make ECS match what is stored, as messages and the clock ask for it',
        'Make ECS match the stored desired states. Any number of schedulers share one queue.',
        RUNNING,
        (*ANNOUNCING, 'NYSA_METRICS_PORT', 'NYSA_STOP_SECONDS'),
        _none,
    ),
    Command(
        'plan',
        'what would be done to a cluster, step by step',
        'Print what a pass of the scheduler would do, and do nothing. Secrets are masked.',
        PLANNED,
        CONNECTING,
        _plan,
    ),
    Command(
        'apply',
        'the same, and then do it',
        'Print the plan, carry it out, and go on until nothing is left to do.',
        APPLIED,
        CONNECTING,
        _of_cluster,
    ),
    Command(
        'check',
        'validate stackfiles: each mistake as file:line:column: message',
        'Validate stackfiles without AWS: each mistake and warning is a line as file:line:column: message.',
        CHECKED,
        (),
        _check,
    ),
    Command(
        'import',
        "convert other tools' files to a stackfile",
        "Convert other tools' files to a stackfile on standard output, below notes on what has no counterpart.",
        IMPORTED,
        (),
        _import,
    ),
    Command(
        'audit',
        'prove that the audit is whole',
        'Check the audit in the bucket. It only reads.',
        VERIFIED,
        CONNECTING,
        _audit,
    ),
    Command(
        'bucket',
        'prove that a bucket, as a restored one, is whole',
        'Read every object of the bucket, and check that it can be used. It only reads.',
        VERIFIED,
        CONNECTING,
        _bucket,
    ),
    Command('token', 'tokens for callers of the API', 'Make tokens for callers of the API.', PRINTED, (), _token),
    Command(
        'relay',
        'post rollouts to a Slack-compatible webhook, from the event stream',
        'Post what happens to clusters to a Slack-compatible webhook.',
        RUNNING,
        RELAYING,
        _relay,
    ),
    *ACTING,
)


def read_options(arguments: Sequence[str], description: str, version: str) -> argparse.Namespace:
    """The command and its options; `serve` where none is named. Ends the process where it cannot be understood."""
    parser = _Parser(prog='nysa_server.py', description=description)
    parser.add_argument('--version', action='version', version=f'Nysa {version}')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    for command in COMMANDS:
        added = commands.add_parser(
            command.name,
            help=command.help,
            description=command.description,
            epilog='\n\n'.join(_epilog(command)),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.usage_status = 1 if command.statuses is PLANNED else 2
        command.add(added)
    given = list(arguments)
    if not given or (given[0].startswith('-') and given[0] not in ('-h', '--help', '--version')):
        given.insert(0, 'serve')
    return parser.parse_args(given)


def _epilog(command: Command) -> Iterable[str]:
    if command.settings:
        yield _table('settings (all are in docs/settings.md):', [(n, BY_NAME[n].help) for n in command.settings])
    yield _table('exit status:', [(str(status), meaning) for status, meaning in command.statuses.items()])


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return '\n'.join([title, *(f'  {name:{width}}  {text}' for name, text in rows)])
