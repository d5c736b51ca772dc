"""Log lines of a running container: between its start and its end, the same at each call."""

import json
from itertools import islice

from stack.sandbox.telemetry.log_lines import LogSource, lines, newest_first

START = 1_767_614_400


def source(key: str = 'production/web', **fields) -> LogSource:
    return LogSource(**{'key': key, 'serves': True, 'unhealthy': False, 'start': START, **fields})


def of_format(as_json: bool, **fields) -> LogSource:
    sources = (source(f'production/web-{number}', **fields) for number in range(100))
    return next(each for each in sources if each.as_json == as_json)


def test_both_directions_give_the_same_lines():
    forward = list(lines(source(), 's', START, START + 600))
    assert forward == list(newest_first(source(), 's', START, START + 600))[::-1]
    assert [line.at for line in forward] == sorted(line.at for line in forward)
    assert len(forward) > 20


def test_lines_are_within_the_containers_life():
    short = source(end=START + 60)
    times = [line.at / 1000 for line in lines(short, 's', START - 1000, START + 1000)]
    assert min(times) >= START
    assert max(times) <= START + 60


def test_parts_of_a_range_are_the_whole():
    middle = START + 123.456
    parts = [*lines(source(), 's', START, middle), *lines(source(), 's', middle + 0.001, START + 300)]
    assert parts == list(lines(source(), 's', START, START + 300))


def test_streams_differ():
    one, other = (list(lines(source(), stream, START, START + 300)) for stream in 'ab')
    assert [line.message for line in one] != [line.message for line in other]


def test_json_lines_can_be_read():
    records = [json.loads(line.message) for line in lines(of_format(True), 's', START, START + 600)]
    assert {'time', 'level', 'message', 'status', 'path'} <= set().union(*records)


def test_plain_lines_name_their_level():
    messages = [line.message for line in lines(of_format(False, serves=False), 's', START, START + 600)]
    assert all(' INFO ' in each or ' ERROR ' in each or ' WARNING ' in each for each in messages)


def test_an_unhealthy_container_logs_errors():
    def errors(of: LogSource) -> int:
        return sum('error' in line.message for line in lines(of, 's', START, START + 1800))

    ill, well = of_format(True, unhealthy=True), of_format(True)
    assert errors(ill) > 5 * max(1, errors(well))


def test_reads_a_long_life_lazily():
    old = source(start=START - 90 * 24 * 3600)
    assert len(list(islice(newest_first(old, 's', 0, START), 5))) == 5
