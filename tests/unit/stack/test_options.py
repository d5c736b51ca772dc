import pytest

from stack.options import read_options


def read(*arguments: str):
    return read_options(arguments, 'Says what it is.', '9.9')


@pytest.mark.parametrize('arguments', [(), ('--port=9000',), ('serve',), ('serve', '--port=9000')])
def test_serving_is_what_runs_without_a_command(arguments):
    assert read(*arguments).command == 'serve'


def test_a_port_reaches_the_server_with_and_without_its_command():
    assert read('--port=9000').port == read('serve', '--port=9000').port == '9000'


@pytest.mark.parametrize(
    'arguments', [('frobnicate',), ('plan',), ('check',), ('token',), ('token', 'create', '--name=a'), ('--nonsense',)]
)
def test_what_cannot_be_understood_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        read(*arguments)
    assert ended.value.code == 2
    assert 'usage: nysa_server.py' in capsys.readouterr().err


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        read('--version')
    assert ended.value.code == 0
    assert capsys.readouterr().out == 'Nysa 9.9\n'
