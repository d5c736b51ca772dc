"""Control API of the embedded AWS: adds, lists and removes faults. No bucket can have the name `_nysa`."""

import json
from typing import Any

from stack.sandbox.faults import KINDS, Fault, Faults, InvalidFault
from stack.sandbox.http_server import Answer

CONTROL_PATH = '/_nysa/'
_FAULTS = CONTROL_PATH + 'faults'


def control(faults: Faults, method: str, path: str, body: bytes) -> Answer:
    """`GET`, `POST`, `DELETE /_nysa/faults` and `DELETE /_nysa/faults/{id}`."""
    page, _, number = path.removeprefix(_FAULTS).partition('/')
    if not path.startswith(_FAULTS) or page:
        return _json(404, {'message': f'There is only {_FAULTS}.'})
    if method == 'GET' and not number:
        return _json(200, {'faults': faults.listed(), 'kinds': KINDS})
    if method == 'POST' and not number:
        return _added(faults, body)
    if method == 'DELETE' and not number:
        faults.clear()
        return _json(200, {})
    if method == 'DELETE':
        found = number.isdecimal() and faults.remove(int(number))
        return _json(200, {}) if found else _json(404, {'message': f'There is no fault {number}.'})
    return _json(405, {'message': f'{method} is not supported here.'})


def _added(faults: Faults, body: bytes) -> Answer:
    try:
        fields = json.loads(body)
        number = faults.add(Fault(**fields))
    except InvalidFault as wrong:
        return _json(400, {'message': str(wrong)})
    except (ValueError, TypeError) as wrong:
        return _json(400, {'message': f'A fault is a JSON object with the fields of a Fault: {wrong}'})
    return _json(201, {'id': number})


def _json(status: int, value: dict[str, Any]) -> Answer:
    return Answer(status, (('Content-Type', 'application/json'),), json.dumps(value).encode() + b'\n')
