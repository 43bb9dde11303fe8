"""Writes `onnx/keras.onnx`, exported by Keras. TensorFlow and PyTorch do not run in one process.

Usage: onnx_from_keras.py
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from common import training_set
from onnx_logits import OUT, X, write

keras.utils.set_random_seed(17)
layers = keras.layers
model = keras.Sequential([
    layers.Input((8, 8)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(6),
    layers.BatchNormalization(), layers.ReLU(), layers.Dense(5, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
images, labels = training_set()
model.fit(images, labels, epochs=5, verbose=0)
model(images[:1])
model.export(OUT / "keras.onnx", format="onnx", verbose=False)

# Keras' own logits: the same network without its softmax.
model.layers[-1].activation = keras.activations.linear
model.make_predict_function(force=True)
write("keras", ["keras.onnx"], expected=model.predict(X, verbose=0))
