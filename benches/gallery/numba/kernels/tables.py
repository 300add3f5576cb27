"""Dynamic programming: tables whose elements depend on those before."""

import math

import numpy as np

from data import below, uniform, zeros
from rows import row


@row(
    lambda n: (below(4, n, 1, np.uint8), below(4, n + 3, 2, np.uint8), zeros((n + 1, n + 4), np.int32)), writes="table"
)
def edit_distance(a, b, table):
    for i in range(a.size + 1):
        table[i, 0] = int(i)
    for j in range(b.size + 1):
        table[0, j] = int(j)
    for i in range(1, a.size + 1):
        for j in range(1, b.size + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            best = table[i - 1, j - 1] + cost
            if table[i - 1, j] + 1 < best:
                best = table[i - 1, j] + 1
            if table[i, j - 1] + 1 < best:
                best = table[i, j - 1] + 1
            table[i, j] = best
    return table[a.size, b.size]


@row(lambda n: (below(4, n, 1, np.uint8), below(4, n + 3, 2, np.uint8), zeros((n + 1, n + 4), np.int32)), writes="h")
def smith_waterman(a, b, h):
    best = 0
    for i in range(a.size):
        for j in range(b.size):
            score = 3 if a[i] == b[j] else -3
            diagonal = h[i, j] + score
            up = h[i, j + 1] - 2
            left = h[i + 1, j] - 2
            cell = max(max(max(diagonal, up), left), 0)
            h[i + 1, j + 1] = cell
            best = max(best, cell)
    return best


@row(
    lambda n: (below(4, n, 1, np.uint8), below(4, n + 3, 2, np.uint8), zeros((n + 1, n + 4), np.int32)), writes="table"
)
def common_subsequence(a, b, table):
    n, m = a.size, b.size
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            table[i, j] = table[i - 1, j - 1] + 1 if a[i - 1] == b[j - 1] else max(table[i - 1, j], table[i, j - 1])
    return table[n, m]


@row(lambda n: (below(4, n, 1, np.int32), zeros((n, n), np.int32)), writes="table")
def nussinov(bases, table):
    """How an RNA folds."""
    n = bases.size
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            table[i, j] = max(table[i, j], table[i, j - 1])
            table[i, j] = max(table[i, j], table[i + 1, j])
            pair = 1 if i < j - 1 and bases[i] + bases[j] == 3 else 0
            table[i, j] = max(table[i, j], table[i + 1, j - 1] + pair)
            for k in range(i + 1, j):
                table[i, j] = max(table[i, j], table[i, k] + table[k + 1, j])


@row(lambda n: (below(500, 40, 1, np.int64), below(1000, 40, 2, np.int64), zeros(n + 1, np.int64)), writes="best")
def knapsack(weight, value, best):
    capacity = best.size - 1
    for item in range(weight.size):
        for room in range(capacity, weight[item] - 1, -1):
            taken = best[room - weight[item]] + value[item]
            if taken > best[room]:
                best[room] = taken
    return best[capacity]


@row(lambda n: (below(50, n + 1, 1, np.int64), zeros((n, n), np.int64)), writes="cost")
def matrix_chain(dimensions, cost):
    """The cheapest order of a product of matrices."""
    n = dimensions.size - 1
    for length in range(2, n + 1):
        for i in range(n + 1 - length):
            j = i + length - 1
            best = 9223372036854775807
            for k in range(i, j):
                c = cost[i, k] + cost[k + 1, j] + dimensions[i] * dimensions[k + 1] * dimensions[j + 1]
                if c < best:
                    best = c
            cost[i, j] = best


@row(lambda n: (100.0, 105.0, 1.01, 0.9999, 0.503, n))
def option_tree(spot, strike, up, discount, chance, steps):
    """An American put by a binomial tree."""
    values = np.zeros(steps + 1)
    prices = np.zeros(steps + 1)
    price = spot
    for _ in range(steps):
        price /= up
    for i in range(steps + 1):
        prices[i] = price
        values[i] = max(strike - price, 0.0)
        price *= up * up
    for step in range(steps - 1, -1, -1):
        for i in range(step + 1):
            prices[i] *= up
            held = discount * (chance * values[i + 1] + (1.0 - chance) * values[i])
            values[i] = max(held, strike - prices[i])
    return values[0]


@row(lambda n: (uniform(n, 1), uniform(n + 3, 2), zeros((n + 1, n + 4))), writes="table")
def time_warping(a, b, table):
    n, m = a.size, b.size
    for i in range(n + 1):
        for j in range(m + 1):
            table[i, j] = math.inf
    table[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = abs(a[i - 1] - b[j - 1])
            table[i, j] = cost + min(min(table[i - 1, j], table[i, j - 1]), table[i - 1, j - 1])
    return table[n, m]
