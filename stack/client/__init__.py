"""The commands that act through the REST API of a server: stop, continue, proposals, approve, reject.

Those that work on the bucket and ECS themselves are in stack/scheduler/ and stack/changes/.
"""
