"""Check that the deployment percentages of a service let ECS replace its tasks."""

DEFAULT_MAXIMUM = 200
DEFAULT_MINIMUM = 100


def leaves_room(count: int, maximum: int | None, minimum: int | None) -> bool:
    """Whether ECS may start a task beyond `count`, or stop one below it.

    ECS rounds the maximum down and the minimum up: 150 % of one is one, and 50 % of one is one.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
    """
    most = count * (DEFAULT_MAXIMUM if maximum is None else maximum) // 100
    fewest = -(-count * (DEFAULT_MINIMUM if minimum is None else minimum) // 100)
    return count == 0 or most > count or fewest < count
