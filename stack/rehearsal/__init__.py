"""Checks of what would fail when the tasks of a planned change start: images, secrets, roles, log groups, networks.

They read AWS and change nothing, and never refuse a change. Failures that have happened are in stack/failures/.
"""
