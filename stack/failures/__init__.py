"""What is kept of a failed rollout: the flight recorder and the logs of its tasks.

Why a task stopped is classified in stack/rollouts/.
"""
