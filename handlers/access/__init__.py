"""Signing in, sessions and tokens over HTTP.

What a caller may do is decided in stack/access/.
"""
