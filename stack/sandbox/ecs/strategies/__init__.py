"""Native deployment strategies of ECS: blue/green, linear and canary, with stages, hooks and traffic weights.

`stages` is the pure order of stages and weights; `course` carries a deployment through them. Rolling updates are in
`stack.sandbox.ecs.rollout`.
"""
