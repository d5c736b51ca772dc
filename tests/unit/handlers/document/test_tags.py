"""Tags: the sections of the API's document."""

import pytest

from handlers.document.openapi import document, endpoints
from handlers.document.tags import TAGS, tag_of
from handlers.routes import ROUTES


def test_every_endpoint_is_in_a_section_and_every_section_has_endpoints():
    tags = {endpoint.tag for endpoint in endpoints(ROUTES)}
    assert tags == set(TAGS)


def test_a_module_is_in_one_section():
    modules = [module for tag in TAGS for module in tag.modules]
    assert len(modules) == len(set(modules))


def test_a_handler_without_a_section_is_a_mistake():
    with pytest.raises(KeyError):
        tag_of(object)


def test_the_document_lists_the_sections_in_order():
    openapi = document(ROUTES, '1')
    assert [tag['name'] for tag in openapi['tags']] == [tag.name for tag in TAGS]
    assert all(tag['description'].endswith('.') for tag in openapi['tags'])
