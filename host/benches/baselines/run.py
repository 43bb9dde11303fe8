"""Trains `classic` with inkbit, PyTorch and Keras in turns, and prints what each took.

Usage: run.py DATA_FOLDER [--inkbit PROGRAM] [--rounds N] [--epochs N]

Times whole processes, from start to exit, data loading included, and prints medians over the rounds.
Every round has a seed of its own, the same for all three programs. The last column is the median
epoch of a process, validation included. PyTorch and Keras are those of the Python that runs this.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ["wall s", "CPU s", "peak MB", "test %", "epoch s"]


def measure(command):
    """Standard output, wall seconds, CPU seconds and peak memory in MB of one process."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{errors}")
    return output, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def baseline(name, options, seed):
    script = [sys.executable, str(HERE / f"{name}_classic.py")]
    output, *costs = measure([*script, options.data, str(seed), str(options.epochs)])
    measured = json.loads(output.splitlines()[-1])
    return [*costs, 100 * measured["test_accuracy"], measured["epoch_seconds"]]


def inkbit(options, seed):
    with tempfile.TemporaryDirectory() as folder:
        output, *costs = measure([
            options.inkbit, "train", "--out", folder + "/run", "--data-dir", options.data, "--plain",
            "--epochs", str(options.epochs), "--patience", str(options.epochs),
            "--seed", str(seed), "--no-report",
        ])
    accuracy = next(line for line in output.splitlines() if line.startswith("test accuracy"))
    epochs = [float(match) for match in re.findall(r"^epoch .* ([0-9.]+) s", output, re.MULTILINE)]
    return [*costs, float(accuracy.split()[2]), statistics.median(epochs)]


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("data", help="folder with the gzipped IDX files of MNIST")
parser.add_argument("--inkbit", default=str(HERE.parents[2] / "target/release/inkbit"))
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--epochs", type=int, default=20)
options = parser.parse_args()

results = {"inkbit": [], "torch": [], "keras": []}
for seed in range(1, options.rounds + 1):
    for name, rows in results.items():
        row = inkbit(options, seed) if name == "inkbit" else baseline(name, options, seed)
        rows.append(row)
        print(f"round {seed}  {name:8}" + "".join(f"{value:10.2f}" for value in row), flush=True)

medians = {
    name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()
}
print(f"\n{'median':8}" + "".join(f"{title:>10}" for title in COLUMNS))
for name, row in medians.items():
    print(f"{name:8}" + "".join(f"{value:10.2f}" for value in row))
fastest = min(medians["torch"][0], medians["keras"][0])
memory = min(medians["torch"][2], medians["keras"][2])
print(f"\ninkbit takes {medians['inkbit'][0] / fastest:.2f} of the faster baseline's wall time")
print(f"inkbit takes {medians['inkbit'][2] / memory:.2f} of the smaller baseline's memory")
print(
    f"inkbit's epoch takes {medians['inkbit'][4] / medians['torch'][4]:.2f} of PyTorch's "
    f"and {medians['inkbit'][4] / medians['keras'][4]:.2f} of Keras's"
)
