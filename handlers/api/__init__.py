"""The verbs of the REST API.

Their shapes are in handlers/document/schemas/, what they call is in stack/.
"""
