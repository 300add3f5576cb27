#!/usr/bin/env python3
"""Times the same kernels in Parfuse, Numba, JAX, NumExpr, NumPy and C, and prints a table as Markdown.

    python3 benches/peers/run.py [--rounds 5] [--seconds 0.2] [--threads 1,2] [--kernel NAME ...]

It makes a virtual environment in target/peers, compiles what has to be compiled, and starts one process for each peer.
Then it asks them in turn, kernel by kernel, in several rounds, and keeps the shortest times: so all see the machine in
the same states. On one thread it is the processor's time that counts, on several the clock's. A peer whose results
differ from ours ends the run.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILT = ROOT / "target" / "peers"
PACKAGES = ["numpy", "numba", "numexpr", "jax[cpu]"]

# Kernels, their elements, and how far the sums of results may be apart, relative to the sum.
KERNELS = {
    "gaussians": (1_000_000, 1e-9),
    "kde": (1_000_000, 1e-9),
    "monte_carlo_pi": (10_000_000, 2e-3),
    # Where contraction is allowed some orbits escape a step earlier or later.
    "mandelbrot": (1_000_000, 1e-3),
    "add": (10_000_000, 1e-9),
    "add_fresh": (10_000_000, 1e-9),
    "sum": (10_000_000, 1e-9),
    "deviation": (10_000_000, 1e-9),
    "black_scholes": (1_000_000, 1e-9),
    "polynomial": (1_000_000, 1e-6),
}


class Peer:
    """A process that answers requests."""

    def __init__(self, name, command, threads):
        self.name = name
        count = str(threads)
        names = ["PEER_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMEXPR_MAX_THREADS"]
        environment = os.environ | dict.fromkeys(names, count)
        # JAX has as many threads as the process has processors.
        processors = sorted(os.sched_getaffinity(0))[:threads]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )

    def ask(self, kernel, n, seconds):
        self.process.stdin.write(f"{kernel} {n} {seconds}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name} ended at {kernel}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def build():
    """Makes what the peers need; the commands that start them."""
    environment = BUILT / "venv"
    if not environment.exists():
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([environment / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)
    library = BUILT / "kernels.so"
    flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC"]
    compiler = os.environ.get("CC", "gcc")
    subprocess.run([compiler, *flags, HERE / "kernels.c", "-o", library, "-lmvec", "-lm"], check=True)
    cargo = ["cargo", "bench", "--bench", "peers", "--no-run", "--message-format", "json"]
    messages = subprocess.run(cargo, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    artifacts = [message for message in map(json.loads, messages.splitlines()) if message.get("executable")]
    python = environment / "bin" / "python"
    return {
        "Parfuse": [artifacts[-1]["executable"]],
        "C, OpenMP": [python, HERE / "c_peer.py", library],
        "Numba fastmath": [python, HERE / "numba_peer.py", "fast"],
        "Numba": [python, HERE / "numba_peer.py", "strict"],
        "JAX": [python, HERE / "jax_peer.py"],
        "NumExpr": [python, HERE / "numexpr_peer.py"],
        "NumPy": [python, HERE / "numpy_peer.py"],
    }


def measure(commands, threads, kernels, rounds, seconds):
    """The shortest time of each peer for each kernel, in nanoseconds; none for what it does not have."""
    # NumPy has one thread.
    commands = {name: command for name, command in commands.items() if name != "NumPy" or threads == 1}
    peers = [Peer(name, command, threads) for name, command in commands.items()]
    best = {}
    for kernel in kernels:
        n, tolerance = KERNELS[kernel]
        expected = None
        for _ in range(rounds):
            for peer in peers:
                answer = peer.ask(kernel, n, seconds)
                if answer is None:
                    continue
                expected = answer["check"] if expected is None else expected
                if abs(answer["check"] - expected) > tolerance * abs(expected):
                    sys.exit(f"{kernel}: {peer.name} has {answer['check']}, Parfuse {expected}")
                key = (kernel, peer.name)
                best[key] = min(best.get(key, float("inf")), answer["best_ns"])
        print(f"{kernel}, threads {threads}: done", file=sys.stderr)
    for peer in peers:
        peer.close()
    return list(commands), best


def print_table(names, best, threads, kernels):
    """Milliseconds a call, and how many times longer than ours."""
    print(f"\n{threads} thread{'s' if threads > 1 else ''}, ms a call (and times of ours):\n")
    print("| kernel | elements | " + " | ".join(names) + " |")
    print("|---|--:|" + "--:|" * len(names))
    for kernel in kernels:
        ours = best[kernel, "Parfuse"]
        cells = [f"{kernel} | {KERNELS[kernel][0]:,} | {milliseconds(ours)}"]
        for name in names[1:]:
            time = best.get((kernel, name))
            cells.append("" if time is None else f"{milliseconds(time)} ({time / ours:.2f})")
        print("| " + " | ".join(cells) + " |")


def milliseconds(time):
    """Three digits, or all before the point."""
    return f"{time / 1e6:.3g}" if time < 1e9 else f"{time / 1e6:.0f}"


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def versions():
    pip = [BUILT / "venv" / "bin" / "pip", "list", "--format=freeze"]
    lines = subprocess.run(pip, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    names = [package.split("[")[0] for package in PACKAGES]
    return [line.replace("==", " ") for line in lines if line.split("==")[0] in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each peer, kernel and round")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--kernel", action="append", choices=KERNELS)
    options = parser.parse_args()
    commands = build()
    kernels = options.kernel or list(KERNELS)
    print(f"{processor()}, {os.cpu_count()} processors; {', '.join(versions())}")
    for threads in map(int, options.threads.split(",")):
        print_table(*measure(commands, threads, kernels, options.rounds, options.seconds), threads, kernels)


if __name__ == "__main__":
    main()
