"""What a listing of a bucket gives, read the fast way, is what botocore reads."""

import asyncio
from collections.abc import Callable
from datetime import UTC
from typing import Any
from xml.etree import ElementTree

import pytest

from stack.aws.connection import Connection
from stack.aws.listing import EVENT, OBJECTS, ROOTS, check_whole, objects_of, read_contents
from tests.aws import Aws

KEYS = ['plain', 'with space', 'ünïcode', 'a&b<c>"d"', 'plus+percent%20', 'under/slash']


@pytest.fixture
def listing(aws: Aws) -> Callable[..., Any]:
    """Lists a bucket that holds the keys, as our connection does, or with `fast=False` as botocore alone does.

    What is read of its objects is in `read`.
    """
    bucket = aws.bucket()
    for key in KEYS:
        aws.client('s3').put_object(Bucket=bucket, Key=key, Body=key.encode())

    def ask(fast: bool = True, **arguments: Any) -> Any:
        connection = Connection()
        if not fast:
            connection.client('s3').meta.events.unregister(EVENT, read_contents)
        try:
            answer = asyncio.run(connection.call('s3', 'ListObjectsV2', Bucket=bucket, **arguments))
            assert (OBJECTS in answer) is fast or 'CommonPrefixes' in answer or not objects_of(answer)
            return {name: value for name, value in answer.items() if name != OBJECTS} | {'read': objects_of(answer)}
        finally:
            connection.close()

    return ask


def test_the_fast_way_gives_the_same(listing: Callable[..., Any]):
    fast, slow = listing(), listing(fast=False)
    assert [each.key for each in fast['read']] == sorted(KEYS, key=str.encode)
    for own, reference in zip(fast['read'], slow['Contents'], strict=True):
        assert (own.key, own.etag) == (reference['Key'], reference['ETag'])
        assert own.modified.astimezone(UTC) == reference['LastModified']
    assert list(slow['read']) == list(fast['read'])
    assert fast.keys() == slow.keys() - {'Contents'}


def test_pages_and_prefixes_are_parsed(listing: Callable[..., Any]):
    page = listing(MaxKeys=2)
    assert page['IsTruncated']
    assert page['NextContinuationToken']
    assert len(page['read']) == 2
    grouped = listing(Delimiter='/')
    assert [each['Prefix'] for each in grouped['CommonPrefixes']] == ['under/']
    assert not listing(Prefix='nothing')['read']


@pytest.mark.parametrize(('root', 'body'), [(root, body) for root in ROOTS.values() for body in (b'', b'<', b'<a/>')])
def test_a_listing_that_is_cut_short_is_no_empty_one(root: bytes, body: bytes):
    with pytest.raises(ValueError, match='cut short'):
        check_whole(root, {'status_code': 200, 'body': body})
    check_whole(root, {'status_code': 500, 'body': body})
    check_whole(root, {'status_code': 200, 'body': b'<x></' + root + b'\n'})


def test_a_listing_like_the_last_one_is_not_read_again(listing: Callable[..., Any]):
    first, second = listing()['read'], listing()['read']
    assert second is first
    assert [each.key for each in second] == sorted(KEYS, key=str.encode)


def test_the_objects_are_taken_out_before_botocore_looks_at_the_answer(listing: Callable[..., Any], monkeypatch):
    """It parses an answer as a whole to see whether it is an error."""
    looked_at: list[bytes] = []

    class Parser(ElementTree.XMLParser):
        def feed(self, data: bytes) -> None:
            looked_at.append(data)
            super().feed(data)

    monkeypatch.setattr(ElementTree, 'XMLParser', Parser)
    assert len(listing()['read']) == len(KEYS)
    assert looked_at
    assert not any(b'<Contents>' in data for data in looked_at if b'ListBucketResult' in data)
