"""Numba: parallel loops. `numba_peer.py fast` lets the compiler reassociate and approximate, `strict` does not."""

import math
import sys

import numpy as np
from numba import njit, prange

from protocol import A_AND_S, LIMIT, RATE, SERIES, SQRT_2PI, VOLATILITY, X, market, mixture, serve, spread

FAST = sys.argv[1] == "fast"
A1, A2, A3, A4, A5 = A_AND_S
C8, C7, C6, C5, C4, C3, C2, C1, C0 = (np.float32(c) for c in SERIES)
# The error model of NumPy: a division by zero is infinity, not an exception.
loop = njit(parallel=True, fastmath=FAST, error_model="numpy")
inline = njit(fastmath=FAST, error_model="numpy")


@loop
def gaussians(x, means, widths, out):
    n = means.size
    for i in prange(n):
        t = (x - means[i]) / widths[i]
        out[i] = math.exp(-0.5 * t * t) / widths[i] / SQRT_2PI / n
    return out


@loop
def kde(x, means, widths):
    total = 0.0
    for i in prange(means.size):
        t = (x - means[i]) / widths[i]
        total += math.exp(-0.5 * t * t) / widths[i]
    return total / means.size / SQRT_2PI


@loop
def monte_carlo_pi(n):
    inside = 0
    for _ in prange(n):
        x, y = np.random.random(), np.random.random()
        if x * x + y * y < 1.0:
            inside += 1
    return 4.0 * inside / n


@loop
def mandelbrot(height, width, limit, counts):
    for row in prange(height):
        cy = 3.0 * row / height - 1.5
        for column in range(width):
            cx = 3.0 * column / width - 2.0
            x, y, n = 0.0, 0.0, 0
            while n < limit and x * x + y * y <= 4.0:
                x, y = x * x - y * y + cx, 2.0 * x * y + cy
                n += 1
            counts[row, column] = n
    return counts


@loop
def add(a, b, out):
    for i in prange(a.size):
        out[i] = a[i] + b[i]
    return out


@loop
def add_fresh(a, b):
    return a + b


@loop
def total(a):
    result = 0.0
    for i in prange(a.size):
        result += a[i]
    return result


@loop
def deviation(a):
    total, squares = 0.0, 0.0
    for i in prange(a.size):
        total += a[i]
        squares += a[i] * a[i]
    mean = total / a.size
    return math.sqrt(squares / a.size - mean * mean)


@inline
def cumulative_normal(d):
    k = 1.0 / (1.0 + 0.2316419 * abs(d))
    series = k * (A1 + k * (A2 + k * (A3 + k * (A4 + k * A5))))
    tail = math.exp(-0.5 * d * d) / SQRT_2PI * series
    return 1.0 - tail if d > 0.0 else tail


@loop
def black_scholes(prices, strikes, years, rate, volatility, calls, puts):
    for i in prange(prices.size):
        price, strike, time = prices[i], strikes[i], years[i]
        spread = volatility * math.sqrt(time)
        d1 = (math.log(price / strike) + (rate + 0.5 * volatility * volatility) * time) / spread
        n1, n2 = cumulative_normal(d1), cumulative_normal(d1 - spread)
        discounted = strike * math.exp(-rate * time)
        calls[i] = price * n1 - discounted * n2
        puts[i] = discounted * (1.0 - n2) - price * (1.0 - n1)
    return calls, puts


@loop
def polynomial(a, out):
    for i in prange(a.size):
        x = a[i]
        high = ((C8 * x + C7) * x + C6) * x + C5
        out[i] = ((((high * x + C4) * x + C3) * x + C2) * x + C1) * x + C0
    return out


def prepared(kernel, *arguments):
    return lambda: kernel(*arguments)


serve({
    "gaussians": lambda n: prepared(gaussians, X, *mixture(n), np.zeros(n)),
    "kde": lambda n: prepared(kde, X, *mixture(n)),
    "monte_carlo_pi": lambda n: prepared(monte_carlo_pi, n),
    "mandelbrot": lambda n: prepared(
        mandelbrot, math.isqrt(n), math.isqrt(n), LIMIT, np.zeros((math.isqrt(n), math.isqrt(n)), np.int32)
    ),
    "add": lambda n: prepared(add, spread(0, n), spread(n, n), np.zeros(n)),
    "add_fresh": lambda n: prepared(add_fresh, spread(0, n), spread(n, n)),
    "sum": lambda n: prepared(total, spread(0, n)),
    "deviation": lambda n: prepared(deviation, spread(0, n)),
    "black_scholes": lambda n: prepared(black_scholes, *market(n), RATE, VOLATILITY, np.zeros(n), np.zeros(n)),
    "polynomial": lambda n: prepared(polynomial, spread(0, n).astype(np.float32), np.zeros(n, np.float32)),
})
