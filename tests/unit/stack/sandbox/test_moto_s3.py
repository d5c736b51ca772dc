"""S3 as AWS has it: conditions that hold under contention, versions in order, at a steady price."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from moto.core.utils import utcnow
from moto.s3.models import FakeKey, S3Backend


def code(refused) -> str:
    return refused.value.response['Error']['Code']


@pytest.fixture
def s3(aws):
    return aws.client('s3')


@pytest.fixture
def bucket(aws):
    return aws.bucket()


def test_a_key_is_created_once(s3, bucket):
    s3.put_object(Bucket=bucket, Key='prod', Body=b'1', IfNoneMatch='*')
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key='prod', Body=b'2', IfNoneMatch='*')
    assert code(refused) == 'PreconditionFailed'


def test_a_stale_etag_is_refused_and_a_missing_key_is_not_found(s3, bucket):
    old = s3.put_object(Bucket=bucket, Key='prod', Body=b'1')['ETag']
    s3.put_object(Bucket=bucket, Key='prod', Body=b'2', IfMatch=old)
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key='prod', Body=b'3', IfMatch=old)
    assert code(refused) == 'PreconditionFailed'
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key='none', Body=b'3', IfMatch=old)
    assert code(refused) == 'NoSuchKey'


def test_of_many_conditional_writes_one_wins(aws, bucket, monkeypatch):
    s3 = aws.embedded.client('s3', max_pool_connections=16, retries={'total_max_attempts': 1})
    put_object = S3Backend.put_object

    def hesitate(*args, **kwargs):
        # Widens the gap between the check and the write, in which a second writer would succeed too.
        time.sleep(0.01)
        return put_object(*args, **kwargs)

    def put(key: str) -> bool:
        try:
            s3.put_object(Bucket=bucket, Key=key, Body=b'{}', IfNoneMatch='*')
        except ClientError:
            return False
        return True

    monkeypatch.setattr(S3Backend, 'put_object', hesitate)
    with ThreadPoolExecutor(16) as threads:
        for key in map(str, range(3)):
            assert sum(threads.map(put, [key] * 16)) == 1


def test_delete_takes_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key='prod', Body=b'1')['ETag']
    with pytest.raises(ClientError) as refused:
        s3.delete_object(Bucket=bucket, Key='prod', IfMatch='"0123"')
    assert code(refused) == 'PreconditionFailed'
    s3.delete_object(Bucket=bucket, Key='prod', IfMatch=etag)
    for condition in (etag, '*'):
        with pytest.raises(ClientError) as refused:
            s3.delete_object(Bucket=bucket, Key='prod', IfMatch=condition)
        assert code(refused) == 'NoSuchKey'
    s3.put_object(Bucket=bucket, Key='prod', Body=b'1')
    s3.delete_object(Bucket=bucket, Key='prod', IfMatch='*')
    assert s3.list_objects_v2(Bucket=bucket)['KeyCount'] == 0


def test_copy_takes_conditions_on_both_ends(s3, bucket):
    source = s3.put_object(Bucket=bucket, Key='from', Body=b'1')['ETag']
    target = s3.put_object(Bucket=bucket, Key='to', Body=b'2')['ETag']
    copy = {'Bucket': bucket, 'Key': 'to', 'CopySource': {'Bucket': bucket, 'Key': 'from'}}
    for wrong in ({'IfMatch': source}, {'IfNoneMatch': '*'}, {'CopySourceIfMatch': target}):
        with pytest.raises(ClientError) as refused:
            s3.copy_object(**copy, **wrong)
        assert code(refused) == 'PreconditionFailed', wrong
    assert s3.get_object(Bucket=bucket, Key='to')['Body'].read() == b'2'
    s3.copy_object(**copy, IfMatch=target, CopySourceIfMatch=source)
    assert s3.get_object(Bucket=bucket, Key='to')['Body'].read() == b'1'
    s3.copy_object(**copy | {'Key': 'new'}, IfNoneMatch='*')


def test_metadata_has_a_limit(s3, bucket):
    s3.put_object(Bucket=bucket, Key='prod', Body=b'', Metadata={'by': 'x' * 2046})
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key='prod', Body=b'', Metadata={'by': 'x' * 2047})
    assert code(refused) == 'MetadataTooLarge'


def test_metadata_keeps_the_names_that_were_sent(s3, bucket):
    sent = {'changed-by': 'ann', 'with_underscore': 'bob'}
    s3.put_object(Bucket=bucket, Key='prod', Body=b'', Metadata=sent)
    assert s3.head_object(Bucket=bucket, Key='prod')['Metadata'] == sent


def test_versions_are_listed_newest_first_for_the_prefix_alone(s3, bucket):
    made = [s3.put_object(Bucket=bucket, Key='prod', Body=b'%d' % n)['VersionId'] for n in range(5)]
    made.append(s3.delete_object(Bucket=bucket, Key='prod')['VersionId'])
    s3.put_object(Bucket=bucket, Key='staging', Body=b'')
    first = s3.list_object_versions(Bucket=bucket, Prefix='prod', MaxKeys=4)
    rest = s3.list_object_versions(
        Bucket=bucket,
        Prefix='prod',
        KeyMarker=first['NextKeyMarker'],
        VersionIdMarker=first['NextVersionIdMarker'],
    )
    assert [m['VersionId'] for m in first['DeleteMarkers']] == made[-1:]
    assert [v['VersionId'] for v in first['Versions'] + rest['Versions']] == made[-2::-1]
    assert first['DeleteMarkers'][0]['IsLatest']
    assert not any(v['IsLatest'] for v in first['Versions'])


def test_a_long_history_is_neither_compared_nor_copied(s3, bucket, monkeypatch):
    def refuse(*_):
        raise AssertionError('the price of a call grows with the history')

    monkeypatch.setattr(FakeKey, '__eq__', refuse)
    monkeypatch.setattr(FakeKey, '__getstate__', refuse)
    for _ in range(3):
        s3.put_object(Bucket=bucket, Key='prod', Body=b'{}')
    assert len(s3.list_object_versions(Bucket=bucket, Prefix='prod')['Versions']) == 3


def test_versions_of_one_instant_keep_their_order(s3, bucket, monkeypatch):
    instant = utcnow()
    monkeypatch.setattr('moto.s3.models.utcnow', lambda: instant)
    made = [s3.put_object(Bucket=bucket, Key='prod', Body=b'%d' % n)['VersionId'] for n in range(4)]
    listed = s3.list_object_versions(Bucket=bucket, Prefix='prod')['Versions']
    assert [version['VersionId'] for version in listed] == made[::-1]
    assert [version['IsLatest'] for version in listed] == [True, False, False, False]
