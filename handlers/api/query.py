"""Typed query parameters of a request."""

from tornado.web import RequestHandler

from stack.errors import InvalidRequest


class Query:
    """The query parameters by name. Each method raises `InvalidRequest` for text that is not in UTF-8."""

    def __init__(self, handler: RequestHandler):
        self._handler = handler

    def __contains__(self, name: str) -> bool:
        return name in self._handler.request.query_arguments

    def text(self, name: str) -> str | None:
        """The last value without surrounding space, or None without the parameter."""
        return self._handler.get_query_argument(name, None)

    def flag(self, name: str, *, default: bool) -> bool:
        """`true`, `false`, `1` or `0`. Raises `InvalidRequest` for anything else."""
        value = self._handler.get_query_argument(name, str(default)).lower()
        if value not in ('true', 'false', '1', '0'):
            raise InvalidRequest(
                f'{name} must be true or false, not {value!r}.', [{'path': name, 'message': 'true or false'}]
            )
        return value in ('true', '1')

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        """A whole number within the bounds. Raises `InvalidRequest` for anything else."""
        value = self._handler.get_query_argument(name, str(default))
        if not (value.isdecimal() and value.isascii() and len(value) < 10 and lowest <= int(value) <= highest):
            allowed = f'a whole number from {lowest} to {highest}'
            raise InvalidRequest(f'{name} must be {allowed}.', [{'path': name, 'message': allowed}])
        return int(value)
