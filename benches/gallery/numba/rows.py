"""A kernel of the gallery: the function, its arguments for a size, and which of them it writes."""

import inspect

import numpy as np
from numba import njit

ROWS = {}


class Row:
    def __init__(self, function, prepare, writes, arrays):
        parallel = arrays or "prange(" in inspect.getsource(function)
        # The error model of NumPy: a division by zero is infinity, not an exception.
        self.function = njit(parallel=parallel, error_model="numpy", cache=True)(function)
        names = list(inspect.signature(function).parameters)
        self.written = [names.index(name) for name in writes.split()]
        self.prepare = prepare


def row(prepare, writes="", arrays=False):
    """Marks a function as a kernel. `arrays`: it has expressions of arrays, to be made parallel loops."""

    def add(function):
        ROWS[function.__name__] = Row(function, prepare, writes, arrays)
        return function

    return add


def total(results):
    """The sum of all numbers of results."""
    if results is None:
        return 0.0
    if isinstance(results, tuple):
        return sum(map(total, results))
    return float(np.sum(np.asarray(results), dtype=np.float64))
