"""A command of `nysa_server.py`: its name, help, settings and exit statuses."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """`settings` are the most important ones; `add` adds the options."""

    name: str
    help: str
    description: str
    statuses: Mapping[int, str]
    settings: Sequence[str]
    add: Callable[[argparse.ArgumentParser], None]
