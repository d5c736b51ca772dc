"""The desired state in S3: revisions, the store, history and differences.

What changes it is in stack/changes/, what announces it in stack/notify/.
"""
