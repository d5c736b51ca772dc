"""What has to fit together in a stackfile beyond the shape of its parts.

A rule is a function that looks at one service and yields what it finds, as (path below the service, message). It
names the fields that it reads, so that it stays silent where one of them has a mistake of its own.
"""
