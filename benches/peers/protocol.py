"""What every peer does: the inputs of `benches/workloads.rs`, and answers to the requests of `run.py`."""

import json
import os
import sys
import time

import numpy as np

SQRT_2PI = 2.5066282746310005
A_AND_S = (0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
SERIES = (1 / 40320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5, 1.0, 1.0)
# On one thread the processor's time, which bears a busy machine; on several the clock's.
CLOCK = time.process_time_ns if os.environ["PEER_THREADS"] == "1" else time.perf_counter_ns
X, LIMIT, RATE, VOLATILITY = 0.4, 100, 0.02, 0.3


def spread(start, n):
    """Numbers spread evenly over [0, 1), from any position of one sequence on."""
    return (np.arange(start, start + n) * 0.7548776662466927) % 1.0


def mixture(n):
    """Means and widths of normal distributions."""
    return 2.0 * spread(0, n) - 1.0, 0.1 + 0.3 * spread(n, n)


def market(n):
    """Prices, strikes and years of options."""
    return 20.0 + 20.0 * spread(0, n), 25.0 + 30.0 * spread(n, n), 1.0 + 3.0 * spread(2 * n, n)


def serve(kernels):
    """Answers requests: `kernels` maps a name to a function that prepares a call for `n` elements.

    A call returns its results: a number, an array, or a tuple of arrays.
    """
    for line in sys.stdin:
        kernel, n, seconds = line.split()
        if kernel not in kernels:
            print("null", flush=True)
            continue
        call = kernels[kernel](int(n))
        call()
        best, start = float("inf"), time.perf_counter()
        while best == float("inf") or time.perf_counter() - start < float(seconds):
            before = CLOCK()
            results = call()
            best = min(best, CLOCK() - before)
        results = results if isinstance(results, tuple) else (results,)
        check = sum(float(np.sum(np.asarray(result), dtype=np.float64)) for result in results)
        print(json.dumps({"best_ns": best, "check": check}), flush=True)
