"""The adapter of AWS Certificate Manager."""

from stack.aws.client import AwsClient
from stack.errors import AwsFailed


async def certificate_status(aws: AwsClient, arn: str) -> str | None:
    """The status of a certificate, as ISSUED; None where there is no such certificate. Raises `AwsFailed`.

    https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
    """
    try:
        answer = await aws.call('acm', 'DescribeCertificate', region=arn.split(':')[3], CertificateArn=arn)
    except AwsFailed as failed:
        if failed.aws_code == 'ResourceNotFoundException':
            return None
        raise
    status: str = answer['Certificate']['Status']
    return status
