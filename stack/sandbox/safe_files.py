"""Atomic writes of files: a killed process leaves no partial file. All functions raise OSError."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file atomically: a reader sees the old or the new content."""
    temporary = path.with_name(f'.{path.name}.new')
    with temporary.open('wb') as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def append(path: Path, content: bytes) -> None:
    """Adds to a file, all or nothing unless the machine fails."""
    length = path.stat().st_size
    try:
        with path.open('ab') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.truncate(path, length)
        raise


def write_unnamed(path: Path, content: bytes) -> None:
    """Writes a file that nothing names yet, in as few calls to the system as can be.

    Each call lets other threads have the interpreter, which is milliseconds away then if they are busy. So the file
    is not forced out to the disk: should the machine fail, its reader has to notice.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        if os.write(file, content) != len(content):
            raise OSError(f'{path} could not be written whole')
    finally:
        os.close(file)
