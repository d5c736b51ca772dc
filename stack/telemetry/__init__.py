"""Logs and metrics of services, read from CloudWatch while a caller looks at them: pages, live tails, series.

Why a task failed, and what is recorded of that, is in stack/failures/.
"""
