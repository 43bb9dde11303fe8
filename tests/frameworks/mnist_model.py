"""Writes `keras/mnist_model.h5.gz`, the file that the book's page on importing begins with.

It is what programs for MNIST end with, but small: 784-8-10, pixels / 255 outside of the model.

Usage: mnist_model.py DIR, the folder of MNIST's four IDX files, unpacked or gzipped
"""

import gzip
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy
from common import folder, pack


def read(name, header):
    """The bytes of an IDX file after its header."""
    path = Path(sys.argv[1]) / name
    content = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
    return numpy.frombuffer(content, numpy.uint8)[header:]


def part(name):
    images = read(f"{name}-images-idx3-ubyte", 16).reshape(-1, 28, 28).astype(numpy.float32) / 255
    return images, read(f"{name}-labels-idx1-ubyte", 8)


def main():
    keras.utils.set_random_seed(16)
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((28, 28)), layers.Flatten(), layers.Dense(8, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*part("train"), epochs=3, batch_size=128, verbose=0)
    correct = model.predict(part("t10k")[0], verbose=0).argmax(1) == part("t10k")[1]
    path = folder("keras") / "mnist_model.h5"
    model.save(path, include_optimizer=False)
    pack(path)
    print(f"{correct.sum()} of {len(correct)} test images are classified correctly")


main()
