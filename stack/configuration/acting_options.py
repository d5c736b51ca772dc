"""The commands that act through the REST API of a server, and their options."""

import argparse

from stack.configuration.command import Command

CALLING = ('NYSA_URL', 'NYSA_TOKEN')

REFUSED = 'refused, or the server cannot be reached'
WRONG = 'a setting or option is missing or wrong'
MOVED = 'not done: the deployment, the proposal or its plan is no longer the current one'
STOPPED = {0: 'accepted', 1: REFUSED, 2: WRONG, 4: MOVED}
APPROVED = {0: 'carried out', 1: REFUSED, 2: WRONG, 3: 'recorded; further approvals are needed', 4: MOVED}
CONTINUED = {**APPROVED, 0: 'accepted'}
REJECTED = {**STOPPED, 0: 'rejected'}
LISTED = {
    0: 'listed; of one proposal: carried out',
    1: REFUSED,
    2: WRONG,
    3: 'of one proposal: it waits for approvals, or is being carried out',
    4: 'of one proposal: it has ended without being carried out',
}


def _calling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--server', metavar='URL', help='also NYSA_URL; default http://127.0.0.1:8888')
    parser.add_argument('--json', action='store_true', help="print the server's answer as JSON")


def _reasoned(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--reason', help='recorded in the history or the audit')
    _calling(parser)


def _of_rollout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('cluster', metavar='CLUSTER')
    parser.add_argument('service', metavar='SERVICE')
    parser.add_argument('--deployment', metavar='ARN', help='refuse where this is no longer the newest deployment')
    parser.add_argument('--override', metavar='REASON', help='pass the guards; requires the role admin')
    _reasoned(parser)


def _stop(parser: argparse.ArgumentParser) -> None:
    _of_rollout(parser)
    parser.add_argument('--abort', action='store_true', help='leave tasks and traffic where they are')


def _continue(parser: argparse.ArgumentParser) -> None:
    _of_rollout(parser)
    parser.add_argument('--hook', metavar='ID', help='answer this pause alone; a repetition then does no harm')
    parser.add_argument('--roll-back', action='store_true', help='roll the deployment back in place of going on')


def _proposals(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('cluster', nargs='?', metavar='CLUSTER', help='default: all')
    parser.add_argument('proposal', nargs='?', metavar='PROPOSAL', help='show this one, with its plan')
    parser.add_argument('--state', help='open (unless given), approved, carried-out, rejected, expired or outdated')
    _calling(parser)


def _decision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('cluster', metavar='CLUSTER')
    parser.add_argument('proposal', metavar='PROPOSAL')
    parser.add_argument('--plan', metavar='ID', help='the plan that was read; required once the plan was renewed')
    _reasoned(parser)


def _approve(parser: argparse.ArgumentParser) -> None:
    _decision(parser)
    parser.add_argument(
        '--override', metavar='REASON', help='carry it out without its approvals; requires the role admin'
    )


ACTING = (
    Command(
        'stop',
        'stop the rollout of a service, and roll it back',
        'Stop the rollout of a service: ECS goes back, the desired state with it, and the image is quarantined.',
        STOPPED,
        CALLING,
        _stop,
    ),
    Command(
        'continue',
        'continue a rollout that waits for a person',
        'Answer the pause of a rollout: it goes on, or is rolled back.',
        CONTINUED,
        CALLING,
        _continue,
    ),
    Command(
        'proposals',
        'what waits for approval',
        'List proposals, or show one with its plan.',
        LISTED,
        CALLING,
        _proposals,
    ),
    Command(
        'approve',
        'approve a proposal',
        'Approve a proposal. The approval that completes its quorum carries out exactly its plan.',
        APPROVED,
        CALLING,
        _approve,
    ),
    Command(
        'reject',
        'reject a proposal, or withdraw one',
        'Reject a proposal; its author withdraws it so.',
        REJECTED,
        CALLING,
        _decision,
    ),
)
