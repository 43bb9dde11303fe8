"""What ONNX Runtime computes of the test files of ONNX, and the record of it."""

import numpy
import onnx
import onnxruntime
from common import folder, record, same, test_images

OUT = folder("onnx")
X = test_images()


def logits(path, scale=1.0):
    """What ONNX Runtime computes, image by image, up to a softmax at the end."""
    model = onnx.load(path)
    last = model.graph.node[-1]
    if last.op_type == "Softmax":
        model.graph.output[0].name = last.input[0]
        model.graph.node.pop()
    session = onnxruntime.InferenceSession(model.SerializeToString())
    entry = session.get_inputs()[0]
    kind = numpy.uint8 if "uint8" in entry.type else numpy.float32
    shape = [1, *(size for size in entry.shape[1:])]
    images = [(image * scale).astype(kind).reshape(shape) for image in X]
    return numpy.concatenate([session.run(None, {entry.name: image})[0] for image in images])


def write(name, files, preprocessing="none", expected=None):
    """Records the logits of the first of `files`; the others' are the same."""
    scale = numpy.float32(1 / 255) if preprocessing == "x/255" else 1.0
    found = [logits(OUT / file, scale) for file in files]
    for other in [*found[1:], *([] if expected is None else [expected])]:
        same(other, found[0], 1e-5)
    record(
        OUT / f"{name}.json", "ONNX Runtime", onnxruntime.__version__, preprocessing, found[0], files
    )
