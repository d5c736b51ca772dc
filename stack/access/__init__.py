"""Who calls and what the caller may do: tokens, groups, OpenID Connect, limits.

Cookies and headers are in handlers/.
"""
