"""What ONNX Runtime computes with the graphs of integers that `inkbit export --onnx` writes.

Not part of CI. Each model is exported with all test images and the logits that inkbit-core computes; ONNX Runtime
then computes them with and without its optimizations and in batches of several sizes, for which it has kernels of
their own. Every logit must be the same.

Usage: INKBIT_DATA=FOLDER_WITH_MNIST onnx_integers.py INKBIT IMAGES MODEL... [-- FLAGS OF INKBIT EXPORT]

INKBIT is the command, IMAGES how many test images, 10000 for all of MNIST's.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import onnx
import onnxruntime

# Images in a batch.
BATCHES = (1, 7, 10000)


def sessions(path):
    """The graph as it is, and as ONNX Runtime changes it."""
    levels = onnxruntime.GraphOptimizationLevel
    for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = level
        yield onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def differing(session, samples, expected):
    """How many logits differ, over all sizes of batches."""
    entry = session.get_inputs()[0]
    samples = samples.reshape(-1, *entry.shape[1:])
    count = 0
    for size in BATCHES:
        batches = [samples[start : start + size] for start in range(0, len(samples), size)]
        found = numpy.concatenate([session.run(None, {entry.name: batch})[0] for batch in batches])
        assert found.dtype == numpy.int32 and found.shape == expected.shape
        count += int((found != expected).sum())
    return count


def main():
    arguments, flags = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, flags = arguments[:at], arguments[at + 1 :]
    inkbit, images, *models = arguments
    print(f"ONNX Runtime {onnxruntime.__version__}, batches of {', '.join(map(str, BATCHES))}")
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            graph, vectors = Path(folder, "model.onnx"), Path(folder, "vectors.npy")
            command = [inkbit, "export", model, "--force", "--onnx", graph, "--vectors", images, "-o", vectors]
            subprocess.run([*command, *flags], check=True, stdout=subprocess.DEVNULL)
            onnx.checker.check_model(graph, full_check=True)
            records = numpy.load(vectors)
            samples, expected = records["inkbit_sample"], records["logits"]
            counts = [differing(session, samples, expected) for session in sessions(graph)]
            total += sum(counts)
            name, size = Path(model).stem, graph.stat().st_size
            print(f"{name}: {size} bytes, {expected.size} logits, {sum(counts)} differ", flush=True)
    sys.exit(total > 0)


main()
