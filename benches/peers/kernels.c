/* The kernels in C with OpenMP, as one writes them for gcc -O3 -march=native -ffast-math -fopenmp. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define SQRT_2PI 2.5066282746310005

void gaussians(double x, const double *restrict means, const double *restrict widths, double *restrict out, long n) {
#pragma omp parallel for simd
    for (long i = 0; i < n; i++) {
        double t = (x - means[i]) / widths[i];
        out[i] = exp(-0.5 * t * t) / widths[i] / SQRT_2PI / n;
    }
}

double kde(double x, const double *restrict means, const double *restrict widths, long n) {
    double total = 0;
#pragma omp parallel for simd reduction(+ : total)
    for (long i = 0; i < n; i++) {
        double t = (x - means[i]) / widths[i];
        total += exp(-0.5 * t * t) / widths[i];
    }
    return total / n / SQRT_2PI;
}

/* A number in [0, 1) of a counter: SplitMix64. */
static inline double number(uint64_t counter) {
    uint64_t z = counter * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return (z >> 11) * 0x1p-53;
}

double monte_carlo_pi(long n) {
    long inside = 0;
#pragma omp parallel for simd reduction(+ : inside)
    for (long i = 0; i < n; i++) {
        double x = number(2 * i), y = number(2 * i + 1);
        inside += x * x + y * y < 1.0;
    }
    return 4.0 * inside / n;
}

void mandelbrot(long height, long width, int limit, int32_t *counts) {
#pragma omp parallel for schedule(dynamic, 4)
    for (long row = 0; row < height; row++) {
        double cy = 3.0 * row / height - 1.5;
        for (long column = 0; column < width; column++) {
            double cx = 3.0 * column / width - 2.0, x = 0, y = 0;
            int n = 0;
            while (n < limit && x * x + y * y <= 4.0) {
                double next = x * x - y * y + cx;
                y = 2.0 * x * y + cy;
                x = next;
                n++;
            }
            counts[row * width + column] = n;
        }
    }
}

void add(const double *restrict a, const double *restrict b, double *restrict out, long n) {
#pragma omp parallel for simd
    for (long i = 0; i < n; i++) out[i] = a[i] + b[i];
}

/* A new array on each call; the caller frees it. */
double *add_fresh(const double *restrict a, const double *restrict b, long n) {
    double *out = malloc(n * sizeof(double));
    if (out) add(a, b, out, n);
    return out;
}

double sum(const double *a, long n) {
    double total = 0;
#pragma omp parallel for simd reduction(+ : total)
    for (long i = 0; i < n; i++) total += a[i];
    return total;
}

double deviation(const double *a, long n) {
    double total = 0, squares = 0;
#pragma omp parallel for simd reduction(+ : total, squares)
    for (long i = 0; i < n; i++) {
        total += a[i];
        squares += a[i] * a[i];
    }
    double mean = total / n;
    return sqrt(squares / n - mean * mean);
}

static inline double cumulative_normal(double d) {
    double k = 1.0 / (1.0 + 0.2316419 * fabs(d));
    double inner = -1.821255978 + k * 1.330274429;
    double series = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * inner)));
    double tail = exp(-0.5 * d * d) / SQRT_2PI * series;
    return d > 0.0 ? 1.0 - tail : tail;
}

void black_scholes(const double *restrict prices, const double *restrict strikes, const double *restrict years,
                   double rate, double volatility, double *restrict calls, double *restrict puts, long n) {
#pragma omp parallel for simd
    for (long i = 0; i < n; i++) {
        double spread = volatility * sqrt(years[i]);
        double drift = (rate + 0.5 * volatility * volatility) * years[i];
        double d1 = (log(prices[i] / strikes[i]) + drift) / spread;
        double n1 = cumulative_normal(d1), n2 = cumulative_normal(d1 - spread);
        double discounted = strikes[i] * exp(-rate * years[i]);
        calls[i] = prices[i] * n1 - discounted * n2;
        puts[i] = discounted * (1.0 - n2) - prices[i] * (1.0 - n1);
    }
}

void polynomial(const float *restrict a, float *restrict out, long n) {
#pragma omp parallel for simd
    for (long i = 0; i < n; i++) {
        float x = a[i];
        float high = ((x / 40320 + 1.0f / 5040) * x + 1.0f / 720) * x + 1.0f / 120;
        out[i] = ((((high * x + 1.0f / 24) * x + 1.0f / 6) * x + 0.5f) * x + 1.0f) * x + 1.0f;
    }
}
