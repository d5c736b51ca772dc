"""What has to fit together in a stackfile beyond the shape of its parts.

A rule is a function that looks at one service and yields what it finds, as (path below the service, message). It
names the fields that it reads: it looks where one of them is set, and stays silent where one has a mistake of its own.
"""
