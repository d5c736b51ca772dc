"""The command `import`: converts other tools' files to a stackfile on standard output."""

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from stack.changes.conversion import compose, copilot, ecs_json
from stack.changes.conversion.draft import Conversion, mapping
from stack.changes.conversion.ecs_json import Definition, task_definition_of
from stack.errors import InvalidRequest, NysaError
from stack.stackfile.reading import read
from stack.stackfile.yaml_writer import write

LINE = 118


def import_files(files: Sequence[str], format: str, environment: str | None, out: TextIO, err: TextIO) -> int:
    """Print the stackfile, below its notes as comments. `-` is standard input.

    The exit status is 0, 1 where a file cannot be read or converted, and 3 where the stackfile must be completed.
    """
    try:
        conversion = _convert(files, format, environment)
    except NysaError as error:
        places = [f'line {detail["line"]}: {detail["message"]}' for detail in error.details() if 'line' in detail]
        print(error.message, *places, sep='\n', file=err)
        return 1
    for text in conversion.lines():
        shown = ''.join(character if character.isprintable() else ' ' for character in text)
        print(textwrap.indent('\n'.join(textwrap.wrap(shown, LINE, subsequent_indent='  ')), '# '), file=out)
    print(write(conversion.document), end='', file=out)
    return 3 if conversion.missing else 0


def _convert(files: Sequence[str], format: str, environment: str | None) -> Conversion:
    if format == 'compose':
        [file] = files if len(files) == 1 else [None]
        if file is None:
            raise InvalidRequest('Compose files are converted one by one: merge several with `docker compose config`.')
        return compose.convert(_read(file))
    if format == 'copilot':
        return copilot.convert([_read(file) for file in files], environment)
    if format == 'ecspresso':
        return _ecspresso(files)
    bodies = [task_definition_of(_read(file)) for file in files]
    return ecs_json.convert([Definition(body, {}, body['family']) for body in bodies])


def _ecspresso(files: Sequence[str]) -> Conversion:
    """Each file is ecspresso's configuration, which names the two definitions."""
    definitions, cluster, region = [], 'imported', None
    for file in files:
        configuration = mapping(_read(file))
        cluster, region = str(configuration.get('cluster') or cluster), configuration.get('region', region)
        folder = Path(file).parent
        names = {key: configuration.get(key) for key in ('service_definition', 'task_definition')}
        if not all(isinstance(name, str) and name for name in names.values()):
            raise InvalidRequest(
                f'{file} does not name service_definition and task_definition: it is no ecspresso.yml.'
            )
        service = mapping(_read(str(folder / str(names['service_definition']))))
        body = task_definition_of(_read(str(folder / str(names['task_definition']))))
        name = str(configuration.get('service') or service.get('serviceName') or body['family'])
        definitions.append(Definition(body, service, name))
    return ecs_json.convert(definitions, cluster, region if isinstance(region, str) else None)


def _read(file: str) -> Any:
    """The data of a YAML or JSON file. Raises `InvalidRequest`."""
    if file.endswith('.jsonnet'):
        raise InvalidRequest(f'{file} is Jsonnet: evaluate it first (`ecspresso render`), and import the JSON.')
    try:
        body = sys.stdin.buffer.read() if file == '-' else Path(file).read_bytes()
    except OSError as error:
        raise InvalidRequest(f'{file} cannot be read: {error.strerror or error}.') from None
    try:
        return read(body, 'json' if file.endswith('.json') else 'yaml').data
    except NysaError as error:
        raise InvalidRequest(f'{file}: {error.message}', error.details()) from None
