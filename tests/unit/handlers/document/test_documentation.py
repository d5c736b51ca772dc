"""/api/docs: its headers, and no content from elsewhere."""

import re

import pytest

from tests.server import Server


def test_the_page_runs_nothing_and_loads_nothing_from_elsewhere(server: Server):
    answer = server.ask('GET', '/api/docs')
    assert answer.status == 200
    policy = answer.headers['Content-Security-Policy']
    assert "default-src 'none'" in policy
    assert 'unsafe' not in policy
    assert 'script-src' not in policy
    page = answer.body.decode()
    assert '<script' not in page
    assert not re.search(r'\sstyle="', page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_its_style_sheet_is_kept_for_ever_under_its_own_version(server: Server):
    page = server.ask('GET', '/api/docs').body.decode()
    [address] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    style = server.ask('GET', address)
    assert style.headers['Content-Type'].startswith('text/css')
    assert 'immutable' in style.headers['Cache-Control']
    assert b'url(' not in style.body


def test_links_within_the_page_lead_somewhere(server: Server):
    page = server.ask('GET', '/api/docs').body.decode()
    there = re.findall(r'\sid="([^"]+)"', page)
    assert len(there) == len(set(there))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(there)


@pytest.mark.parametrize('host', ['evil$(id)', "a'b", 'a;b'])
def test_a_host_that_is_none_is_not_shown(server: Server, host: str):
    page = server.ask('GET', '/api/docs', Host=host).body.decode()
    assert host not in page
    assert 'http://localhost:8888/api/v1' in page


def test_examples_name_the_address_that_the_reader_used(server: Server):
    assert 'http://nysa.example:81/api/v1' in server.ask('GET', '/api/docs', Host='nysa.example:81').body.decode()
