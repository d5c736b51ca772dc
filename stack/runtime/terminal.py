"""The output of commands: colours, signs in its encoding, and a closed pipe."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import TextIO


def shows_colour(out: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours, and is meant to: https://no-color.org."""
    return out.isatty() and not os.environ.get('NO_COLOR') and os.environ.get('TERM') != 'dumb'


def sign(out: TextIO, text: str, ascii_text: str) -> str:
    """`text` where the stream's encoding has it, else `ascii_text`."""
    try:
        text.encode(out.encoding or 'ascii')
    except (UnicodeEncodeError, LookupError):
        return ascii_text
    return text


def run(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """The exit status of a program, without a traceback where its output cannot be written: 1 then.

    A reader that has closed the pipe (`| head`) has read what it wanted: nothing is printed about that.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')
    try:
        status = _status(main, arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _given_up()
    except OSError as error:
        # A file of another kind has a name, standard output has none.
        if error.filename is not None or not error.errno:
            raise
        print(f'The output cannot be written: {error.strerror}.', file=sys.stderr)
        return _given_up()
    return status


def _status(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def _given_up() -> int:
    """Have the interpreter's end not try it again, with a complaint of its own."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
