"""The float network that a TFLite file holds after its weights are dequantized, in numpy.

This is no framework's result: it says what a reader must get that turns integers into floats.
"""

import numpy
from tensorflow.lite.python import schema_py_generated as schema

OPERATORS = {value: key for key, value in vars(schema.BuiltinOperator).items()}
KINDS = {
    schema.TensorType.FLOAT32: "<f4", schema.TensorType.FLOAT16: "<f2", schema.TensorType.INT8: "i1",
    schema.TensorType.UINT8: "u1", schema.TensorType.INT32: "<i4", schema.TensorType.INT64: "<i8",
}


def parse(content):
    """The model and its only subgraph."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
    assert len(model.subgraphs) == 1
    return model, model.subgraphs[0]


def operator(model, node):
    code = model.operatorCodes[node.opcodeIndex]
    return OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]


def constant(model, tensor):
    """A constant as f64, dequantized by one scale or by one for each row; None of a variable."""
    data = model.buffers[tensor.buffer].data
    if data is None or len(data) == 0:
        return None
    shape = [] if tensor.shape is None else list(tensor.shape)
    values = numpy.frombuffer(bytes(data), KINDS[tensor.type]).reshape(shape).astype(numpy.float64)
    quantization = tensor.quantization
    if quantization is not None and quantization.scale is not None:
        scale, zero = quantization.scale.astype(numpy.float64), quantization.zeroPoint
        if len(scale) > 1:
            sizes = [1] * values.ndim
            sizes[quantization.quantizedDimension] = -1
            scale, zero = scale.reshape(sizes), zero.reshape(sizes)
        values = (values - zero) * scale
    return values


def run(content, images):
    """Logits (count, classes) f64 of images (count, rows, columns) of real values, not quantized."""
    model, graph = parse(content)
    values = {index: constant(model, tensor) for index, tensor in enumerate(graph.tensors)}
    values[graph.inputs[0]] = images.astype(numpy.float64)
    result = None
    for node in graph.operators:
        kind, inputs = operator(model, node), [values.get(index) for index in node.inputs]
        if kind in ("SHAPE", "STRIDED_SLICE", "PACK"):
            continue  # They compute the shape of the RESHAPE that follows.
        if kind == "SOFTMAX":
            break
        if kind == "RESHAPE":
            result = inputs[0].reshape(len(images), -1)
        elif kind in ("QUANTIZE", "DEQUANTIZE"):
            result = inputs[0]
        elif kind == "FULLY_CONNECTED":
            result = inputs[0] @ inputs[1].T + (0 if len(inputs) < 3 or inputs[2] is None else inputs[2])
        else:
            result = {"MUL": numpy.multiply, "ADD": numpy.add, "SUB": numpy.subtract}[kind](*inputs)
        if getattr(node.builtinOptions, "fusedActivationFunction", 0) == 1:
            result = numpy.maximum(result, 0)
        values[node.outputs[0]] = result
    variable = [node for node in graph.operators if values.get(node.outputs[0]) is result]
    assert variable, "no operator was computed"
    return result
