"""C with OpenMP: `kernels.c`, compiled by `run.py` to the library that is the argument."""

import ctypes
import math
import sys

import numpy as np

from protocol import LIMIT, RATE, VOLATILITY, X, market, mixture, serve, spread

LIBRARY = ctypes.CDLL(sys.argv[1])
FREE = ctypes.CDLL(None).free


def prepared(name, *arguments, out=None):
    """A call with these arguments; its results are `out`, or the number returned if there is none."""
    function = getattr(LIBRARY, name)
    function.restype = ctypes.c_double if out is None else None
    kinds = {float: ctypes.c_double, int: ctypes.c_long}
    converted = [
        a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray) else kinds[type(a)](a) for a in arguments
    ]

    def call(keep=arguments):
        result = function(*converted)
        return result if out is None else out

    return call


def gaussians(n):
    means, widths = mixture(n)
    out = np.zeros(n)
    return prepared("gaussians", X, means, widths, out, n, out=out)


def kde(n):
    means, widths = mixture(n)
    return prepared("kde", X, means, widths, n)


def mandelbrot(n):
    side = math.isqrt(n)
    counts = np.zeros((side, side), np.int32)
    return prepared("mandelbrot", side, side, LIMIT, counts, out=counts)


def add(n):
    out = np.zeros(n)
    return prepared("add", spread(0, n), spread(n, n), out, n, out=out)


class Fresh:
    """An array that a call has made, and that is freed when nobody has it any more."""

    def __init__(self, address, n):
        self.address, self.n = address, n

    def __array__(self, dtype=None, copy=None):
        numbers = ctypes.cast(self.address, ctypes.POINTER(ctypes.c_double))
        return np.ctypeslib.as_array(numbers, (self.n,))

    def __del__(self):
        FREE(ctypes.c_void_p(self.address))


def add_fresh(n):
    inputs, function = (spread(0, n), spread(n, n)), LIBRARY.add_fresh
    function.restype = ctypes.c_void_p
    converted = [*(a.ctypes.data_as(ctypes.c_void_p) for a in inputs), ctypes.c_long(n)]

    def call(keep=inputs):
        return Fresh(function(*converted), n)

    return call


def black_scholes(n):
    prices, strikes, years = market(n)
    calls, puts = np.zeros(n), np.zeros(n)
    return prepared("black_scholes", prices, strikes, years, RATE, VOLATILITY, calls, puts, n, out=(calls, puts))


def polynomial(n):
    out = np.zeros(n, np.float32)
    return prepared("polynomial", spread(0, n).astype(np.float32), out, n, out=out)


serve({
    "gaussians": gaussians,
    "kde": kde,
    "monte_carlo_pi": lambda n: prepared("monte_carlo_pi", n),
    "mandelbrot": mandelbrot,
    "add": add,
    "add_fresh": add_fresh,
    "sum": lambda n: prepared("sum", spread(0, n), n),
    "deviation": lambda n: prepared("deviation", spread(0, n), n),
    "black_scholes": black_scholes,
    "polynomial": polynomial,
})
