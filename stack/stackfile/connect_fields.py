# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Service Connect fields: the namespace of a service, and the names and ports under which others reach it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect.html
"""

from dataclasses import dataclass

from stack.stackfile import inverse, rendering, values
from stack.stackfile.container_fields import LOGGING, Logging
from stack.stackfile.entries import entry, record
from stack.stackfile.rendering import key, structure, structures
from stack.stackfile.shapes import list_of, text, whole

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectConfiguration.html
_NAMESPACE = text(
    r'[A-Za-z0-9_.-]+|arn:aws[a-z-]*:servicediscovery:\S+:namespace/\S+',
    'the name or the ARN of a Cloud Map namespace',
    at_most=1024,
    example='production',
)
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
_PORT_NAME = text(
    r'[a-z0-9_][a-z0-9_-]*', 'the name of a port: lower case, digits, _ and -', at_most=64, example='http'
)
_DISCOVERY_NAME = text(
    r'[a-z0-9_][a-z0-9_.-]*', 'a name of lower case, digits, _ . and -', at_most=64, example='orders'
)
_DNS_NAME = text(r'[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*', 'a host name', at_most=127, example='orders.internal')
_ARN = text(r'arn:aws[a-z-]*:\S+', 'an ARN', at_most=2048)
_SECONDS = whole(0, 2**31 - 1)
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
_MOST_ALIASES = 1


@dataclass(frozen=True, kw_only=True)
class ConnectAlias:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectClientAlias.html"""

    port: int = entry(values.PORT, 'The port that clients use.', required=True, ecs=key('port'))
    name: str | None = entry(
        _DNS_NAME, 'The host name that clients use; `DISCOVERY_NAME.NAMESPACE`.', ecs=key('dnsName')
    )


@dataclass(frozen=True, kw_only=True)
class ConnectTimeout:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TimeoutConfiguration.html"""

    idle: int | None = entry(
        _SECONDS, 'Seconds without a byte after which a connection ends; 0 is never.', ecs=key('idleTimeoutSeconds')
    )
    request: int | None = entry(
        _SECONDS, 'Seconds in which a request must be answered; 0 is never.', ecs=key('perRequestTimeoutSeconds')
    )


@dataclass(frozen=True, kw_only=True)
class ConnectTls:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectTlsConfiguration.html"""

    authority: str = entry(
        _ARN,
        'The ARN of the private certificate authority.',
        required=True,
        ecs=key('issuerCertificateAuthority.awsPcaAuthorityArn'),
    )
    kms_key: str | None = entry(_ARN, 'The KMS key that protects the private keys.', ecs=key('kmsKey'))
    role: str | None = entry(values.ROLE, 'The IAM role that ECS uses for it.', ecs=key('roleArn'))


@dataclass(frozen=True, kw_only=True)
class ConnectService:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html"""

    port: str = entry(
        _PORT_NAME, 'The name of a port in `ports`, of any container.', required=True, ecs=key('portName')
    )
    discovery_name: str | None = entry(
        _DISCOVERY_NAME, 'Its name in the namespace; the name of the port.', ecs=key('discoveryName')
    )
    aliases: tuple[ConnectAlias, ...] = entry(
        list_of(record(ConnectAlias), at_most=_MOST_ALIASES),
        'The host name and port under which clients reach it.',
        default=(),
        ecs=key('clientAliases', structures, inverse.structures),
    )
    ingress_port: int | None = entry(
        values.PORT, "The port of the proxy, where it is not ECS's own choice.", ecs=key('ingressPortOverride')
    )
    timeout: ConnectTimeout | None = entry(
        record(ConnectTimeout), 'How long the proxy waits.', ecs=key('timeout', structure, inverse.structure)
    )
    tls: ConnectTls | None = entry(
        record(ConnectTls), 'Traffic to it is encrypted.', ecs=key('tls', structure, inverse.structure)
    )


@dataclass(frozen=True, kw_only=True)
class ServiceConnect:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectConfiguration.html"""

    namespace: str | None = entry(
        _NAMESPACE,
        'The Cloud Map namespace; that of the cluster. One that is named here and missing is created.',
        ecs=key('namespace'),
    )
    services: tuple[ConnectService, ...] = entry(
        list_of(record(ConnectService)),
        'What others reach; none for a service that only calls others.',
        default=(),
        ecs=key('services', structures, inverse.structures),
    )
    logging: Logging | None = entry(
        LOGGING,
        'The log of the proxy.',
        ecs=key('logConfiguration', rendering.log_configuration, inverse.log_configuration),
    )


def merge_connect(inherited: ServiceConnect, own: ServiceConnect) -> ServiceConnect:
    """The service's own parts, else the inherited ones."""
    return ServiceConnect(
        namespace=own.namespace or inherited.namespace,
        services=own.services or inherited.services,
        logging=own.logging or inherited.logging,
    )


SERVICE_CONNECT = record(ServiceConnect, merge=merge_connect)
