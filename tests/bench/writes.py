"""Changes of single services, all in one cluster: how many a second, what each costs of AWS, whether any is lost."""

import itertools
import json

from tests.bench._aws import BenchAws
from tests.bench._load import load, request
from tests.bench._server import Measured, nysa

CALLERS, SERVICES, SECONDS = 64, 200, 10.0
ROUND_TRIPS = ('PutObject', 'GetObject', 'HeadObject', 'SendMessage', 'PutObjectTagging')


def play(aws: BenchAws, server: Measured, callers: int, seconds: float) -> None:
    numbers = itertools.count(1)
    newest: dict[str, int] = {}

    def change() -> bytes:
        number = next(numbers)
        service = f's{number % SERVICES}'
        newest[service] = number
        return request('PUT', f'/api/v1/clusters/prod/services/{service}', {'image_tag': str(number)})

    # The first change finds out where everything is.
    load(server.port, change, callers, 1.0)
    aws.counts()
    cpu = server.cpu_s()
    result = load(server.port, change, callers, seconds)
    cpu, made = server.cpu_s() - cpu, aws.counts()
    count = len(result.times_ms)
    assert set(result.statuses) == {202}, result.statuses
    calls = ', '.join(f'{name} {made[name] / count:.3f}' for name in ROUND_TRIPS)
    figures = f'{result.rate:12.0f}{result.median_ms:12.1f}{result.p99_ms:10.1f}{cpu / count * 1000:10.2f}'
    print(f'{callers:8}{figures}    {calls}')
    entries = history(server)
    stored = json.loads(server.api('GET', '/clusters/prod/config').body)['services']
    # Of two changes of a service at once either may be the later one: every one of them is in the history.
    lost = {str(each) for each in range(1, next(numbers))} - entries
    tags = {name: settings['image'].partition(':')[2] for each in stored for name, settings in each.items()}
    print(
        f'{"":8}lost: {len(lost)}; services that show such a tag: '
        f'{sum(tags[name] in entries for name in newest)} of {len(newest)}',
        flush=True,
    )


def history(server: Measured) -> set[str]:
    """The tags of all changes that any revision records."""
    found, after = set(), ''
    while True:
        page = server.api('GET', f'/clusters/prod/revisions?limit=100{after}').json
        for revision in page['content']:
            found |= {each['did'].get('image_tag', '') for each in revision.get('changes', [])}
        if not page.get('next'):
            return found
        after = f'&after={page["next"]}'


def main() -> None:
    services = [{f's{n}': {'image': 'team/app:0', 'desired_count': 1}} for n in range(SERVICES)]
    print(f'{"callers":>8}{"changes/s":>12}{"median ms":>12}{"p99 ms":>10}{"CPU ms":>10}    AWS calls for each change')
    for callers in (1, CALLERS):
        with BenchAws() as aws:
            aws.fill({'prod': {'services': services}})
            with nysa(aws) as server:
                play(aws, server, callers, SECONDS)
    print('goal: 2 calls in a row before the answer; 400/s at 64 callers, none lost')


if __name__ == '__main__':
    main()
