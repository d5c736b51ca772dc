"""A server that stops finishes what was begun for a caller, and every request has an answer."""

import json
import select
import socket
import threading
from contextlib import ExitStack
from typing import Any

import pytest

from handlers import serving
from handlers.api import operation
from handlers.http.http_server import ACCEPTED_A_TURN
from tests.aws import Aws
from tests.client import path
from tests.held import HeldConnection, Hold
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'team/web:1'}}]}
WAIT_S = 60


def request(verb: str, target: str, body: Any) -> bytes:
    content = json.dumps(body).encode()
    head = f'{verb} {target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(content)}'
    return head.encode() + b'\r\n\r\n' + content


def read_answer(line: socket.socket) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of the next answer."""
    got = b''
    while b'\r\n\r\n' not in got:
        chunk = line.recv(65536)
        assert chunk, f'the connection was closed after {got!r}'
        got += chunk
    head, _, body = got.partition(b'\r\n\r\n')
    lines = head.decode().split('\r\n')
    headers = {name.lower(): value for name, _, value in (each.partition(': ') for each in lines[1:])}
    while len(body) < int(headers['content-length']):
        body += line.recv(65536)
    return int(lines[0].split()[1]), json.loads(body), headers


def connect_to(server: Server) -> socket.socket:
    return socket.create_connection(('127.0.0.1', server.port), timeout=WAIT_S)


def is_peer(one: socket.socket, other: socket.socket) -> bool:
    """Whether both are the ends of one connection."""
    return one.getpeername() == other.getsockname()


class Stopped:
    """A server that is asked to stop while calls are held; `with` waits for its end."""

    def __init__(self, server: Server):
        self._thread = threading.Thread(target=server.__exit__)

    def __enter__(self) -> 'Stopped':
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()


def started(aws: Aws, connection: HeldConnection) -> tuple[Server, str]:
    server = Server(aws, connection=connection)
    server.__enter__()
    return server, server.cluster(CONFIG)


def reached(hold: Hold) -> None:
    assert hold.reached.wait(WAIT_S)


@pytest.mark.parametrize('hangs_up', [False, True])
def test_a_change_is_finished_whether_its_client_stays_or_not(aws: Aws, hangs_up: bool):
    connection = HeldConnection(aws)
    server, cluster = started(aws, connection)
    held = connection.hold('PutObject', f'nysa/guards/{cluster}', after=True)
    line = connect_to(server)
    line.sendall(request('PUT', f'/api/v1/clusters/{cluster}/freeze', {'reason': 'sale'}))
    reached(held)
    if hangs_up:
        line.close()
        server.api('GET', '/clusters')  # the server has noticed by now
    with Stopped(server):
        held.go.set()
    guards = json.loads(server.stored(f'nysa/guards/{cluster}')['Body'])
    assert guards['freeze']
    assert server.stored(cluster)['Metadata']['nysa-guards'] == guards['id']
    if not hangs_up:
        assert read_answer(line)[0] == 200
        line.close()


def test_a_request_that_comes_too_late_is_refused_and_nothing_is_stored(aws: Aws):
    connection = HeldConnection(aws)
    server, cluster = started(aws, connection)
    with connect_to(server) as line:
        first = connection.hold('PutObject', cluster)
        line.sendall(request('PUT', f'/api/v1/clusters/{cluster}/services/web', {'image_tag': 'first'}))
        reached(first)
        marking = connection.hold('PutObjectTagging', cluster)
        with connect_to(server) as late, Stopped(server):
            first.go.set()
            assert read_answer(line)[0] == 202
            reached(marking)  # the requests are finished, and what they left is being done
            late.sendall(request('PUT', f'/api/v1/clusters/{cluster}/services/web', {'image_tag': 'late'}))
            status, answer, headers = read_answer(late)
            marking.go.set()
        assert (status, answer['error'], headers['retry-after']) == (503, 'shutting_down', '1')
        assert headers['connection'] == 'close'
    assert server.document(cluster)['services'][0]['web']['image'] == 'team/web:first'
    assert [message['payload']['services'][0]['web']['image'] for message in server.messages()] == ['team/web:first']


def test_an_idle_connection_is_closed_at_once(aws: Aws):
    connection = HeldConnection(aws)
    server, cluster = started(aws, connection)
    with connect_to(server) as line, connect_to(server) as busy:
        line.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
        assert read_answer(line)[0] == 200
        held = connection.hold('PutObject', cluster)
        busy.sendall(request('PUT', f'/api/v1/clusters/{cluster}/services/web', {'image_tag': '2'}))
        reached(held)
        with Stopped(server):
            assert line.recv(1) == b''
            held.go.set()
            status, _, _ = read_answer(busy)
    assert status == 202


def test_a_request_that_takes_long_is_finished_where_the_stop_may_take_longer(aws: Aws, monkeypatch):
    """The time that is left for requests is what the setting has beyond that of what they leave."""
    monkeypatch.setattr(serving, 'LEFT_WITHIN_S', WAIT_S)
    connection = HeldConnection(aws)
    server, cluster = started(aws, connection)
    server.stop_within_s = 3 * WAIT_S
    held = connection.hold('PutObject', cluster)
    with connect_to(server) as line, connect_to(server) as idle:
        idle.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
        assert read_answer(idle)[0] == 200
        line.sendall(request('PUT', f'/api/v1/clusters/{cluster}/services/web', {'image_tag': '2'}))
        reached(held)
        with Stopped(server):
            assert idle.recv(1) == b''  # the stop has begun
            assert not server.http._sockets
            held.go.set()
            assert read_answer(line)[0] == 202


def test_what_has_arrived_before_the_stop_is_answered(aws: Aws):
    """Many connections that wait to be accepted, and a request on one that was idle, are not reset."""
    connection = HeldConnection(aws)
    server, cluster = started(aws, connection)
    held = connection.hold('PutObject', cluster)
    paused, resumed = threading.Event(), threading.Event()

    stops = []

    def stand_still() -> None:
        paused.set()
        assert resumed.wait(WAIT_S)
        stops.append(server._loop.create_task(server.http.stop()))

    with connect_to(server) as line, connect_to(server) as idle:
        idle.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
        assert read_answer(idle)[0] == 200
        line.sendall(request('PUT', f'/api/v1/clusters/{cluster}/services/web', {'image_tag': '2'}))
        reached(held)
        server._loop.call_soon_threadsafe(stand_still)
        assert paused.wait(WAIT_S)
        idle.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
        with ExitStack() as opened:
            new = [opened.enter_context(connect_to(server)) for _ in range(2 * ACCEPTED_A_TURN)]
            for each in new:
                each.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
            (accepted,) = (each for each in server.http.connections._streams if is_peer(each.socket, idle))
            for waiting in (accepted.socket, server.http._sockets[0]):
                assert select.select([waiting], [], [], WAIT_S)[0]
            resumed.set()
            assert {read_answer(each)[0] for each in (idle, *new)} == {200}
        with Stopped(server):
            held.go.set()
            assert read_answer(line)[0] == 202


def test_what_aws_does_not_answer_is_answered_as_unknown_before_the_end(aws: Aws, monkeypatch):
    # After the answer, the rest of a stop takes as long as the call is held.
    monkeypatch.setattr(serving, 'LEFT_WITHIN_S', WAIT_S)
    connection = HeldConnection(aws)
    server, cluster = started(aws, connection)
    server.stop_within_s = WAIT_S + 0.2
    held = connection.hold('PutObject', cluster)
    with connect_to(server) as line:
        line.sendall(request('PUT', f'/api/v1/clusters/{cluster}/services/web', {'image_tag': '2'}))
        reached(held)
        with Stopped(server):
            status, answer, _ = read_answer(line)
            held.go.set()
    assert (status, answer['error']) == (502, 'outcome_unknown')
    assert 'not known whether' in answer['message']


def test_a_request_is_answered_within_its_deadline_and_its_change_goes_on(aws: Aws, monkeypatch):
    connection = HeldConnection(aws)
    server, cluster = started(aws, connection)
    try:
        monkeypatch.setattr(server.context.in_flight, '_overdue', lambda: [('s3:PutObject', 29.4)])
        deadlines = server.context.in_flight._deadlines
        add = deadlines.add
        monkeypatch.setattr(deadlines, 'add', lambda handler, _: add(handler, 0.3))
        held = connection.hold('PutObject', cluster)
        answer = server.api('PUT', path('clusters', cluster, 'services', 'web'), {'image_tag': '2'})
        assert (answer.status, answer.json['error']) == (502, 'outcome_unknown')
        assert 's3:PutObject (for 29 s)' in answer.json['message']
        monkeypatch.undo()
        held.go.set()
        server.run(server.context.in_flight.answered())
        server.run(server.settled())
        assert server.document(cluster)['services'][0]['web']['image'] == 'team/web:2'
        [message] = server.messages()
        assert message['payload']['services'][0]['web']['image'] == 'team/web:2'
        assert server.api('GET', path('clusters', cluster, 'config')).status == 200
    finally:
        server.__exit__()


@pytest.mark.parametrize(
    ('method', 'address', 'body'),
    [
        ('GET', 'config', None),
        ('POST', 'plan', {'services': []}),
        ('PUT', 'services/web?dry_run=true', {'image_tag': '2'}),
    ],
)
def test_a_late_answer_of_what_changes_nothing_leaves_nothing_unknown(
    aws: Aws, monkeypatch, method: str, address: str, body: object
):
    connection = HeldConnection(aws)
    server, cluster = started(aws, connection)
    held = [connection.hold(call, cluster) for call in ('HeadObject', 'GetObject')]
    try:
        deadlines = server.context.in_flight._deadlines
        add = deadlines.add
        monkeypatch.setattr(deadlines, 'add', lambda handler, _: add(handler, 0.3))
        answer = server.api(method, f'{path("clusters", cluster)}/{address}', body)
        assert (answer.status, answer.json['error']) == (503, 'aws_unavailable')
    finally:
        for hold in held:
            hold.go.set()
        server.__exit__()


def test_every_verb_has_a_deadline_below_that_of_load_balancers_unless_it_reads_a_whole_cluster():
    assert operation.DEADLINE_S <= operation.PLANNED_WITHIN_S < 60


def test_more_requests_than_there_is_room_for_are_refused_but_the_probes(aws: Aws, monkeypatch):
    connection = HeldConnection(aws)
    server, cluster = started(aws, connection)
    try:
        monkeypatch.setattr(server.context.in_flight, '_most', 1)
        held = connection.hold('PutObject', cluster)
        with connect_to(server) as line:
            line.sendall(request('PUT', f'/api/v1/clusters/{cluster}/services/web', {'image_tag': '2'}))
            reached(held)
            refused = server.api('GET', path('clusters', cluster, 'config'))
            assert (refused.status, refused.json['error']) == (503, 'overloaded')
            assert server.ask('GET', '/healthz').status == server.ask('GET', '/metrics').status == 200
            held.go.set()
            assert read_answer(line)[0] == 202
        assert server.api('GET', path('clusters', cluster, 'config')).status == 200
    finally:
        server.__exit__()
