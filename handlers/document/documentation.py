"""The API's documentation: the OpenAPI document, and the page that renders it."""

import hashlib
import re
from functools import cache
from pathlib import Path

from handlers.api.operation import operation
from handlers.base import ApiHandler
from handlers.document import api_page
from stack.access.access import Role

TEMPLATES = Path(__file__).parents[2] / 'templates'

CONTENT_SECURITY_POLICY = '; '.join(
    [
        "default-src 'none'",
        "style-src 'self'",
        'img-src data:',
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

# A Host header that is safe to quote in the examples.
HOST = re.compile(r'[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?')


@cache
def style() -> tuple[bytes, str]:
    """The page's style sheet, and a hash of it."""
    content = (TEMPLATES / 'api_docs.css').read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:12]


class OpenApi(ApiHandler):
    @operation(Role.PUBLIC, answer='OpenApi')
    async def get(self) -> None:
        """Read this document, for programs: OpenAPI 3.1."""
        self.reply(self.context.openapi(), media_type='application/openapi+json')


class Page(ApiHandler):
    @operation(Role.PUBLIC, answer='Page')
    async def get(self) -> None:
        """Read the OpenAPI document as a page."""
        self.set_header('Content-Security-Policy', CONTENT_SECURITY_POLICY)
        self.set_header('Referrer-Policy', 'no-referrer')
        document = self.context.openapi()
        self.render(
            'api_docs.html',
            document=document,
            page=api_page,
            sections=api_page.sections(document, self.base()),
            style_version=style()[1],
        )

    def get_template_path(self) -> str:
        return str(TEMPLATES)

    def base(self) -> str:
        """The address that the reader used for this server."""
        host = self.request.host if HOST.fullmatch(self.request.host) else 'localhost:8888'
        return f'{self.request.protocol}://{host}'


class Style(ApiHandler):
    @operation(Role.PUBLIC, answer='Style')
    async def get(self) -> None:
        """The page's style sheet."""
        self.set_header('Content-Type', 'text/css; charset=UTF-8')
        self.set_header('Cache-Control', 'public, max-age=31536000, immutable')
        self.finish(style()[0])
