"""The headers that every answer begins with."""

from email.utils import parsedate_to_datetime

from tornado.httputil import HTTPHeaders

from handlers.access.origins import Origins
from handlers.answer_headers import ALWAYS, AnswerHeaders


def test_they_are_as_if_set_one_by_one():
    known = Origins('https://nysa.example').always
    made, reference = AnswerHeaders(known, 'r-1'), HTTPHeaders()
    for name, value in {**ALWAYS, **known, 'Date': made['Date'], 'X-Request-Id': 'r-1'}.items():
        reference[name] = value
    assert list(made.get_all()) == list(reference.get_all())
    assert made['strict-transport-security']
    assert parsedate_to_datetime(made['date'])


def test_each_answer_has_its_own():
    known = Origins().always
    one, other = AnswerHeaders(known, 'r-1'), AnswerHeaders(known, 'r-2')
    one['Cache-Control'] = 'no-store'
    one.add('Vary', 'Accept')
    one.add('Vary', 'Origin')
    assert other['Cache-Control'] == 'private, no-cache'
    assert 'Vary' not in other
    assert one['Vary'] == 'Accept,Origin'
    assert known == Origins().always
