"""Python's garbage collector, kept from stopping a process that holds much.

A full collection looks at everything that is there: half a second with 10,000 open sockets, in which nobody is served.
"""

import gc

# New objects before the youngest are looked at, such looks before the next generation is, and such before everything
# is: https://docs.python.org/3.11/library/gc.html#gc.set_threshold
THRESHOLDS = (10_000, 20, 100)


def freeze_startup_objects() -> None:
    """Leave what was made until now out of all later collections, and collect less often.

    For the end of the start: what is dropped later and was there then is only freed if no cycle holds it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
