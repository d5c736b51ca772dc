"""Metrics and log lines of the embedded fleet: pure functions of a service's facts and of time, the same at each call.

moto's CloudWatch and Logs get them by moto_cloudwatch.py and moto_logs.py; nothing is stored here.
"""
