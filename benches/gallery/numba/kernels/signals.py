"""Signals: recursive and direct filters, transforms, resampling."""

import numpy as np
from numba import prange

from data import power_of_two, scaled, singles, uniform, zeros
from rows import row


@row(lambda n: (uniform(n, 1), uniform(5, 2), scaled(uniform(5, 3), 0.2, 0.0), zeros(n)), writes="y")
def iir(x, b, a, y):
    order = a.size
    for i in range(order, x.size):
        sum = b[0] * x[i]
        for k in range(1, order):
            sum += b[k] * x[i - k] - a[k] * y[i - k]
        y[i] = sum


@row(lambda n: (singles(n, 1), zeros(n, np.float32)), writes="y")
def biquad(x, y):
    b0, b1, b2, a1, a2 = np.float32(0.2), np.float32(0.4), np.float32(0.2), -np.float32(0.37), np.float32(0.19)
    x1 = x2 = y1 = y2 = np.float32(0.0)
    for i in range(x.size):
        value = b0 * x[i] + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
        x2 = x1
        x1 = x[i]
        y2 = y1
        y1 = value
        y[i] = value


@row(lambda n: (uniform((n, 500), 1), scaled(uniform((n, 5), 2), 0.3, 0.0), zeros((n, 500))), writes="y")
def biquad_channels(x, coefficients, y):
    """A filter for each row, and all at once."""
    for c in prange(x.shape[0]):
        s1 = 0.0
        s2 = 0.0
        for t in range(x.shape[1]):
            out = coefficients[c, 0] * x[c, t] + s1
            s1 = coefficients[c, 1] * x[c, t] - coefficients[c, 3] * out + s2
            s2 = coefficients[c, 2] * x[c, t] - coefficients[c, 4] * out
            y[c, t] = out


@row(lambda n: (uniform(n + 32, 1), uniform(33, 2)))
def convolution_1d(x, weights):
    n = x.size + 1 - weights.size
    out = np.zeros(n)
    for i in prange(n):
        sum = 0.0
        for k in range(weights.size):
            sum += x[i + k] * weights[k]
        out[i] = sum
    return out


@row(lambda n: (uniform(n, 1), 64))
def correlation_lags(x, lags):
    out = np.zeros(lags)
    for lag in prange(lags):
        sum = 0.0
        for i in range(lag, x.size):
            sum += x[i] * x[i - lag]
        out[lag] = sum
    return out


@row(
    lambda n: (
        uniform(power_of_two(n), 1),
        uniform(power_of_two(n), 2),
        uniform(power_of_two(n), 3),
        uniform(power_of_two(n), 4),
    ),
    writes="re im",
)
def fft(re, im, cos, sin):
    """Butterflies in place, over numbers that are in their order already."""
    n = re.size
    half = 1
    while half < n:
        stride = n // (2 * half)
        for start in range(0, n, 2 * half):
            for k in range(half):
                c, s = cos[k * stride], sin[k * stride]
                i, j = start + k, start + k + half
                tr, ti = re[j] * c - im[j] * s, re[j] * s + im[j] * c
                re[j] = re[i] - tr
                im[j] = im[i] - ti
                re[i] += tr
                im[i] += ti
        half *= 2


@row(lambda n: (uniform(n, 1), uniform(n, 2), uniform(n, 3), zeros(n), zeros(n)), writes="re im")
def dft(x, cos, sin, re, im):
    """By its definition, with a table."""
    n = x.size
    for k in prange(n):
        sum_re, sum_im = 0.0, 0.0
        for t in range(n):
            turn = (k * t) % n
            sum_re += x[t] * cos[turn]
            sum_im -= x[t] * sin[turn]
        re[k] = sum_re
        im[k] = sum_im


@row(lambda n: (singles(n, 1),), arrays=True)
def polynomial(x):
    """Horner's rule, as arrays."""
    c5, c4, c3 = np.float32(0.1), np.float32(0.2), np.float32(0.3)
    c2, c1, c0 = np.float32(0.4), np.float32(0.5), np.float32(0.6)
    sum = x * c5 + c4
    sum = sum * x + c3
    sum = sum * x + c2
    sum = sum * x + c1
    return sum * x + c0


@row(lambda n: (uniform(2 * n, 1), zeros(n), zeros(n)), writes="low high")
def haar(x, low, high):
    """One level of Haar's wavelets."""
    for i in prange(low.size):
        low[i] = 0.5 * (x[2 * i] + x[2 * i + 1])
        high[i] = 0.5 * (x[2 * i] - x[2 * i + 1])


@row(lambda n: (uniform(n, 1), zeros(n)), writes="out")
def median_of_three(x, out):
    for i in prange(1, x.size - 1):
        a, b, c = x[i - 1], x[i], x[i + 1]
        out[i] = max(min(a, b), min(max(a, b), c))


@row(lambda n: (scaled(uniform(n, 1), 2.0, -1.0),))
def zero_crossings(x):
    count = 0
    for i in prange(1, x.size):
        if (x[i - 1] < 0.0) != (x[i] < 0.0):
            count += 1
    return count


@row(lambda n: (uniform(n, 1),), arrays=True)
def differences(x):
    step = x[1:] - x[:-1]
    return np.where(step < 0.0, -step, step)
