"""JAX on the processor: jitted array functions in double precision. Results are new arrays: it knows no others."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from protocol import A_AND_S, LIMIT, RATE, SERIES, SQRT_2PI, VOLATILITY, X, market, mixture, serve, spread

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


def densities(x, means, widths):
    return jnp.exp(-0.5 * ((x - means) / widths) ** 2) / widths


@jax.jit
def gaussians(x, means, widths):
    return densities(x, means, widths) / SQRT_2PI / means.size


@jax.jit
def kde(x, means, widths):
    return densities(x, means, widths).mean() / SQRT_2PI


@jax.jit
def add(a, b):
    return a + b


@jax.jit
def total(a):
    return a.sum()


@jax.jit
def deviation(a):
    return jnp.sqrt((a * a).sum() / a.size - (a.sum() / a.size) ** 2)


def cumulative_normal(d):
    a1, a2, a3, a4, a5 = A_AND_S
    k = 1.0 / (1.0 + 0.2316419 * jnp.abs(d))
    tail = jnp.exp(-0.5 * d * d) / SQRT_2PI * (k * (a1 + k * (a2 + k * (a3 + k * (a4 + k * a5)))))
    return jnp.where(d > 0.0, 1.0 - tail, tail)


@jax.jit
def black_scholes(price, strike, time):
    spread = VOLATILITY * jnp.sqrt(time)
    d1 = (jnp.log(price / strike) + (RATE + 0.5 * VOLATILITY * VOLATILITY) * time) / spread
    n1, n2 = cumulative_normal(d1), cumulative_normal(d1 - spread)
    discounted = strike * jnp.exp(-RATE * time)
    return price * n1 - discounted * n2, discounted * (1.0 - n2) - price * (1.0 - n1)


@jax.jit
def polynomial(x):
    value = jnp.full_like(x, SERIES[0])
    for coefficient in SERIES[1:]:
        value = value * x + jnp.float32(coefficient)
    return value


def monte_carlo_pi(n):
    @jax.jit
    def estimate(key):
        x, y = jax.random.uniform(key, (2, n), jnp.float64)
        return 4.0 * jnp.sum(x * x + y * y < 1.0) / n

    return prepared(estimate, jax.random.key(42))


def mandelbrot(n):
    side = math.isqrt(n)

    @jax.jit
    def counts():
        axis = 3.0 * jnp.arange(side) / side
        cx, cy = jnp.meshgrid(axis - 2.0, axis - 1.5)

        def step(_, state):
            x, y, count = state
            inside = x * x + y * y <= 4.0
            # Orbits that have escaped stay where they are.
            new_x, new_y = x * x - y * y + cx, 2.0 * x * y + cy
            return jnp.where(inside, new_x, x), jnp.where(inside, new_y, y), count + inside

        zeros = jnp.zeros((side, side))
        return lax.fori_loop(0, LIMIT, step, (zeros, zeros, zeros.astype(jnp.int32)))[2]

    return prepared(counts)


def prepared(function, *arguments):
    arguments = [jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
    return lambda: jax.block_until_ready(function(*arguments))


serve({
    "gaussians": lambda n: prepared(gaussians, X, *mixture(n)),
    "kde": lambda n: prepared(kde, X, *mixture(n)),
    "monte_carlo_pi": monte_carlo_pi,
    "mandelbrot": mandelbrot,
    "add": lambda n: prepared(add, spread(0, n), spread(n, n)),
    "add_fresh": lambda n: prepared(add, spread(0, n), spread(n, n)),
    "sum": lambda n: prepared(total, spread(0, n)),
    "deviation": lambda n: prepared(deviation, spread(0, n)),
    "black_scholes": lambda n: prepared(black_scholes, *market(n)),
    "polynomial": lambda n: prepared(polynomial, spread(0, n).astype(np.float32)),
})
