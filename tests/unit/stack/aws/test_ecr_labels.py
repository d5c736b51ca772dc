"""OCI labels from manifests and configurations in ECR."""

import json
from typing import Any

import pytest

from stack.aws.ecr_labels import REVISION, ImageLabels
from stack.aws.ecr_registry import MANIFESTS
from tests.unit.stack.aws.stubbed import run, stubbed

WHERE = ('123456789012', 'us-east-1', 'web')
INDEX, IMAGE, CONFIG = (f'sha256:{digit * 64}' for digit in '123')


def manifest(digest: str, content: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A response of BatchGetImage with its expected parameters."""
    image = {'imageId': {'imageDigest': digest}, 'imageManifest': json.dumps(content)}
    asked = {
        'registryId': WHERE[0],
        'repositoryName': WHERE[2],
        'imageIds': [{'imageDigest': digest}],
        'acceptedMediaTypes': list(MANIFESTS),
    }
    return 'batch_get_image', {'images': [image]}, asked


def url(digest: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    asked = {'registryId': WHERE[0], 'repositoryName': WHERE[2], 'layerDigest': digest}
    return 'get_download_url_for_layer', {'downloadUrl': f'https://s3.example/{digest}'}, asked


def read(*responses: tuple[str, dict[str, Any], dict[str, Any]], blob: bytes = b'', digest: str = IMAGE) -> Any:
    async def download(address: str) -> bytes:
        assert address == f'https://s3.example/{CONFIG}'
        return blob

    with stubbed('ecr', WHERE[1]) as (aws, stub):
        for method, answer, asked in responses:
            stub.add_response(method, answer, asked)
        labels = ImageLabels(aws, download)
        first = run(labels.of(*WHERE, digest))
        assert run(labels.of(*WHERE, digest)) == first, 'cached'
    return first


BLOB = json.dumps({'config': {'Labels': {REVISION: 'abc', 'maintainer': 'maria', 'odd': 1}}}).encode()


def test_the_labels_of_an_image_are_in_its_configuration():
    labels = read(manifest(IMAGE, {'config': {'digest': CONFIG}}), url(CONFIG), blob=BLOB)
    assert labels == {REVISION: 'abc', 'maintainer': 'maria'}


def test_annotations_with_the_revision_need_one_call():
    annotations = {REVISION: 'abc', 'org.opencontainers.image.source': 'https://git.example/web'}
    assert read(manifest(IMAGE, {'annotations': annotations, 'config': {'digest': CONFIG}})) == annotations


def test_an_index_leads_to_its_first_image():
    index = {
        'annotations': {'org.opencontainers.image.version': '1.2'},
        'manifests': [
            {'digest': 'sha256:0', 'annotations': {'vnd.docker.reference.type': 'attestation-manifest'}},
            {'digest': IMAGE, 'platform': {'architecture': 'amd64', 'os': 'linux'}},
        ],
    }
    labels = read(
        manifest(INDEX, index), manifest(IMAGE, {'config': {'digest': CONFIG}}), url(CONFIG), blob=BLOB, digest=INDEX
    )
    assert labels == {REVISION: 'abc', 'maintainer': 'maria', 'org.opencontainers.image.version': '1.2'}


@pytest.mark.parametrize('blob', [b'', b'[]', b'{"config": null}', b'{"config": {"Labels": null}}', b'\xff'])
def test_a_configuration_without_labels_has_none(blob: bytes):
    assert read(manifest(IMAGE, {'config': {'digest': CONFIG}}), url(CONFIG), blob=blob) == {}


@pytest.mark.parametrize('content', ['text', [], {}, {'config': None}, {'manifests': None}, {'manifests': [1]}])
def test_a_manifest_of_another_kind_has_no_labels(content: Any):
    assert read(manifest(IMAGE, content)) == {}


def test_an_image_that_is_gone_has_no_labels():
    missing = {'imageId': {'imageDigest': IMAGE}, 'failureCode': 'ImageNotFound', 'failureReason': 'gone'}
    assert read(('batch_get_image', {'images': [], 'failures': [missing]}, manifest(IMAGE, {})[2])) == {}
