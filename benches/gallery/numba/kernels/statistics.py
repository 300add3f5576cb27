"""Statistics of rows, columns and whole arrays; histograms, running values, distances."""

import math

import numpy as np
from numba import prange

from data import below, scaled, uniform, zeros
from rows import row


@row(lambda n: (uniform((n, n + 1), 1), zeros(n)), writes="sums")
def row_sums(a, sums):
    for i in prange(a.shape[0]):
        sum = 0.0
        for j in range(a.shape[1]):
            sum += a[i, j]
        sums[i] = sum


@row(lambda n: (uniform((n, n + 1), 1), zeros(n + 1)), writes="sums")
def column_sums(a, sums):
    for j in range(a.shape[1]):
        sums[j] = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            sums[j] += a[i, j]


@row(lambda n: (uniform((n, n + 1), 1), zeros(n)), writes="variances")
def row_variances(a, variances):
    m = float(a.shape[1])
    for i in prange(a.shape[0]):
        mean = 0.0
        for j in range(a.shape[1]):
            mean += a[i, j]
        mean /= m
        sum = 0.0
        for j in range(a.shape[1]):
            sum += (a[i, j] - mean) * (a[i, j] - mean)
        variances[i] = sum / m


@row(lambda n: (uniform((n, n + 1), 1), zeros(n + 1)), writes="means")
def column_means(a, means):
    """Column by column, though rows are neighbours."""
    for j in prange(a.shape[1]):
        sum = 0.0
        for i in range(a.shape[0]):
            sum += a[i, j]
        means[j] = sum / float(a.shape[0])


@row(lambda n: (uniform((n, n + 1), 1), 0.5, zeros(n, np.int64)), writes="counts")
def count_above(a, limit, counts):
    for i in prange(a.shape[0]):
        count = 0
        for j in range(a.shape[1]):
            if a[i, j] > limit:
                count += 1
        counts[i] = count


@row(lambda n: (uniform((n, n + 1), 1), zeros(n), zeros(n, np.int64)), writes="maxima places")
def row_maxima(a, maxima, places):
    for i in prange(a.shape[0]):
        best = -math.inf
        place = 0
        for j in range(a.shape[1]):
            if a[i, j] > best:
                best = a[i, j]
                place = j
        maxima[i] = best
        places[i] = place


@row(lambda n: (uniform((n, n + 1), 1),), writes="a")
def normalise_rows(a):
    for i in prange(a.shape[0]):
        sum = 0.0
        for j in range(a.shape[1]):
            sum += a[i, j] * a[i, j]
        norm = math.sqrt(sum)
        for j in range(a.shape[1]):
            a[i, j] /= norm


@row(lambda n: (uniform(n, 1),), arrays=True)
def squashed_scores(a):
    mean = a.mean()
    deviation = a.std()
    scores = (a - mean) / deviation
    return 1.0 / (1.0 + np.exp(-scores))


@row(lambda n: (uniform((n, n + 1), 1), zeros((n, n + 1))), writes="out")
def softmax_rows(a, out):
    for i in prange(a.shape[0]):
        largest = -math.inf
        for j in range(a.shape[1]):
            largest = max(largest, a[i, j])
        sum = 0.0
        for j in range(a.shape[1]):
            out[i, j] = math.exp(a[i, j] - largest)
            sum += out[i, j]
        for j in range(a.shape[1]):
            out[i, j] /= sum


@row(lambda n: (uniform((n + 1, n), 1), zeros(n), zeros((n, n))), writes="data mean cov")
def covariance(data, mean, cov):
    n, m = data.shape
    for j in range(m):
        mean[j] = 0.0
        for i in range(n):
            mean[j] += data[i, j]
        mean[j] /= n
    for i in range(n):
        for j in range(m):
            data[i, j] -= mean[j]
    for i in range(m):
        for j in range(i, m):
            cov[i, j] = 0.0
            for k in range(n):
                cov[i, j] += data[k, i] * data[k, j]
            cov[i, j] /= n - 1.0
            cov[j, i] = cov[i, j]


@row(lambda n: (uniform((n + 1, n), 1), zeros((n, n))), writes="corr", arrays=True)
def correlation(data, corr):
    m = data.shape[1]
    n = data.shape[0]
    centred = data - data.sum(axis=0) / n
    deviation = np.sqrt((centred * centred).sum(axis=0) / n)
    scaled = centred / deviation
    for i in prange(m):
        for j in range(m):
            sum = 0.0
            for k in range(scaled.shape[0]):
                sum += scaled[k, i] * scaled[k, j]
            corr[i, j] = sum / float(scaled.shape[0])


@row(lambda n: (uniform((n, 3), 1), zeros((n, n))), writes="out")
def distances(points, out):
    """Between all pairs of points."""
    n, dimensions = points.shape
    for i in prange(n):
        for j in range(n):
            sum = 0.0
            for k in range(dimensions):
                d = points[i, k] - points[j, k]
                sum += d * d
            out[i, j] = math.sqrt(sum)


@row(lambda n: (uniform((n, 4), 1), uniform((16, 4), 2), zeros(n, np.int64)), writes="labels")
def nearest_centres(points, centres, labels):
    """The first half of a step of k-means."""
    inertia = 0.0
    for i in prange(points.shape[0]):
        best = math.inf
        label = 0
        for c in range(centres.shape[0]):
            distance = 0.0
            for k in range(points.shape[1]):
                d = points[i, k] - centres[c, k]
                distance += d * d
            if distance < best:
                best = distance
                label = c
        labels[i] = label
        inertia += best
    return inertia


@row(
    lambda n: (uniform((n, 4), 1), below(16, n, 2, np.int64), zeros((16, 4)), zeros(16, np.int64)), writes="sums counts"
)
def centre_sums(points, labels, sums, counts):
    """The second half."""
    for i in range(points.shape[0]):
        c = labels[i]
        counts[c] += 1
        for k in range(points.shape[1]):
            sums[c, k] += points[i, k]


@row(lambda n: (uniform(n, 1), 0.1, 0.9, zeros(100, np.int64)), writes="counts")
def histogram(x, low, high, counts):
    scale = float(counts.size) / (high - low)
    for i in range(x.size):
        if x[i] >= low and x[i] < high:
            counts[int((x[i] - low) * scale)] += 1


@row(lambda n: (below(1000, n, 1, np.int32), uniform(n, 2), zeros(1000)), writes="sums")
def weighted_histogram(bin, weight, sums):
    for i in range(bin.size):
        sums[int(bin[i])] += weight[i]


@row(lambda n: (uniform(n, 1), zeros(n)), writes="out")
def prefix_sum(x, out):
    sum = 0.0
    for i in range(x.size):
        sum += x[i]
        out[i] = sum


@row(lambda n: (uniform(n + 8, 1), 9, zeros(n)), writes="out")
def moving_average(x, window, out):
    for i in prange(out.size):
        sum = 0.0
        for k in range(window):
            sum += x[i + k]
        out[i] = sum / window


@row(lambda n: (uniform(n, 1), 0.1, zeros(n)), writes="out")
def exponential_average(x, alpha, out):
    average = 0.0
    for i in range(x.size):
        average = alpha * x[i] + (1.0 - alpha) * average
        out[i] = average


@row(lambda n: (uniform(n, 1),))
def kahan_sum(x):
    sum = 0.0
    lost = 0.0
    for i in range(x.size):
        y = x[i] - lost
        t = sum + y
        lost = (t - sum) - y
        sum = t
    return sum


@row(lambda n: (uniform(n, 1), uniform(n, 2)))
def dot(x, y):
    sum = 0.0
    for i in range(x.size):
        sum += x[i] * y[i]
    return sum


@row(lambda n: (uniform((n + 20, n), 1),), arrays=True)
def means_without_gaps(a):
    """The mean of each column that is not missing."""
    present = np.where(a < 0.1, 0.0, 1.0)
    values = a * present
    return values.sum(axis=0) / present.sum(axis=0)


@row(lambda n: (uniform((n, 10), 1), uniform(n, 2), 0.1, 5))
def logistic_regression(x, y, rate, epochs):
    n, features = x.shape
    weights = np.zeros(features)
    for _ in range(epochs):
        gradient = np.zeros(features)
        for i in range(n):
            score = 0.0
            for k in range(features):
                score += weights[k] * x[i, k]
            error = 1.0 / (1.0 + math.exp(-score)) - y[i]
            for k in range(features):
                gradient[k] += error * x[i, k]
        for k in range(features):
            weights[k] -= rate * gradient[k] / n
    return weights


@row(
    lambda n: (
        scaled(uniform(n, 1), 40.0, 80.0),
        scaled(uniform(n, 2), 6.0, 1.0),
        below(40, n, 3, np.int32),
        zeros(n),
    ),
    writes="out",
)
def bond_yields(price, coupon, years, out):
    for i in prange(price.size):
        rate = 0.05
        round = 0
        while True:
            value, slope = 0.0, 0.0
            for t in range(1, years[i] + 1):
                discount = (1.0 + rate) ** -t
                value += coupon[i] * discount
                slope -= t * coupon[i] * discount / (1.0 + rate)
            discount = (1.0 + rate) ** -years[i]
            value += 100.0 * discount
            slope -= years[i] * 100.0 * discount / (1.0 + rate)
            step = (value - price[i]) / slope
            rate -= step
            round += 1
            if abs(step) < 1e-10 or round == 50:
                break
        out[i] = rate
