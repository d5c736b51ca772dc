"""Lines for people on Slack-compatible webhooks, and the relay that posts rollouts.

The events that they come from are in stack/live/.
"""
