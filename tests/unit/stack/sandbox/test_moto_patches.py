"""What concerns all of moto."""

import urllib.request

from moto.s3.models import FakeKey


def test_no_web_page_is_invited(aws):
    with urllib.request.urlopen(aws.endpoint + '/') as answer:
        assert not [name for name in answer.headers if name.lower().startswith('access-control')]


def test_certificates_are_issued_at_once(aws):
    acm = aws.client('acm')
    arn = acm.request_certificate(DomainName='a.example.com', ValidationMethod='DNS')['CertificateArn']
    assert acm.describe_certificate(CertificateArn=arn)['Certificate']['Status'] == 'ISSUED'


def test_what_is_gone_is_forgotten(aws):
    aws.client('s3').put_object(Bucket=aws.bucket(), Key='k', Body=b'')
    assert FakeKey.instances_tracked == []


def test_regions_are_those_of_aws(aws):
    found = {region['RegionName'] for region in aws.client('ec2').describe_regions()['Regions']}
    assert {'us-east-1', 'eu-central-1', 'ap-southeast-2'} <= found
