"""The busy fleet of `make run`: more clusters with weeks of history, services that run already, and rollouts under way.

The content is plain data here; stack/sandbox/seed*.py have the small fleet of the tests, which is part of this one.
"""
