"""Semantic rules of a stackfile: constraints between fields. The shapes of fields are in `stack.stackfile.schema`.

A rule is a function of one service that yields findings: path below the service, and message. It names the fields that
it reads: it runs if one of them is set and none has a mistake in its shape.
"""
