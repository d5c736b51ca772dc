"""The commands `stop`, `continue`, `proposals`, `approve` and `reject` of nysa_server.py.

Each makes one call of the REST API, so that the server decides who may, and its audit has the caller's name.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

from stack.client.proposal_text import printable, proposal_lines, proposal_rows
from stack.client.server import Reply, Server
from stack.configuration.settings import BY_NAME
from stack.errors import Misconfigured

DEFAULT_SERVER = 'http://127.0.0.1:8888'

# Exit statuses, beside 2 for options and settings: see `stack.configuration.acting_options`.
DONE, REFUSED, INCOMPLETE, MOVED = 0, 1, 3, 4

# Codes of refusals that mean that the caller saw something else.
MOVED_CODES = ('deployment_moved', 'plan_outdated', 'proposal_ended')
OPEN_STATES = ('open', 'approved')
CARRIED_OUT = 'carried-out'
# The most that the API lists at once.
PAGE = '200'


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Carry out a command. Gives its exit status. Raises `Misconfigured`."""
    server = read_server(options.server, environment)
    if options.command == 'proposals' and not options.proposal:
        return list_proposals(server, options, sys.stdout, sys.stderr)
    reply, judge = CALLS[options.command](server, options)
    status = judge(reply)
    out = sys.stdout if reply.accepted else sys.stderr
    if options.json:
        print(json.dumps(reply.body), file=sys.stdout)
    else:
        shown = proposal_lines(reply.body) if options.command == 'proposals' and reply.accepted else lines_of(reply)
        print(*shown, sep='\n', file=out)
    return status


def read_server(url: str | None, environment: Mapping[str, str]) -> Server:
    """The server that the command line or the environment names. Raises `Misconfigured`."""
    given = url or environment.get('NYSA_URL') or DEFAULT_SERVER
    try:
        return Server(BY_NAME['NYSA_URL'].read(given.rstrip('/')), environment.get('NYSA_TOKEN', ''))
    except ValueError as error:
        wrong = {'path': '--server' if url else 'NYSA_URL', 'message': f'must be {error}, not {given!r}'}
        raise Misconfigured('The server cannot be called.', [wrong]) from None


Judge = Callable[[Reply], int]


def _stop(server: Server, options: argparse.Namespace) -> tuple[Reply, Judge]:
    body = {'mode': 'abort' if options.abort else 'rollback', **_given(options, 'reason', 'deployment')}
    path = 'clusters', options.cluster, 'services', options.service, 'rollout', 'stop'
    return server.post(*path, body=body, override=options.override), judge_act


def _continue(server: Server, options: argparse.Namespace) -> tuple[Reply, Judge]:
    action = 'rollback' if options.roll_back else 'continue'
    body = {'action': action, **_given(options, 'reason', 'deployment', 'hook')}
    path = 'clusters', options.cluster, 'services', options.service, 'rollout', 'continue'
    return server.post(*path, body=body, override=options.override), judge_act


def _approve(server: Server, options: argparse.Namespace) -> tuple[Reply, Judge]:
    path = 'clusters', options.cluster, 'proposals', options.proposal, 'approve'
    return server.post(*path, body=_given(options, 'reason', 'plan'), override=options.override), judge_approval


def _reject(server: Server, options: argparse.Namespace) -> tuple[Reply, Judge]:
    path = 'clusters', options.cluster, 'proposals', options.proposal, 'reject'
    return server.post(*path, body=_given(options, 'reason', 'plan')), judge_act


def _show(server: Server, options: argparse.Namespace) -> tuple[Reply, Judge]:
    return server.get('clusters', options.cluster, 'proposals', options.proposal), judge_proposal


CALLS: dict[str, Callable[[Server, argparse.Namespace], tuple[Reply, Judge]]] = {
    'stop': _stop,
    'continue': _continue,
    'approve': _approve,
    'reject': _reject,
    'proposals': _show,
}


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def judge_act(reply: Reply) -> int:
    """The exit status of an act."""
    if reply.accepted:
        return DONE
    code = reply.body.get('error')
    if code in MOVED_CODES:
        return MOVED
    return INCOMPLETE if code == 'approval_required' else REFUSED


def judge_approval(reply: Reply) -> int:
    """The exit status of an approval: done once its quorum is complete and it is carried out."""
    return judge_act(reply) if not reply.accepted or reply.body.get('state') == CARRIED_OUT else INCOMPLETE


def judge_proposal(reply: Reply) -> int:
    """The exit status of a proposal that was read."""
    if not reply.accepted:
        return REFUSED
    state = reply.body.get('state')
    return DONE if state == CARRIED_OUT else INCOMPLETE if state in OPEN_STATES else MOVED


def lines_of(reply: Reply) -> Iterable[str]:
    """An answer for a person: its message, its details, and a plan that replaces the one that was seen."""
    yield printable(reply.message)
    for detail in reply.body.get('details') or ():
        yield printable(f'  {detail.get("path")}: {detail.get("message")}')
    if not reply.accepted and isinstance(plan := reply.body.get('plan'), dict):
        yield printable(
            f'The plan is {plan["id"]} now: {plan["summary"]}. Read it, and repeat with --plan={plan["id"]}.'
        )


def list_proposals(server: Server, options: argparse.Namespace, out: TextIO, complaints: TextIO) -> int:
    """Print the proposals of a cluster or of all, page by page."""
    path = ('clusters', options.cluster, 'proposals') if options.cluster else ('proposals',)
    found: list[Any] = []
    after = None
    while True:
        reply = server.get(*path, state=options.state or 'open', limit=PAGE, after=after)
        if not reply.accepted:
            print(*lines_of(reply), sep='\n', file=complaints)
            return REFUSED
        found += reply.body['content']
        after = reply.body['next']
        if after is None:
            break
    if options.json:
        print(json.dumps({'content': found}), file=out)
    elif found:
        print(*proposal_rows(found), sep='\n', file=out)
    else:
        print('No proposals.', file=out)
    return DONE
