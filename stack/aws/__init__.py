"""The adapters of AWS, one for each service, and the ports that use cases share with them.

The only place with boto3, beside the embedded AWS.
"""
