import pytest

from stack.telemetry.log_events import filter_pattern


@pytest.mark.parametrize(
    ('text', 'pattern'),
    [
        ('', ''),
        ('  ', ''),
        ('GET /orders', '"GET /orders"'),
        ('print "hi"', '"print \\"hi\\""'),
        ('C:\\temp', '"C:\\\\temp"'),
        ('{ $.level = "error" }', '{ $.level = "error" }'),
        ('"out of memory" -debug', '"out of memory" -debug'),
        ('?error ?warn', '?error ?warn'),
        ('%5\\d\\d%', '%5\\d\\d%'),
    ],
)
def test_text_is_a_phrase_and_a_pattern_stays_one(text: str, pattern: str):
    assert filter_pattern(text) == pattern
