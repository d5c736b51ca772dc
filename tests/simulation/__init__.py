"""Deterministic simulation: the product's own classes on a seeded event loop, against fakes of AWS that fail.

Runs in a process of its own (`python -m tests.simulation`), since it replaces the clock of the standard library. A seed
makes a plan (`plan`), a model runs it in a world (`world`), and functions named after what they promise judge what
happened. See docs/simulation.md.
"""
