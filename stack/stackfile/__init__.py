"""Stackfiles."""
