"""The OpenAPI document, its page, the shapes of bodies and answers, and the control plane as it is served.

The verbs themselves are in handlers/api/.
"""
