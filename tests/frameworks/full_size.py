"""Trains 784-256-128-10 (dropout 0.4) on MNIST in each framework and saves it in each format.

Not part of CI: it takes minutes, and MNIST is not in this repository. For each saved file it writes
`NAME.classes`, 10,000 bytes: the class of each test image, computed by the framework from that file; and
`accuracy.json`: how many of them are right. An imported network must say the same classes.

Usage: full_size.py FOLDER_WITH_MNIST OUTPUT_FOLDER [EPOCHS]

The folder holds the four IDX files, gzipped or not. TensorFlow and PyTorch do not run in one process:
each is trained in a process of its own.
"""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# As in most examples for PyTorch.
MEAN, DEVIATION = 0.1307, 0.3081


def load(folder, part):
    """Images (count, 28, 28) f32, values 0 to 255, and labels (count,) i64."""
    def read(name, header):
        path = folder / f"{part}-{name}-ubyte"
        packed = path.with_name(path.name + ".gz")
        content = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
        return numpy.frombuffer(content, numpy.uint8)[header:]

    images = read("images-idx3", 16).reshape(-1, 28, 28).astype(numpy.float32)
    return images, read("labels-idx1", 8).astype(numpy.int64)


class Results:
    """The classes that each file gives, and how many are right."""

    def __init__(self, folder, labels):
        self.folder, self.labels, self.found = folder, labels, {}

    def add(self, name, framework, preprocessing, logits, **more):
        classes = numpy.argmax(logits, axis=1)
        (self.folder / f"{name}.classes").write_bytes(classes.astype(numpy.uint8).tobytes())
        correct = int((classes == self.labels).sum())
        self.found[name] = {
            "framework": framework, "preprocessing": preprocessing, "correct": correct, **more,
        }
        print(f"{name}: {correct} of {len(classes)}", flush=True)


def by_keras(data, out, epochs):
    """Pixels are divided by 255 before they enter the network, as the reference programs do."""
    import keras
    import tensorflow
    import tflite_float
    from ai_edge_litert.interpreter import Interpreter

    keras.utils.set_random_seed(1)
    images, labels = load(data, "train")
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((28, 28)), layers.Flatten(),
        layers.Dense(256, activation="relu"), layers.Dropout(0.4),
        layers.Dense(128, activation="relu"), layers.Dropout(0.4),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images / 255, labels, batch_size=128, epochs=epochs, verbose=0)

    test, expected = load(data, "t10k")
    test = test / 255
    results = Results(out, expected)
    for name in ("keras.h5", "keras.keras"):
        model.save(out / name)
        loaded = keras.models.load_model(out / name)
        results.add(name, f"Keras {keras.__version__}", "x/255", loaded.predict(test, verbose=0))

    def integer(converter):
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None] / 255] for image in images[:500])
        converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tensorflow.uint8
        converter.inference_output_type = tensorflow.int8

    for name, change in [("float.tflite", lambda _: None), ("int8.tflite", integer)]:
        converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
        change(converter)
        content = converter.convert()
        (out / name).write_bytes(content)
        interpreter = Interpreter(model_content=content)
        entry = interpreter.get_input_details()[0]
        scale, zero = entry["quantization"]
        given = numpy.round(test / scale) + zero if scale else test
        interpreter.resize_tensor_input(entry["index"], test.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(entry["index"], given.astype(entry["dtype"]))
        interpreter.invoke()
        found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        more = {}
        if scale:
            classes = numpy.argmax(tflite_float.run(content, test), axis=1)
            (out / f"{name}.dequantized.classes").write_bytes(classes.astype(numpy.uint8).tobytes())
            more["dequantized_correct"] = int((classes == expected).sum())
        results.add(name, "TFLite", "x/255", found, **more)
    return results.found


def by_torch(data, out, epochs):
    """Pixels are divided by 255, and the usual mean and deviation are applied."""
    import onnxruntime
    import torch
    from safetensors.torch import load_file, save_file
    from torch import nn

    def network():
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.4),
            nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.4), nn.Linear(128, 10),
        )

    def tensor(images):
        return (torch.from_numpy(images) / 255 - MEAN) / DEVIATION

    torch.manual_seed(1)
    images, labels = load(data, "train")
    images, labels, model = tensor(images), torch.from_numpy(labels), network()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(128):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
    model.eval()
    torch.save(model.state_dict(), out / "torch.pt")
    save_file(model.state_dict(), out / "torch.safetensors")
    for name, dynamo in [("torch.onnx", True), ("torch-older.onnx", False)]:
        more = {"external_data": False} if dynamo else {"dynamic_axes": {"image": {0: "batch"}}}
        if dynamo:
            more["dynamic_shapes"] = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(
            model, (images[:1],), out / name, dynamo=dynamo, input_names=["image"], verbose=False, **more
        )

    test, expected = load(data, "t10k")
    test = tensor(test)
    results = Results(out, expected)
    scaled = {"scale": 255, "mean": MEAN, "deviation": DEVIATION}
    for name in ("torch.pt", "torch.safetensors"):
        path = out / name
        loaded = network().eval()
        loaded.load_state_dict(
            load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True)
        )
        with torch.no_grad():
            results.add(name, f"PyTorch {torch.__version__}", scaled, loaded(test).numpy())
    for name in ("torch.onnx", "torch-older.onnx"):
        session = onnxruntime.InferenceSession(out / name)
        found = session.run(None, {session.get_inputs()[0].name: test.numpy()})[0]
        results.add(name, f"ONNX Runtime {onnxruntime.__version__}", scaled, found)
    return results.found


def main():
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    out.mkdir(parents=True, exist_ok=True)
    frameworks = {"keras": by_keras, "torch": by_torch}
    if len(sys.argv) > 4:
        found = frameworks[sys.argv[4]](data, out, epochs)
        (out / f"{sys.argv[4]}.part.json").write_text(json.dumps(found))
        return
    results = {}
    for name in frameworks:
        subprocess.run([sys.executable, __file__, data, out, str(epochs), name], check=True)
        part = out / f"{name}.part.json"
        results |= json.loads(part.read_text())
        part.unlink()
    (out / "accuracy.json").write_text(json.dumps(results, indent=1) + "\n")


main()
