"""Rollouts and their verdicts, drift, stop reasons, and what one cluster is like now.

Who looks at ECS is in stack/watch/, who is notified in stack/live/.
"""
