"""Answers compressed with gzip, for clients that accept it. urllib3 has decompressed the bodies here."""

from tests.client import path
from tests.server import Server

CONFIG = {'services': [{f'service-{n:03}': {'image': 'nginx:1'}} for n in range(60)]}


def test_a_long_answer_is_compressed_for_a_client_that_accepts_it(server: Server):
    address = path('clusters', server.cluster(CONFIG))
    plain, compressed = (server.api('GET', address, Accept_Encoding=coding) for coding in ('identity', 'gzip, br'))
    assert 'Content-Encoding' not in plain.headers
    assert compressed.headers['Content-Encoding'] == 'gzip'
    assert int(compressed.headers['Content-Length']) < len(compressed.body) / 4
    assert compressed.json['services'] == plain.json['services']
    for answer in (plain, compressed):
        assert 'Accept-Encoding' in answer.headers['Vary']
        assert answer.revision == plain.revision


def test_the_document_of_the_api_is_compressed(server: Server):
    answer = server.api('GET', '/openapi.json', Accept_Encoding='gzip')
    assert int(answer.headers['Content-Length']) < 100_000
    assert answer.json == server.api('GET', '/openapi.json').json


def test_a_short_answer_is_not_compressed(server: Server):
    answer = server.api('GET', '/session', Accept_Encoding='gzip')
    assert 'Content-Encoding' not in answer.headers
    assert answer.json


def test_an_answer_without_a_body_stays_empty(server: Server):
    address = path('clusters', server.cluster(CONFIG))
    revision = server.api('GET', address).headers['ETag']
    answer = server.api('GET', address, Accept_Encoding='gzip', If_None_Match=revision)
    assert (answer.status, answer.body) == (304, b'')
