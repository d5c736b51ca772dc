import asyncio
import gzip
import json
import re

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from handlers.access.access import OpenAccess
from handlers.access.origins import Origins
from handlers.document.control_plane import Asset, control_plane_routes, read_build

SCRIPT = b'export const answer = 42;\n'


@pytest.fixture
def dist(tmp_path):
    manifest = {
        'src/main.tsx': {
            'file': 'main-1a.js',
            'imports': ['src/early.ts', '_shared-5e.js'],
            'css': ['main-2b.css'],
            'assets': ['sans-3c.woff2', 'mono-6f.woff2', 'notes-9.txt'],
        },
        '_shared-5e.js': {'file': 'shared-5e.js'},
        'src/early.ts': {'file': 'early-7g.js'},
        'src/favicon.svg': {'file': 'favicon-4d.svg'},
    }
    (tmp_path / 'manifest.json').write_text(json.dumps(manifest))
    (tmp_path / 'main-1a.js').write_bytes(SCRIPT)
    (tmp_path / 'main-1a.js.gz').write_bytes(gzip.compress(SCRIPT))
    (tmp_path / 'main-2b.css').write_text('body { margin: 0 }')
    (tmp_path / 'favicon-4d.svg').write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    return tmp_path


ACCESS = OpenAccess(Origins())


async def request(build, path: str, sandbox: bool = False, **options):
    socket, port = bind_unused_port()
    server = HTTPServer(Application(control_plane_routes(build, sandbox=sandbox), access=ACCESS))
    server.add_socket(socket)
    client = AsyncHTTPClient(force_instance=True)
    try:
        return await client.fetch(f'http://127.0.0.1:{port}{path}', raise_error=False, **options)
    finally:
        client.close()
        server.stop()
        await server.close_all_connections()


@pytest.fixture
def get(dist):
    build = read_build(dist)
    return lambda path, **options: asyncio.run(request(build, path, **options))


@pytest.mark.parametrize(
    'path',
    [
        '/cp/assets/manifest.json',
        '/cp/assets/../control_plane.py',
        '/cp/assets/..%2f..%2fsetup.cfg',
        '/cp/assets/',
        '/cp/assets/gone.js',
    ],
)
def test_only_built_files_are_served(get, path):
    answer = get(path)
    if answer.code == 200:
        # A path without the form of a file name is an address of the page, which shows that it does not exist.
        assert answer.headers['Content-Type'].startswith('text/html')
    else:
        assert answer.code == 404


def test_a_missing_build_is_reported(tmp_path):
    assert read_build(tmp_path) is None
    answer = asyncio.run(request(None, '/cp'))
    assert answer.code == 503
    assert 'make setup' in answer.reason
    assert asyncio.run(request(None, '/cp/assets/main-1a.js')).code == 404


@pytest.mark.parametrize('path', ['/cp', '/cp/', '/cp/clusters/staging/services/user-service?tab=diff'])
def test_every_address_gives_the_shell(get, path):
    answer = get(path)
    page = answer.body.decode()
    assert '/cp/assets/main-1a.js' in page
    assert page.index('async fetchpriority="high" src="/cp/assets/early-7g.js"') < page.index('main-2b.css')
    assert '/cp/assets/main-2b.css' in page
    assert '/cp/assets/sans-3c.woff2' in page
    assert '<link rel="modulepreload" href="/cp/assets/shared-5e.js">' in page
    assert page.count('early-7g.js') == 1
    assert 'mono-6f' not in page
    assert 'notes-9' not in page
    assert answer.headers['Cache-Control'] == 'no-store'


def test_the_policy_allows_nothing_inline(get):
    answer = get('/cp')
    policy = dict(part.split(' ', 1) for part in answer.headers['Content-Security-Policy'].split('; '))
    nonce = re.search(r'csp-nonce" nonce="([^"]+)"', answer.body.decode()).group(1)
    assert policy['default-src'] == "'none'"
    assert policy['script-src'] == "'self'"
    assert policy['style-src'] == f"'self' 'nonce-{nonce}'"
    assert policy['trusted-types'] == "'none'"
    assert 'unsafe' not in answer.headers['Content-Security-Policy']
    again = get('/cp')
    assert nonce not in again.body.decode()


@pytest.mark.parametrize('sandbox', [True, False])
def test_the_page_is_informed_of_the_sandbox_alone(get, sandbox):
    head = get('/cp/parts', sandbox=sandbox).body.decode().partition('<head>')[0]
    assert ('data-sandbox' in head) == sandbox


@pytest.mark.parametrize(('cookie', 'shown'), [('dark', 'data-theme="dark"'), ('"><script>', None), ('', None)])
def test_the_chosen_theme_comes_with_the_page(get, cookie, shown):
    answer = get('/cp', headers={'Cookie': f'nysa-theme={cookie}'})
    head = answer.body.decode().split('<head>')[0]
    assert (shown in head) if shown else ('data-theme' not in head)


def test_files_are_kept_for_ever_and_come_compressed(get):
    headers = {'Accept-Encoding': 'gzip, deflate'}
    answer = get('/cp/assets/main-1a.js', headers=headers, decompress_response=False)
    assert gzip.decompress(answer.body) == SCRIPT
    assert answer.headers['Content-Encoding'] == 'gzip'
    assert answer.headers['Vary'] == 'Accept-Encoding'
    assert 'immutable' in answer.headers['Cache-Control']
    assert answer.headers['Content-Type'].startswith('text/javascript')


@pytest.mark.parametrize(
    ('accepted', 'coding'),
    [
        ('', ''),
        ('identity', ''),
        ('deflate', ''),
        ('gzip', 'gzip'),
        ('gzip, br', 'br'),
        ('br;q=0, gzip', 'gzip'),
        ('br; q=0.5', 'br'),
    ],
)
def test_the_coding_is_one_that_the_client_takes(accepted, coding):
    asset = Asset('text/css; charset=utf-8', b'plain', {'br': b'br', 'gzip': b'gz'})
    assert asset.best_for(accepted)[0] == coding


def test_the_front_door_leads_to_the_control_plane(get):
    answer = get('/', follow_redirects=False)
    assert answer.code == 302
    assert answer.headers['Location'] == '/cp'
