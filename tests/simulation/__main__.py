"""Runs seeds of models, and prints the shortened plan of the first that fails for each promise.

    python -m tests.simulation [channel] [changes] [passes] [--seeds 0:300] [--break NAME]
    python -m tests.simulation --breaks

Ends with 1 where a promise is broken; with `--breaks`, where a fault that is built in breaks none.
"""

import argparse
import gc
import logging
import multiprocessing
import os
import sys
import time

if os.environ.get('PYTHONHASHSEED') != '0':
    # Sets of texts are in the same order in every run then.
    os.execve(
        sys.executable, [sys.executable, '-m', 'tests.simulation', *sys.argv[1:]], os.environ | {'PYTHONHASHSEED': '0'}
    )

from tests.simulation import determinism

determinism.install()

from tests.simulation import breaks, runner  # noqa: E402  only once time is simulated
from tests.simulation.runner import Outcome  # noqa: E402  the same

# Failures that are shortened and printed in full; of the others only the seeds are.
SHOWN = 3
A_CHUNK = 10


def main() -> int:
    options = _options()
    logging.getLogger().setLevel(logging.ERROR)
    logging.getLogger().addHandler(logging.NullHandler())
    if options.breaks:
        return _find_breaks(options.jobs, options.most)
    if options.broken:
        breaks.BREAKS[options.broken].apply()
    first, _, last = options.seeds.partition(':')
    seeds = [str(each) for each in range(int(first), int(last))] if last else first.split(',')
    wrong = 0
    for model in options.models or list(runner.MODELS):
        if options.trace:
            print(runner.attempt_seed(model, seeds[0]))
            continue
        wrong += _run(model, seeds, options)
    return int(wrong > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m tests.simulation', description=__doc__.splitlines()[0])
    parser.add_argument('models', nargs='*', choices=[*runner.MODELS, []], help='by default all')
    parser.add_argument(
        '--seeds', default='0:300', help='some, as 3,17, or the first and the one after the last, as 0:300'
    )
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='processes at once')
    parser.add_argument('--break', dest='broken', choices=sorted(breaks.BREAKS), help='run with this fault built in')
    parser.add_argument(
        '--breaks', action='store_true', help='find each fault that can be built in; 1 if any is not found'
    )
    parser.add_argument('--most', type=int, default=1000, help='with --breaks: seeds that are tried')
    parser.add_argument('--first', action='store_true', help='stop at the first failure')
    parser.add_argument('--trace', action='store_true', help='print everything that happens in the first seed')
    parser.add_argument('--brief', action='store_true', help='print only which seeds fail, and do not shorten them')
    return parser.parse_args()


def _run(model: str, seeds: list[str], options: argparse.Namespace) -> int:
    """Run the seeds of one model; how many fail."""
    started, failures = time.perf_counter(), []
    gc.freeze()
    chunks = [(model, seeds[at : at + A_CHUNK], options.first) for at in range(0, len(seeds), A_CHUNK)]
    with multiprocessing.get_context('fork').Pool(options.jobs) as pool:
        for found in pool.imap_unordered(_run_chunk, chunks):
            failures += found
            if failures and options.first:
                pool.terminate()
                break
    failures.sort(key=lambda each: int(each.plan.seed))
    took = time.perf_counter() - started
    print(f'{model}: {len(seeds)} seeds, {len(failures)} wrong, {took:.1f} s', flush=True)
    _show(failures, options.brief)
    return len(failures)


def _run_chunk(chunk: tuple[str, list[str], bool]) -> list[Outcome]:
    model, seeds, first = chunk
    failures = []
    for seed in seeds:
        outcome = runner.attempt_seed(model, seed)
        if outcome.broken:
            failures.append(outcome)
            if first:
                break
    gc.collect()
    return failures


def _find_breaks(jobs: int, most: int) -> int:
    """Build in each fault in a process of its own, and run seeds until one breaks the promise that it must break."""
    gc.freeze()
    given = [(name, most) for name in breaks.BREAKS]
    missed = 0
    with multiprocessing.get_context('fork').Pool(jobs, maxtasksperchild=1) as pool:
        for name, seed in pool.imap_unordered(_find_break, given):
            built_in = breaks.BREAKS[name]
            found = 'is never broken' if seed is None else f'is broken by seed {seed}'
            # The quicker it is found, the quicker is the suite: keep the recorded seeds true.
            moved = '' if seed in (None, built_in.seed) else f', and no longer by {built_in.seed}'
            print(f'{name}: {built_in.promise} {found}{moved}', flush=True)
            missed += seed is None
    return int(missed > 0)


def _find_break(given: tuple[str, int]) -> tuple[str, int | None]:
    name, most = given
    built_in = breaks.BREAKS[name]
    built_in.apply()
    for seed in (built_in.seed, *range(most)):
        if built_in.promise in runner.attempt_seed(built_in.model, str(seed)).promises:
            return name, seed
        gc.collect()
    return name, None


def _show(failures: list[Outcome], brief: bool) -> None:
    by_promise: dict[str, list[Outcome]] = {}
    for failure in failures:
        for promise in failure.promises:
            by_promise.setdefault(promise, []).append(failure)
    for promise, found in sorted(by_promise.items()):
        print(f'  {promise}: {len(found)}, seeds {" ".join(each.plan.seed for each in found[:20])}')
    if brief:
        return
    shortest = {min(found, key=lambda each: len(each.plan.steps)).plan.seed: found for found in by_promise.values()}
    for seed, found in list(shortest.items())[:SHOWN]:
        failure = next(each for each in found if each.plan.seed == seed)
        print(f'\n{runner.shrink(failure)}', flush=True)


if __name__ == '__main__':
    sys.exit(main())
