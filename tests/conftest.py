"""Fixtures that every test may ask for."""

from hypothesis import settings

from tests.aws import aws, embedded_aws
from tests.server import server

__all__ = ['aws', 'embedded_aws', 'server']

# The same examples each time, however slow the machine is at that moment
settings.register_profile('nysa', deadline=None, derandomize=True, database=None)
settings.load_profile('nysa')
