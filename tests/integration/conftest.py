"""Fixtures of tests that need a cluster with everything around it."""

from tests.cluster import cluster

__all__ = ['cluster']
