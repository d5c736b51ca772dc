"""Filter patterns of CloudWatch Logs."""

import pytest

from stack.sandbox.telemetry.log_patterns import InvalidPattern, compiled

RECORD = '{"level":"error","status":503,"request":{"path":"/v1/orders"}}'


@pytest.mark.parametrize(
    ('pattern', 'message', 'matches'),
    [
        ('', 'anything', True),
        ('ERROR', 'an ERROR here', True),
        ('ERROR', 'an error here', False),
        ('ERROR timeout', 'ERROR: timeout', True),
        ('ERROR timeout', 'ERROR: refused', False),
        ('"timed out"', 'it timed out', True),
        ('"timed out"', 'timed-out', False),
        ('?ERROR ?WARN', 'WARN: slow', True),
        ('?ERROR ?WARN', 'INFO: fine', False),
        ('ERROR -health', 'ERROR in orders', True),
        ('ERROR -health', 'ERROR in health', False),
        ('{ $.level = "error" }', RECORD, True),
        ('{ $.level != "error" }', RECORD, False),
        ('{ $.status >= 500 }', RECORD, True),
        ('{ $.status < 500 }', RECORD, False),
        ('{ $.status = 503 && $.level = "error" }', RECORD, True),
        ('{ $.status = 200 || $.request.path = "/v1/*" }', RECORD, True),
        ('{ ($.status = 200) && ($.level = "error") }', RECORD, False),
        ('{ $.nothing = "x" }', RECORD, False),
        ('{ $.level = "error" }', 'not JSON', False),
    ],
)
def test_patterns(pattern: str, message: str, matches: bool):
    assert compiled(pattern)(message) == matches


@pytest.mark.parametrize('pattern', ['{ $.level = "error"', '{ level = "error" }', '{ }'])
def test_refuses(pattern: str):
    with pytest.raises(InvalidPattern):
        compiled(pattern)
