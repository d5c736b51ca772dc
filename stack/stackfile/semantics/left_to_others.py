"""Rules of the fields that are left to other programs."""

from collections.abc import Iterator

from stack.stackfile.field_paths import parts_of
from stack.stackfile.semantics.rules import Finding, Subject, rule


@rule('ignore')
def ignored_fields_exist(subject: Subject) -> Iterator[Finding]:
    for i, path in enumerate(subject.settings.ignore):
        try:
            parts_of(path)
        except ValueError as unknown:
            yield ('ignore', i), str(unknown)


RULES = (ignored_fields_exist,)
