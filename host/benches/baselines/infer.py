"""Images a second on one core: inkbit, and ONNX Runtime with the same int8 net, in turns.

Usage: infer.py MODEL.inkbit T10K-IMAGES-IDX3-UBYTE [--bench PROGRAM] [--rounds N] [--batch N]

The net for ONNX Runtime is made of the model's own weights, biases and multipliers, as its fused int8
layers (QGemm, 8-bit weights and activations, 32-bit sums). Its rounding is not inkbit's, so a few
activations differ by one; how many classes do is printed.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


class Blob:
    """Reads what core/FORMAT.md defines, as far as it is needed here."""

    def __init__(self, content):
        self.content, self.at = content, 12

    def take(self, length):
        self.at += length
        return self.content[self.at - length:self.at]

    def number(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def layers(self):
        """Of each layer weights [inputs, outputs], biases, multipliers."""
        self.take(self.number())  # name
        self.take(self.number())  # labels
        side, (crop, pool) = self.number(), self.take(2)
        if (crop, pool) != (0, 1):
            sys.exit(f"crop {crop}, pool {pool}: this takes models of whole images only")
        self.take(4)  # logit_scale
        shapes = [(self.number(), self.number(), self.take(1)[0], self.number())
                  for _ in range(self.number())]
        self.take(self.number())  # tool
        self.take(self.number())  # command
        self.take(32)  # digest
        for _ in range(3):
            self.number()  # seed, correct, tested
        self.take(self.number())  # pad
        self.number()
        return side * side, [self.layer(*shape) for shape in shapes]

    def part(self, kind, count):
        part = numpy.frombuffer(self.take(count * numpy.dtype(kind).itemsize), kind)
        self.take(-part.nbytes % 8)
        return part

    def layer(self, inputs, outputs, bits, multipliers):
        if bits != 8:
            sys.exit(f"{bits}-bit weights: ONNX Runtime is given 8-bit ones only")
        multipliers, biases = self.part("<u4", multipliers), self.part("<i4", outputs)
        blocks = -(-outputs // 8)
        codes = self.part("u1", blocks * inputs * 8).reshape(blocks, inputs, 8)
        weights = codes.transpose(1, 0, 2).reshape(inputs, blocks * 8)[:, :outputs]
        return (weights.astype(numpy.int16) - 128).astype(numpy.int8), biases, multipliers


def session(inputs, layers):
    """The net in ONNX Runtime, on one thread."""
    nodes, constants, given = [], [], "pixels"

    def constant(name, value):
        constants.append(numpy_helper.from_array(numpy.asarray(value), name))
        return name

    one, zero = constant("one", numpy.float32(1)), constant("zero", numpy.uint8(0))
    for number, (weights, biases, multipliers) in enumerate(layers):
        outputs, last = weights.shape[1], number + 1 == len(layers)
        scale = numpy.ones(1) if last else multipliers / 2**32
        # The half step that inkbit rounds by is in its biases; QGemm rounds by itself.
        biases = biases if last else numpy.round(biases - 0.5 / scale).astype(numpy.int32)
        scale = numpy.broadcast_to(scale, outputs).astype(numpy.float32)
        gives = "logits" if last else f"activations{number}"
        nodes.append(helper.make_node(
            "QGemm",
            [given, one, zero, constant(f"w{number}", weights), constant(f"s{number}", scale),
             constant(f"z{number}", numpy.zeros(outputs, numpy.int8)),
             constant(f"b{number}", biases), *([] if last else [one, zero])],
            [gives], domain="com.microsoft"))
        given = gives
    graph = helper.make_graph(
        nodes, "classic",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", inputs])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", outputs])], constants)
    model = helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def bound(net, images, batch):
    """Runs all images in batches, with buffers that stay where they are."""
    out = numpy.empty((len(images), 10), numpy.float32)
    bindings = []
    for start in range(0, len(images), batch):
        part = images[start:start + batch]
        binding = net.io_binding()
        binding.bind_cpu_input("pixels", part)
        binding.bind_output("logits", "cpu", 0, numpy.float32, (len(part), 10),
                            out[start:start + batch].ctypes.data)
        bindings.append(binding)
    start = time.perf_counter()
    for binding in bindings:
        net.run_with_iobinding(binding)
    return len(images) / (time.perf_counter() - start), out


def inkbit(options):
    """Images a second by the quickest kernel and by the portable one."""
    output = subprocess.run(
        [options.bench],
        env={**os.environ, "INKBIT_MODEL": options.model, "INKBIT_IMAGES": options.images},
        check=True, capture_output=True, text=True).stdout
    return [float(number) for number in re.findall(r": (\d+) images a second", output)]


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model", help="a model with 8-bit weights")
parser.add_argument("images", help="images in an IDX file that is not gzipped")
parser.add_argument("--bench", required=True,
                    help="the program that `cargo bench -p inkbit --bench infer --no-run` names")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--batch", type=int, default=128, help="images at once, beside one at a time")
options = parser.parse_args()

size, layers = Blob(Path(options.model).read_bytes()).layers()
images = numpy.frombuffer(Path(options.images).read_bytes(), numpy.uint8)[16:].reshape(-1, size)
net = session(size, layers)

# What inkbit's arithmetic gives, for the classes.
exact = images.astype(numpy.int64)
for weights, biases, multipliers in layers:
    exact = exact @ weights.astype(numpy.int64) + biases
    if len(multipliers):
        exact = numpy.minimum(255, (numpy.maximum(exact, 0) * multipliers.astype(numpy.int64)) >> 32)

names = ["inkbit", "inkbit, portable kernel", "ONNX Runtime, batch 1",
         f"ONNX Runtime, batch {options.batch}"]
rounds = []
for _ in range(options.rounds):
    one, logits = bound(net, images, 1)
    many, _ = bound(net, images, options.batch)
    rounds.append([*inkbit(options), one, many])
differing = int((logits.argmax(1) != exact.argmax(1)).sum())
print(f"ONNX Runtime {onnxruntime.__version__}: {differing} of {len(images)} classes differ")
print(f"{'images/s, one core':28}{'median':>10}{'least':>10}{'most':>10}  inkbit is")
for name, *speeds in zip(names, *rounds):
    ratios = [each[0] / speed for each, speed in zip(rounds, speeds)]
    print(f"{name:28}{statistics.median(speeds):10,.0f}{min(speeds):10,.0f}{max(speeds):10,.0f}"
          f"  {statistics.median(ratios):.2f} times as fast")
