"""The control plane's page: one HTML shell for every `/cp` address, and the built assets.

The page reads its data from the API; nothing here depends on the caller.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.web import HTTPError, RequestHandler

STATIC = Path(__file__).parents[2] / 'static'
TEMPLATES = Path(__file__).parents[2] / 'templates'
ENTRY = 'src/main.tsx'
EARLY = 'src/early.ts'
ICON = 'src/favicon.svg'

CONTENT_TYPES = {
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.woff2': 'font/woff2',
}
ENCODINGS = {'br': '.br', 'gzip': '.gz'}
THEMES = ('light', 'dark')

# CodeMirror draws its marks with data: images and adds its styles with the nonce; nothing on the page
# turns a string into HTML or script, so that Trusted Types need no policy at all.
CONTENT_SECURITY_POLICY = '; '.join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)


@dataclass(frozen=True)
class Asset:
    """One built file; `encoded` maps a content coding to the bytes that were compressed when it was built."""

    content_type: str
    body: bytes
    encoded: Mapping[str, bytes] = field(default_factory=dict)

    def best_for(self, accept_encoding: str) -> tuple[str, bytes]:
        """The first content coding that the client accepts, and its bytes; `''` is identity."""
        offers = [offer.replace(' ', '').partition(';q=') for offer in accept_encoding.split(',')]
        refused = {'0', '0.0', '0.00', '0.000'}
        accepted = {coding for coding, _, weight in offers if weight not in refused}
        for coding, body in self.encoded.items():
            if coding in accepted:
                return coding, body
        return '', self.body


@dataclass(frozen=True)
class Build:
    """What `make setup` made of `static/`: every file in memory, and the names that the shell refers to."""

    assets: Mapping[str, Asset]
    script: str
    # Opens the live channel before the script has come.
    early: str
    # What the script imports at once: without these names, a browser learns of them only once it has the script.
    imports: tuple[str, ...]
    styles: tuple[str, ...]
    fonts: tuple[str, ...]
    icon: str


def read_build(dist: Path = STATIC / 'dist') -> Build | None:
    """The control plane as it was built, or None where it was not."""
    try:
        manifest = json.loads((dist / 'manifest.json').read_text())
    except FileNotFoundError:
        return None
    entry = manifest[ENTRY]
    return Build(
        assets={path.name: read_asset(path) for path in dist.iterdir() if path.suffix in CONTENT_TYPES},
        script=entry['file'],
        early=manifest[EARLY]['file'],
        imports=tuple(manifest[name]['file'] for name in entry.get('imports', ()) if name != EARLY),
        styles=tuple(entry.get('css', ())),
        # The first page has hardly any monospaced text: its font comes when it is needed.
        fonts=tuple(name for name in entry.get('assets', ()) if name.endswith('.woff2') and 'mono' not in name),
        icon=manifest[ICON]['file'],
    )


def read_asset(path: Path) -> Asset:
    compressed = {coding: path.with_name(path.name + suffix) for coding, suffix in ENCODINGS.items()}
    return Asset(
        content_type=CONTENT_TYPES[path.suffix],
        body=path.read_bytes(),
        encoded={coding: file.read_bytes() for coding, file in compressed.items() if file.exists()},
    )


class PageHandler(RequestHandler):
    def set_default_headers(self) -> None:
        for name, value in self.settings['access'].origins.headers(self.request).items():
            self.set_header(name, value)


class ControlPlanePage(PageHandler):
    """The same shell for every address under `/cp`; the page reads the address. In a `sandbox`, `/cp/parts` exists."""

    def initialize(self, build: Build | None, sandbox: bool) -> None:
        self.build = build
        self.sandbox = sandbox

    def get_template_path(self) -> str:
        return str(TEMPLATES)

    def get(self, _path: str | None = None) -> None:
        if self.build is None:
            raise HTTPError(503, reason='The control plane is not built: run make setup')
        nonce = secrets.token_urlsafe(16)
        self.set_header('Content-Security-Policy', CONTENT_SECURITY_POLICY.format(nonce=nonce))
        self.set_header('Cache-Control', 'no-store')
        self.set_header('Referrer-Policy', 'same-origin')
        theme = self.get_cookie('nysa-theme')
        self.render(
            'control_plane.html',
            build=self.build,
            nonce=nonce,
            theme=theme if theme in THEMES else '',
            sandbox=self.sandbox,
        )


class AssetHandler(PageHandler):
    """A built file; its name contains a hash of its content, so that clients may cache it indefinitely."""

    def initialize(self, build: Build | None) -> None:
        self.build = build

    def compute_etag(self) -> None:
        return None

    def get(self, name: str) -> None:
        asset = self.build.assets.get(name) if self.build else None
        if asset is None:
            raise HTTPError(404)
        coding, body = asset.best_for(self.request.headers.get('Accept-Encoding', ''))
        self.set_header('Content-Type', asset.content_type)
        self.set_header('Cache-Control', 'public, max-age=31536000, immutable')
        self.set_header('Vary', 'Accept-Encoding')
        if coding:
            self.set_header('Content-Encoding', coding)
        self.write(body)


class FrontDoor(PageHandler):
    def get(self) -> None:
        self.redirect('/cp')


def control_plane_routes(build: Build | None, *, sandbox: bool = False) -> list[tuple[Any, ...]]:
    """The routes of the browser's side; `build` is `read_build()`, `sandbox` states whether AWS is the embedded one."""
    return [
        (r'/', FrontDoor),
        (r'/cp/assets/([\w.-]+)', AssetHandler, {'build': build}),
        (r'/cp(/.*)?', ControlPlanePage, {'build': build, 'sandbox': sandbox}),
    ]
