"""Numba's side of the gallery: answers the requests of `benches/gallery/peers.rs`.

stdin    matmul_ikj 90 0.15 5       a kernel, a size, for how many seconds, and how many rounds at least
stdout   65100 8123.4               the least time in nanoseconds, and the sum of all results; `none` without it
"""

import os
import sys
import time
import warnings

# Their functions put themselves into the table of rows.
from kernels import dense, factor, images, integers, physics, signals, sparse, statistics, stencils, tables  # noqa: F401
from numba.core import errors
from rows import ROWS, total

# On one thread the processor's time, which bears a busy machine; on several the clock's.
CLOCK = time.process_time_ns if os.environ["NUMBA_NUM_THREADS"] == "1" else time.perf_counter_ns
# Their numbers are other ones here.
RANDOM = {"ising", "random_walks", "monte_carlo_pi"}


def call(row, arguments, start):
    """Restores what is written, and times a call: nanoseconds, and the sum of all results."""
    for position in row.written:
        arguments[position][...] = start[position]
    before = CLOCK()
    result = row.function(*arguments)
    elapsed = CLOCK() - before
    return elapsed, (result, *(arguments[position] for position in row.written))


def main():
    warnings.filterwarnings("ignore")
    for request in sys.stdin:
        name, n, seconds, rounds = request.split()
        if name not in ROWS:
            print("none", flush=True)
            continue
        row = ROWS[name]
        arguments = list(row.prepare(int(n)))
        start = {position: arguments[position].copy() for position in row.written}
        try:
            _, results = call(row, arguments, start)
        except errors.NumbaError as error:
            print(f"{name}: {error}", file=sys.stderr)
            print("none", flush=True)
            continue
        check = float("nan") if name in RANDOM else total(results)
        best, done, begin = float("inf"), 0, time.perf_counter()
        while done < int(rounds) or time.perf_counter() - begin < float(seconds):
            best = min(best, call(row, arguments, start)[0])
            done += 1
        print(best, check, flush=True)


main()
