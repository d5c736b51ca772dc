"""Settings, command line options and the IAM permissions that the product needs.

Who is given them is decided in nysa_server.py.
"""
