"""Observing ECS: the observer, the schedule of looks, the queue of EventBridge.

What a look means for a rollout is in stack/rollouts/.
"""
