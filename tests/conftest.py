"""Fixtures that every test may ask for."""

from tests.aws import aws, embedded_aws

__all__ = ['aws', 'embedded_aws']
