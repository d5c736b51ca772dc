"""The commands that call a server: who may, what is carried out, and the exit status."""

import pytest

from stack.client import commands
from stack.configuration.options import read_options
from tests.contract.test_approvals import Team
from tests.guarded import Guarded
from tests.process import run


class Terminal:
    """A terminal of each person of a team."""

    def __init__(self, team: Team, capsys: pytest.CaptureFixture[str]):
        self.team = team
        self._capsys = capsys

    def environment(self, who: str) -> dict[str, str]:
        return {'NYSA_URL': f'http://127.0.0.1:{self.team.server.port}', 'NYSA_TOKEN': self.team.token(who)}

    def run(self, who: str, *arguments: str) -> tuple[int, str]:
        """The exit status, and all that was printed."""
        options = read_options(arguments, 'x', '9')
        environment = self.environment(who)
        self._capsys.readouterr()
        status = commands.run(options, environment)
        printed = self._capsys.readouterr()
        return status, printed.out + printed.err


@pytest.fixture
def terminal(guarded: Guarded, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(Team(guarded, required=2), capsys)


def test_a_proposal_is_read_approved_and_carried_out(terminal: Terminal):
    team = terminal.team
    id = team.propose('ann')['id']
    status, listed = terminal.run('bob', 'proposals', team.name)
    assert (status, listed.split()[:5]) == (0, [team.name, id, 'open', '0/2', 'by'])
    assert terminal.run('bob', 'proposals')[1] == listed
    status, shown = terminal.run('bob', 'proposals', team.name, id)
    assert status == 3
    assert 'web: image 1 → 2' in shown
    assert 'image team/web:1 → team/web:2' in shown
    status, own = terminal.run('ann', 'approve', team.name, id)
    assert status == 1, own
    assert terminal.run('bob', 'approve', team.name, id, '--reason=read it')[0] == 3
    assert team.image() == 'team/web:1'
    assert terminal.run('carl', 'approve', team.name, id) == (0, 'deploying...\n')
    assert team.image() == 'team/web:2'
    assert terminal.run('dora', 'approve', team.name, id)[0] == 4
    status, shown = terminal.run('dora', 'proposals', team.name, id)
    assert status == 0
    assert 'Approved by bob' in shown
    assert 'read it' in shown


def test_a_proposal_is_withdrawn_by_its_author(terminal: Terminal):
    team = terminal.team
    id = team.propose('ann')['id']
    assert terminal.run('ann', 'reject', team.name, id, '--reason=too early') == (0, 'rejected\n')
    assert terminal.run('bob', 'proposals', team.name, id)[0] == 4
    assert terminal.run('bob', 'proposals', team.name)[1] == 'No proposals.\n'
    status, listed = terminal.run('bob', 'proposals', team.name, '--state=rejected')
    assert (status, id in listed) == (0, True)


def test_what_does_not_roll_out_is_neither_stopped_nor_continued(terminal: Terminal):
    name = terminal.team.name
    for command in ('stop', 'continue'):
        status, printed = terminal.run('bob', command, name, 'nothing-there')
        assert status == 1
        assert 'nothing-there' in printed


def test_the_program_calls_the_server_without_a_profile(terminal: Terminal):
    found = run('proposals', '--json', **terminal.environment('bob'))
    assert (found.returncode, found.stdout, found.stderr) == (0, '{"content": []}\n', '')
    wrong = run('proposals', '--server=here')
    assert (wrong.returncode, wrong.stdout) == (2, '')
    assert '--server: must be an origin' in wrong.stderr
