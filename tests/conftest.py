"""Fixtures that every test may ask for."""

from tests.aws import aws, embedded_aws
from tests.server import server

__all__ = ['aws', 'embedded_aws', 'server']
