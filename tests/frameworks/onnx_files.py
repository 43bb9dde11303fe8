"""Writes the test files of ONNX: exported by PyTorch and built node by node.

Usage: onnx_files.py
"""

import numpy
import onnx
import torch
from common import training_set
from onnx import TensorProto, helper, numpy_helper
from onnx_logits import OUT, X, write
from torch import nn

FLOAT = TensorProto.FLOAT


def from_torch():
    """Both exporters of PyTorch, and the file that the new one writes if nothing is said."""
    torch.manual_seed(17)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 6, bias=False), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.1),
        nn.Linear(6, 10), nn.Softmax(1),
    )
    images, labels = training_set()
    images, labels = torch.from_numpy(images) / 255, torch.from_numpy(labels)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for batch in torch.randperm(len(images)).split(20):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model[:-1](images[batch]), labels[batch]).backward()
        optimizer.step()
    model.eval()
    image = (torch.zeros(1, 8, 8),)
    torch.onnx.export(
        model, image, OUT / "torch-dynamo.onnx", external_data=False, verbose=False,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    torch.onnx.export(model, image, OUT / "refused-external-data.onnx", verbose=False)
    torch.onnx.export(
        model, image, OUT / "torch-older.onnx", dynamo=False, input_names=["image"],
        dynamic_axes={"image": {0: "batch"}},
    )
    torch.onnx.export(
        model, image, OUT / "torch-unfolded.onnx", dynamo=False, do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE,
    )
    for file in OUT.glob("torch-*.onnx"):
        strip(file)
    strip(OUT / "refused-external-data.onnx")
    with torch.no_grad():
        expected = model[:-1](torch.from_numpy(X) / 255).numpy()
    files = ["torch-dynamo.onnx", "torch-older.onnx", "torch-unfolded.onnx"]
    write("torch", files, "x/255", expected)


def strip(path):
    """Removes PyTorch's notes, which hold paths of this machine and are longer than the weights."""
    model = onnx.load(path, load_external_data=False)
    for item in [*model.graph.node, *model.graph.input, *model.graph.output,
                 *model.graph.initializer, *model.graph.value_info, model.graph]:
        del item.metadata_props[:]
        item.doc_string = ""
    path.write_bytes(model.SerializeToString())


def build(name, nodes, weights, entry=None, opset=17, ir=8, listed=False, outputs=(("logits", 10),)):
    """A graph from `image` (batch, 8, 8) to `logits`. `listed`: initializers are inputs too."""
    entry = entry or helper.make_tensor_value_info("image", FLOAT, ["batch", 8, 8])
    inputs = [entry] + [
        helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in weights if listed
    ]
    graph = helper.make_graph(
        nodes, name, inputs,
        [helper.make_tensor_value_info(key, FLOAT, ["batch", size]) for key, size in outputs],
        weights,
    )
    model = helper.make_model(
        graph, producer_name="inkbit-tests", ir_version=ir,
        opset_imports=[helper.make_opsetid("", opset)],
    )
    onnx.checker.check_model(model)
    onnx.save(model, OUT / f"{name}.onnx")


def raw(name, values):
    return numpy_helper.from_array(numpy.asarray(values, numpy.float32), name)


def typed(name, values):
    """The values in `float_data`, not as raw bytes."""
    values = numpy.asarray(values, numpy.float32)
    return helper.make_tensor(name, FLOAT, values.shape, values.flatten().tolist())


def gemm(random):
    """Gemm with weights as they are and transposed, `alpha` and `beta`, and biases to be broadcast."""
    first, second = random.normal(size=(64, 6)) / 4, random.normal(size=(10, 6)) * 2
    weights = [
        raw("scale", 1 / 255), raw("w1", first), raw("b1", -random.random((1, 6)) * 2),
        raw("w2", second), raw("b2", [0.25]),
    ]
    nodes = [
        helper.make_node("Mul", ["scale", "pixels"], ["scaled"], "scaling"),
        helper.make_node("Flatten", ["scaled"], ["flat"], "flatten"),
        helper.make_node("Gemm", ["flat", "w1", "b1"], ["h"], "first", alpha=1.5, beta=-0.5),
        helper.make_node("Relu", ["h"], ["a"], "relu"),
        helper.make_node("Gemm", ["a", "w2", "b2"], ["logits"], "second", beta=2.0, transB=1),
    ]
    identity = helper.make_node("Identity", ["image"], ["pixels"], "identity")
    build("gemm", [identity, *nodes], weights)
    cast = helper.make_node("Cast", ["image"], ["pixels"], "cast", to=FLOAT)
    build(
        "gemm-u8-input", [cast, *nodes], weights,
        helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", 1, 8, 8]),
    )
    write("gemm", ["gemm.onnx", "gemm-u8-input.onnx"])


def matmul(random):
    """An old file: initializers are also inputs, not in the order of use, values not raw."""
    weights = [
        typed("w2", random.normal(size=(6, 10))), typed("b1", random.normal(size=6) / 4),
        typed("deviation", 78.5), typed("w1", random.normal(size=(64, 6)) / 8),
        typed("mean", 33.25), helper.make_tensor("shape", TensorProto.INT64, [2], [0, 64]),
    ]
    bias = typed("value", random.normal(size=10) / 4)
    nodes = [
        helper.make_node("Constant", [], ["b2"], "constant", value=bias),
        helper.make_node("Sub", ["image", "mean"], ["centred"], "centring"),
        helper.make_node("Div", ["centred", "deviation"], ["scaled"], "scaling"),
        helper.make_node("Reshape", ["scaled", "shape"], ["flat"], "flatten"),
        helper.make_node("MatMul", ["flat", "w1"], ["product"]),
        helper.make_node("Add", ["b1", "product"], ["h"]),
        helper.make_node("Relu", ["h"], ["a"]),
        helper.make_node("Dropout", ["a"], ["kept"], ratio=0.4),
        helper.make_node("MatMul", ["kept", "w2"], ["sums"]),
        helper.make_node("Add", ["sums", "b2"], ["logits"]),
    ]
    build(
        "matmul", nodes, weights,
        helper.make_tensor_value_info("image", FLOAT, ["batch", 64]), opset=7, ir=3, listed=True,
    )
    write("matmul", ["matmul.onnx"])


def normalization(random):
    """Batch normalization of the pixels, before a ReLU, and after a ReLU."""
    def batchnorm(start, end, size):
        names = [f"{end}-{part}" for part in ("gamma", "beta", "mean", "variance")]
        weights.extend([
            raw(names[0], random.uniform(0.5, 1.5, size)), raw(names[1], random.normal(size=size) / 9),
            raw(names[2], random.uniform(0, 0.3, size)), raw(names[3], random.uniform(0.2, 2, size)),
        ])
        return helper.make_node("BatchNormalization", [start, *names], [end], end, epsilon=0.01)

    weights = [
        raw("scale", 255), raw("w1", random.normal(size=(6, 64)) / 4), raw("b1", numpy.zeros(6)),
        raw("w2", random.normal(size=(6, 5)) / 2), raw("w3", random.normal(size=(5, 10))),
        raw("b3", random.normal(size=10) / 4),
    ]
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("Div", ["flat", "scale"], ["scaled"]),
        batchnorm("scaled", "pixels", 64),
        helper.make_node("Gemm", ["pixels", "w1", "b1"], ["h1"], transB=1),
        batchnorm("h1", "n1", 6),
        helper.make_node("Relu", ["n1"], ["a1"]),
        helper.make_node("MatMul", ["a1", "w2"], ["h2"]),
        helper.make_node("Relu", ["h2"], ["a2"]),
        batchnorm("a2", "n2", 5),
        helper.make_node("Gemm", ["n2", "w3", "b3"], ["sums"]),
        helper.make_node("Softmax", ["sums"], ["logits"], axis=-1),
    ]
    build("batchnorm", nodes, weights)
    write("batchnorm", ["batchnorm.onnx"])


def refused(random):
    """Graphs that are no chain of dense layers, or leave open what is computed; 4 classes."""
    four = (("logits", 4),)
    w = raw("w", random.normal(size=(64, 4)))
    flatten = helper.make_node("Flatten", ["image"], ["flat"], "flatten")
    dense = helper.make_node("MatMul", ["flat", "w"], ["logits"], "dense")
    image = helper.make_tensor_value_info("image", FLOAT, ["batch", 1, 8, 8])
    build("refused-convolution", [
        helper.make_node("Conv", ["image", "kernel"], ["c"], "conv", kernel_shape=[3, 3]),
        helper.make_node("Flatten", ["c"], ["flat"], "flatten"), dense,
    ], [raw("kernel", numpy.ones((1, 1, 3, 3))), raw("w", random.normal(size=(36, 4)))], image, outputs=four)
    build("refused-two-outputs", [
        flatten, dense, helper.make_node("Relu", ["logits"], ["other"], "relu"),
    ], [w], outputs=(("logits", 4), ("other", 4)))
    build("refused-dynamic-shape", [flatten, dense], [w], helper.make_tensor_value_info(
        "image", FLOAT, ["batch", "rows", "columns"]), outputs=four)
    build("refused-sigmoid", [
        flatten, helper.make_node("MatMul", ["flat", "w"], ["h"], "dense"),
        helper.make_node("Sigmoid", ["h"], ["s"], "sigmoid"),
        helper.make_node("MatMul", ["s", "v"], ["logits"], "second"),
    ], [w, raw("v", random.normal(size=(4, 4)))], outputs=four)
    build("refused-branches", [
        flatten, helper.make_node("MatMul", ["flat", "w"], ["h"], "dense"),
        helper.make_node("Relu", ["h"], ["a"], "relu"),
        helper.make_node("Add", ["h", "a"], ["logits"], "sum"),
    ], [w], outputs=four)


def main():
    random = numpy.random.default_rng(17)
    from_torch()
    gemm(random)
    matmul(random)
    # With most seeds the random network says one or two classes of all images.
    normalization(numpy.random.default_rng(1))
    refused(random)


main()
