"""Application Auto Scaling of the embedded AWS, for ECS services: targets, policies, scheduled actions, activities.

It scales by the metrics of the embedded CloudWatch and by the clock. Other scalable resources are not in it.
"""
