"""Requests through the embedded load balancers: which rule they meet, and which target answers.

The load balancers themselves are moto's; the health of targets is that of the embedded ECS.
"""
