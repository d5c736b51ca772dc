import socket

import pytest

from stack.client.server import Server
from tests.unit.stack.client.answering import answering


def test_a_call_has_its_path_its_query_its_token_and_its_body():
    with answering((202, {'message': 'done'})) as script:
        reply = Server(script.url, 'nysa_1').post(
            'clusters', 'a/b c', 'stop', body={'reason': 'ü'}, override='x y', no=''
        )
    (call,) = script.calls
    assert (call.method, call.path) == ('POST', '/api/v1/clusters/a%2Fb%20c/stop?override=x+y')
    assert (call.token, call.body) == ('Bearer nysa_1', {'reason': 'ü'})
    assert (reply.status, reply.accepted, reply.message) == (202, True, 'done')


def test_without_a_token_none_is_sent():
    with answering((200, {})) as script:
        Server(script.url).get('proposals')
    assert script.calls[0].token is None


def test_a_refusal_is_an_answer():
    with answering((409, {'error': 'deployment_moved', 'message': 'Another one.'})) as script:
        reply = Server(script.url).get('x')
    assert (reply.status, reply.accepted, reply.message) == (409, False, 'Another one.')


@pytest.mark.parametrize('status', [301, 302, 307, 308])
def test_the_token_follows_no_redirect(status: int):
    with answering((200, {})) as other, answering((status, {'Location': other.url})) as script:
        reply = Server(script.url, 'secret').get('proposals')
    assert (reply.status, other.calls) == (status, [])
    assert not reply.accepted


@pytest.mark.parametrize('body', ['<html>', '[1]', ''])
def test_what_is_no_answer_of_the_api(body: str):
    with answering((502, body)) as script:
        reply = Server(script.url).get('x')
    assert (reply.status, reply.message) == (502, f'{script.url} answered 502, which is no answer of this API.')


def test_of_a_change_without_an_answer_the_outcome_is_unknown():
    with answering((0, None)) as script:
        reply = Server(script.url).post('x', body={})
    assert reply.status == 0
    assert 'it is unknown whether the call was carried out' in reply.message


def test_nothing_is_changed_where_no_server_listens():
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    reply = Server(f'http://127.0.0.1:{port}').post('x', body={})
    assert reply.status == 0
    assert 'cannot be reached' in reply.message
    assert 'nothing was changed' in reply.message
