"""Desired states written from what runs, for those who start with a living cluster. Pure: no I/O.

==========  =====================================================================================
document    the whole document, and notes on what it cannot say
found       one service, as far as it can be carried over
container   its task definition
balancer    its load balancer
network     the VPC, which all services share
tidying     what is wrong is left out, what is common is said once
remarks     what the first deployment would change, held against the task definitions that run
==========  =====================================================================================
"""
