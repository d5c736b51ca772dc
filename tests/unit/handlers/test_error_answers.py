"""Answers to failed requests: one shape, the right status and headers, no cause of an unexpected error."""

import pytest
from tornado.web import HTTPError

from handlers.error_answers import ErrorAnswer, FailedRequest, error_answer
from stack.errors import InvalidRequest, NotAuthenticated, OutcomeUnknown, TooManyRequests, Unavailable


def answer(error: BaseException | None, status: int = 500, method: str = 'GET') -> ErrorAnswer:
    return error_answer(error, status, FailedRequest('id-1', method, '/api/v1/nothing', ('GET', 'HEAD')))


def test_an_error_has_its_code_message_and_details():
    details = [{'path': 'limit', 'message': 'a number'}]
    given = answer(InvalidRequest('limit must be a number.', details))
    assert given.status == 400
    assert given.content == {
        'error': 'invalid_request',
        'message': 'limit must be a number.',
        'details': details,
        'request_id': 'id-1',
    }


def test_an_unexpected_error_hides_its_cause():
    given = answer(KeyError('secret'))
    assert (given.status, given.content['error']) == (500, 'internal')
    assert 'secret' not in given.content['message']
    assert 'id-1' in given.content['message']


@pytest.mark.parametrize(
    ('status', 'code', 'message'),
    [
        (404, 'not_found', 'There is nothing at /api/v1/nothing.'),
        (405, 'method_not_allowed', 'PUT is not supported here; GET, HEAD is.'),
        (418, 'refused', 'tea'),
    ],
)
def test_an_error_of_tornado_has_the_same_shape(status: int, code: str, message: str):
    given = answer(HTTPError(status, reason='tea'), status, 'PUT')
    assert (given.status, given.content['error'], given.content['message']) == (status, code, message)
    assert given.headers.get('Allow') == ('GET, HEAD' if status == 405 else None)


def test_headers_say_when_to_retry_and_how_to_authenticate():
    assert answer(TooManyRequests('Rate limit exceeded.', 7)).headers == {'Retry-After': '7'}
    assert answer(NotAuthenticated('No token.')).headers == {'WWW-Authenticate': 'Bearer realm="nysa"'}
    assert answer(Unavailable('No answer', 's3:GetObject', 'Timeout')).headers == {'Retry-After': '1'}


def test_only_a_change_learns_what_a_failure_of_aws_means_for_it():
    failed = Unavailable('S3 does not answer', 's3:PutObject', 'Timeout')
    unknown = OutcomeUnknown('the change was made', 'Read the cluster.', failed)
    assert answer(unknown, method='GET').content['message'] == unknown.message
    if unknown.consequence:
        assert unknown.consequence in answer(unknown, method='PUT').content['message']
