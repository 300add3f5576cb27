"""NumExpr: an expression at a time, in blocks that fit the cache. It has no loops and no random numbers."""

import math

import numexpr
import numpy as np

from protocol import A_AND_S, RATE, SERIES, SQRT_2PI, VOLATILITY, X, market, mixture, serve, spread


def evaluating(expression, out=None, **variables):
    return lambda: numexpr.evaluate(expression, variables, {}, out=out)


DENSITY = "exp(-0.5 * ((x - means) / widths) ** 2) / widths"


def gaussians(n):
    means, widths = mixture(n)
    constants = {"x": X, "root": SQRT_2PI, "n": float(n)}
    return evaluating(f"{DENSITY} / root / n", np.zeros(n), means=means, widths=widths, **constants)


def kde(n):
    means, widths = mixture(n)
    densities = evaluating(f"sum({DENSITY})", x=X, means=means, widths=widths)
    return lambda: densities() / n / SQRT_2PI


def deviation(n):
    total, squares = (evaluating(text, a=spread(0, n)) for text in ("sum(a)", "sum(a * a)"))
    return lambda: math.sqrt(squares() / n - (total() / n) ** 2)


def black_scholes(n):
    price, strike, time = market(n)
    d1, d2, n1, n2, discounted, call, put = (np.zeros(n) for _ in range(7))
    drift = RATE + 0.5 * VOLATILITY * VOLATILITY
    a1, a2, a3, a4, a5 = A_AND_S
    k = "(1.0 / (1.0 + 0.2316419 * abs(d)))"
    series = f"{k} * ({a1} + {k} * ({a2} + {k} * ({a3} + {k} * ({a4} + {k} * {a5}))))"
    tail = f"exp(-0.5 * d * d) / {SQRT_2PI} * ({series})"
    normal = f"where(d > 0.0, 1.0 - {tail}, {tail})"
    steps = [
        evaluating(
            f"(log(price / strike) + {drift} * time) / ({VOLATILITY} * sqrt(time))",
            d1,
            price=price,
            strike=strike,
            time=time,
        ),
        evaluating(f"d1 - {VOLATILITY} * sqrt(time)", d2, d1=d1, time=time),
        evaluating(normal, n1, d=d1),
        evaluating(normal, n2, d=d2),
        evaluating(f"strike * exp(-{RATE} * time)", discounted, strike=strike, time=time),
        evaluating("price * n1 - discounted * n2", call, price=price, discounted=discounted, n1=n1, n2=n2),
        evaluating(
            "discounted * (1.0 - n2) - price * (1.0 - n1)", put, price=price, discounted=discounted, n1=n1, n2=n2
        ),
    ]

    def run():
        for step in steps:
            step()
        return call, put

    return run


def polynomial(n):
    # Literals would be of double precision.
    series = {f"c{8 - i}": np.float32(c) for i, c in enumerate(SERIES)}
    text = "c8"
    for i in range(7, -1, -1):
        text = f"({text}) * x + c{i}"
    return evaluating(text, np.zeros(n, np.float32), x=spread(0, n).astype(np.float32), **series)


serve({
    "gaussians": gaussians,
    "kde": kde,
    "add": lambda n: evaluating("a + b", np.zeros(n), a=spread(0, n), b=spread(n, n)),
    "add_fresh": lambda n: evaluating("a + b", a=spread(0, n), b=spread(n, n)),
    "sum": lambda n: evaluating("sum(a)", a=spread(0, n)),
    "deviation": deviation,
    "black_scholes": black_scholes,
    "polynomial": polynomial,
})
