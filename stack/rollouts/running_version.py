"""Which version of a service counts as running while ECS replaces one by another. Pure.

Where ECS shifts traffic, it is the version with all of the production traffic; while both have some, the former one, as
the stable version of Argo Rollouts: https://argo-rollouts.readthedocs.io/en/stable/features/canary/
"""

from collections import Counter

from stack.rollouts.ecs_state import Service


def running_definition(service: Service) -> str:
    """The task definition of the version that runs.

    In a rolling deployment each task has the same share of the traffic: it is the version with most of the running
    tasks, and of equals the older one. Where ECS's service deployment is not known, the former version of a native
    deployment counts as running for as long as it has tasks.
    """
    native, oldest_first = service.native, sorted(service.deployments, key=lambda each: each.created_at)
    if native is not None and native.strategy != 'rolling':
        live = native.live_definition
        if any(each.task_definition == live for each in oldest_first):
            return live
    running = Counter[str]()
    for each in oldest_first:
        if each.running:
            running[each.task_definition] += each.running
    if running:
        return next(iter(running)) if service.strategy != 'rolling' else max(running, key=lambda arn: running[arn])
    return service.primary.task_definition if service.primary else service.task_definition
