"""Conditions of rules: wildcards, several values, headers, parameters and addresses."""

from typing import Any

import pytest

from stack.sandbox.elb.matching import ClientRequest, meets

REQUEST = ClientRequest(
    'API.example.com:443', '/v1/Users', 'GET', {'user-agent': 'Chrome 7'}, (('Version', 'V1'),), '10.0.3.4'
)


def config(field: str, name: str, *values: Any, **more: Any) -> dict[str, Any]:
    return {'Field': field, name: {'Values': list(values), **more}}


@pytest.mark.parametrize(
    ('condition', 'met'),
    [
        (config('host-header', 'HostHeaderConfig', '*.example.com'), True),
        (config('host-header', 'HostHeaderConfig', 'api?.example.com'), False),
        ({'Field': 'path-pattern', 'Values': ['/v?/*']}, True),
        (config('path-pattern', 'PathPatternConfig', '/v1/users'), False),
        (config('path-pattern', 'PathPatternConfig', '/v1.*'), False),
        (config('http-request-method', 'HttpRequestMethodConfig', 'POST', 'GET'), True),
        (config('http-header', 'HttpHeaderConfig', '*chrome*', HttpHeaderName='User-Agent'), True),
        (config('http-header', 'HttpHeaderConfig', '*', HttpHeaderName='X-Absent'), False),
        (config('query-string', 'QueryStringConfig', {'Key': 'version', 'Value': 'v?'}), True),
        (config('query-string', 'QueryStringConfig', {'Key': 'other', 'Value': 'v1'}), False),
        (config('source-ip', 'SourceIpConfig', '192.0.2.0/24', '10.0.0.0/16'), True),
        (config('source-ip', 'SourceIpConfig', '10.1.0.0/16'), False),
    ],
)
def test_a_condition(condition: dict[str, Any], met: bool):
    assert meets(REQUEST, [condition]) == met


def test_all_conditions_have_to_be_met():
    host = config('host-header', 'HostHeaderConfig', 'api.example.com')
    assert meets(REQUEST, [host, config('path-pattern', 'PathPatternConfig', '/v1/*')])
    assert not meets(REQUEST, [host, config('path-pattern', 'PathPatternConfig', '/v2/*')])
