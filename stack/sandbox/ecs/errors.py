"""ECS's errors: a code and a message, always with status 400."""


class EcsError(Exception):
    """An error of ECS's API; `code` becomes `__type` on the wire."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> EcsError:
    return EcsError('InvalidParameterException', message)


def client(message: str) -> EcsError:
    return EcsError('ClientException', message)


def conflict(message: str) -> EcsError:
    return EcsError('ConflictException', message)


def cluster_not_found() -> EcsError:
    return EcsError('ClusterNotFoundException', 'Cluster not found.')


def service_not_found() -> EcsError:
    return EcsError('ServiceNotFoundException', 'Service not found.')


def service_not_active() -> EcsError:
    return EcsError('ServiceNotActiveException', 'Service was not ACTIVE.')


def throttled() -> EcsError:
    return EcsError('ThrottlingException', 'Rate exceeded')


def unsupported(action: str) -> EcsError:
    return EcsError('UnsupportedFeatureException', f'The embedded ECS does not have {action}.')
