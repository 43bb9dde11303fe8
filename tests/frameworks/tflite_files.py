"""Writes the test files of TFLite: float, float16, dynamic-range and integer ones.

Usage: tflite_files.py
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import importlib.metadata

import keras
import numpy
import tensorflow
import tflite_float
from ai_edge_litert.interpreter import Interpreter
from common import folder, record, same, test_images, training_set

OUT = folder("tflite")
X = test_images()
VERSION = importlib.metadata.version("ai-edge-litert")


def interpret(content, images):
    """The interpreter's real values (count, classes) before a softmax, and their step if quantized."""
    model, graph = tflite_float.parse(content)
    end = graph.outputs[0]
    for node in graph.operators:
        if tflite_float.operator(model, node) == "SOFTMAX":
            end = node.inputs[0]
    interpreter = Interpreter(model_content=content, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    scale, zero = entry["quantization"]
    found = []
    for image in images:
        if scale:
            image = numpy.round(image / scale) + zero
        interpreter.set_tensor(entry["index"], image[None].astype(entry["dtype"]))
        interpreter.invoke()
        found.append(interpreter.get_tensor(end)[0].copy())
    found = numpy.array(found)
    scale, zero = next(
        part["quantization"] for part in interpreter.get_tensor_details() if part["index"] == end
    )
    if scale:
        return (found.astype(numpy.float32) - zero) * numpy.float32(scale), scale
    return found, None


def images_to_calibrate():
    for image in training_set()[0][:200]:
        yield [image[None]]


def convert(model, change=lambda converter: None):
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    change(converter)
    return converter.convert()


def integer(converter):
    """8 bits throughout; float at both ends, with nodes that quantize and dequantize."""
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.representative_dataset = images_to_calibrate
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]


def whole_integer(converter):
    """8 bits also at both ends, and a scale for each output of a layer where that is offered."""
    integer(converter)
    converter.inference_input_type = tensorflow.uint8
    converter.inference_output_type = tensorflow.int8


def one_scale(converter):
    integer(converter)
    converter._experimental_disable_per_channel = True
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True


def dynamic_range(converter):
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]


def float16(converter):
    dynamic_range(converter)
    converter.target_spec.supported_types = [tensorflow.float16]


def write(name, content, limit):
    """`limit`: how far dequantized weights may be from the interpreter, relative to the greatest."""
    path = OUT / f"{name}.tflite"
    path.write_bytes(content)
    logits, step = interpret(content, X)
    dequantized = tflite_float.run(content, X).astype(numpy.float32)
    same(dequantized, logits, limit)
    more = {}
    if limit > 1e-4:
        more = {"step": step} if step else {}
        more |= {"note": "`logits` are of quantized activations; `dequantized`, by numpy, are those "
                         "of the float network with the file's weights", "dequantized": dequantized}
    record(OUT / f"{name}.json", "TFLite (ai-edge-litert)", VERSION, "none", logits, [path.name], **more)


def train(model):
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(*training_set(), batch_size=50, epochs=3, verbose=0)


def network(width):
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((8, 8)), layers.Rescaling(1 / 255), layers.Flatten(),
        layers.Dense(width, activation="relu"), layers.Dropout(0.2), layers.Dense(10, "softmax"),
    ])
    train(model)
    return model


def main():
    keras.utils.set_random_seed(18)
    layers = keras.layers
    model = network(8)
    write("float", convert(model), 1e-5)
    write("float16", convert(model, float16), 1e-5)
    write("int8", convert(model, whole_integer), 0.05)
    write("int8-one-scale", convert(model, one_scale), 0.05)
    # 1,024 weights in the first layer: the converter leaves smaller ones float.
    write("dynamic-range", convert(network(16), dynamic_range), 0.05)

    # The image's batch is fixed, as in a converted model for a microcontroller.
    model = keras.Sequential([
        layers.Input(batch_shape=(1, 8, 8)), layers.Rescaling(1 / 127.5, offset=-1),
        layers.Flatten(), layers.Dense(6, use_bias=False), layers.BatchNormalization(),
        layers.ReLU(), layers.Dense(5, activation="relu"), layers.BatchNormalization(),
        layers.Dense(10),
    ])
    batchnorm = keras.Sequential([layers.Input((8, 8)), *model.layers, layers.Softmax()])
    train(batchnorm)
    write("batchnorm", convert(model), 1e-5)

    model = keras.Sequential([
        layers.Input((8, 8, 1)), layers.Conv2D(1, 3, activation="relu"), layers.Flatten(),
        layers.Dense(4),
    ])
    (OUT / "refused-convolution.tflite").write_bytes(convert(model))


main()
