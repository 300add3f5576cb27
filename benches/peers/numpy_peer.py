"""NumPy: one operation after the other, on one thread, into arrays that are there where that is natural."""

import math

import numpy as np

from protocol import A_AND_S, LIMIT, RATE, SERIES, SQRT_2PI, VOLATILITY, X, market, mixture, serve, spread

RANDOM = np.random.default_rng(42)


def densities(x, means, widths):
    return np.exp(-0.5 * ((x - means) / widths) ** 2) / widths


def gaussians(n):
    means, widths = mixture(n)
    return lambda: densities(X, means, widths) / SQRT_2PI / n


def kde(n):
    means, widths = mixture(n)
    return lambda: densities(X, means, widths).mean() / SQRT_2PI


def monte_carlo_pi(n):
    def call():
        x, y = RANDOM.random(n), RANDOM.random(n)
        return 4.0 * np.count_nonzero(x * x + y * y < 1.0) / n

    return call


def mandelbrot(n):
    side = math.isqrt(n)

    def call():
        axis = 3.0 * np.arange(side) / side
        c = (axis - 2.0)[None, :] + 1j * (axis - 1.5)[:, None]
        counts = np.zeros((side, side), np.int32)
        # The orbits that have not escaped, and where they are.
        z, c, at = np.zeros(side * side, complex), c.ravel(), np.arange(side * side)
        for _ in range(LIMIT):
            inside = z.real * z.real + z.imag * z.imag <= 4.0
            z, c, at = z[inside], c[inside], at[inside]
            counts.reshape(-1)[at] += 1
            z = z * z + c
        return counts

    return call


def add(n):
    a, b, out = spread(0, n), spread(n, n), np.zeros(n)
    return lambda: np.add(a, b, out=out)


def add_fresh(n):
    a, b = spread(0, n), spread(n, n)
    return lambda: a + b


def total(n):
    a = spread(0, n)
    return lambda: a.sum()


def deviation(n):
    a = spread(0, n)
    return lambda: math.sqrt(np.mean(a * a) - np.mean(a) ** 2)


def cumulative_normal(d):
    a1, a2, a3, a4, a5 = A_AND_S
    k = 1.0 / (1.0 + 0.2316419 * np.abs(d))
    tail = np.exp(-0.5 * d * d) / SQRT_2PI * (k * (a1 + k * (a2 + k * (a3 + k * (a4 + k * a5)))))
    return np.where(d > 0.0, 1.0 - tail, tail)


def black_scholes(n):
    price, strike, time = market(n)

    def call():
        spread = VOLATILITY * np.sqrt(time)
        d1 = (np.log(price / strike) + (RATE + 0.5 * VOLATILITY * VOLATILITY) * time) / spread
        n1, n2 = cumulative_normal(d1), cumulative_normal(d1 - spread)
        discounted = strike * np.exp(-RATE * time)
        return price * n1 - discounted * n2, discounted * (1.0 - n2) - price * (1.0 - n1)

    return call


def polynomial(n):
    x, series = spread(0, n).astype(np.float32), [np.float32(c) for c in SERIES]

    def call():
        value = np.full_like(x, series[0])
        for coefficient in series[1:]:
            value *= x
            value += coefficient
        return value

    return call


serve({
    "gaussians": gaussians,
    "kde": kde,
    "monte_carlo_pi": monte_carlo_pi,
    "mandelbrot": mandelbrot,
    "add": add,
    "add_fresh": add_fresh,
    "sum": total,
    "deviation": deviation,
    "black_scholes": black_scholes,
    "polynomial": polynomial,
})
