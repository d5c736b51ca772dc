import pytest

from stack.configuration.command import Command
from stack.configuration.options import COMMANDS, read_options


def read(*arguments: str):
    return read_options(arguments, 'A test server.', '9.9')


@pytest.mark.parametrize('arguments', [(), ('--port=9000',), ('serve',), ('serve', '--port=9000')])
def test_serving_is_what_runs_without_a_command(arguments):
    assert read(*arguments).command == 'serve'


def test_a_port_reaches_the_server_with_and_without_its_command():
    assert read('--port=9000').port == read('serve', '--port=9000').port == '9000'


@pytest.mark.parametrize(
    'arguments', [('frobnicate',), ('apply',), ('check',), ('token',), ('token', 'create', '--name=a'), ('--nonsense',)]
)
def test_what_cannot_be_understood_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        read(*arguments)
    assert ended.value.code == 2
    assert 'usage: nysa_server.py' in capsys.readouterr().err


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as ended:
        read('--version')
    assert ended.value.code == 0
    assert capsys.readouterr().out == 'Nysa 9.9\n'


def test_a_wrong_option_of_a_plan_is_not_taken_for_changes(capsys):
    with pytest.raises(SystemExit) as ended:
        read('plan', '--nonsense')
    assert ended.value.code == 1
    assert 'usage: nysa_server.py plan' in capsys.readouterr().err


@pytest.mark.parametrize('command', COMMANDS, ids=lambda command: command.name)
def test_each_command_explains_itself_its_settings_and_its_exit_statuses(command: Command, capsys):
    with pytest.raises(SystemExit) as ended:
        read(command.name, '--help')
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert command.description.partition('.')[0] in ' '.join(printed.split())
    for name in command.settings:
        assert f'{name} ' in printed
    for status, meaning in command.statuses.items():
        assert f'  {status}  {meaning}' in printed
