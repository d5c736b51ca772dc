"""botocore's service descriptions, read once for each process instead of once for each session.

Parsing them takes 50 to 300 ms of CPU for each service and session, and many tests have a session of their own.
"""

import functools
import os

import boto3
import botocore.session
from botocore.loaders import Loader

BOTO3_DATA = os.path.join(os.path.dirname(boto3.__file__), 'data')


class SharedLoader(Loader):
    """A loader for any number of sessions, each of which adds boto3's directory to the search paths."""

    @property
    def search_paths(self) -> list[str]:
        """A copy: with every session the list would become longer."""
        return [*self._search_paths, BOTO3_DATA]


@functools.cache
def _shared(data_path: str | None) -> Loader:
    return SharedLoader(extra_search_paths=data_path.split(os.pathsep) if data_path else None)


def share() -> None:
    """Have all sessions of this process share a loader."""
    botocore.session.create_loader = _shared
