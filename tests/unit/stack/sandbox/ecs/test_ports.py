import pytest

from stack.sandbox.ecs.ports import AnyImage, tags_of


@pytest.mark.parametrize(
    ('reference', 'tags'),
    [
        ('nginx', ('latest',)),
        ('nginx:1.2', ('1.2',)),
        ('localhost:5000/team/web', ('latest',)),
        ('localhost:5000/team/web:1', ('1',)),
        ('web@sha256:0a', ()),
        ('web:1@sha256:0a', ('1',)),
    ],
)
def test_tag_of_a_reference(reference: str, tags: tuple[str, ...]):
    assert tags_of(reference) == tags


def test_any_image_keeps_the_digest_that_it_is_named_by():
    assert AnyImage().find('web@sha256:0a').digest == 'sha256:0a'
    assert AnyImage().find('web:1') == AnyImage().find('web:1') != AnyImage().find('web:2')
