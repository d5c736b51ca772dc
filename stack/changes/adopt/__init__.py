"""Conversion of running services to a desired state. Pure: no I/O; `stack.changes.adopter` reads AWS and stores.

==========  =====================================================================================
document    the whole document, and notes on what it does not express
found       one running service as settings
container   its containers; task: the rest of its task definition; service: the ECS service
balancer    its load balancer; routes: its rules on a listener that others made
network     the VPC, which all services share
tidying     removal of mistakes, common settings moved to the top
fallback    members without a field, carried over by the pass-through `ecs`
==========  =====================================================================================
"""
