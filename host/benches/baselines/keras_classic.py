"""The preset `classic` in Keras 3: same data, network, batch and optimizer; 20 epochs, no early stop.

Prints one line of JSON. Usage: keras_classic.py DATA_FOLDER [SEED [EPOCHS]]
"""

import json
import statistics
import os
import sys
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy
from mnist import load, split

seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 20
keras.utils.set_random_seed(seed)

images, labels = load(sys.argv[1], "train")
images = images.astype(numpy.float32) / 255
train, validation = split(len(images), seed)

model = keras.Sequential([
    keras.layers.Input((784,)),
    keras.layers.Dense(256, activation="relu"), keras.layers.Dropout(0.4),
    keras.layers.Dense(128, activation="relu"), keras.layers.Dropout(0.4),
    keras.layers.Dense(10),
])
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch, validation included."""

    seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.monotonic() - self.start)


history = model.fit(
    images[train], labels[train], batch_size=128, epochs=epochs, verbose=0,
    validation_data=(images[validation], labels[validation]), validation_batch_size=500,
    callbacks=[Clock()],
)

images, labels = load(sys.argv[1], "t10k")
test_accuracy = model.evaluate(
    images.astype(numpy.float32) / 255, labels, batch_size=500, verbose=0
)[1]
print(json.dumps({
    "validation_accuracy": history.history["val_accuracy"][-1],
    "test_accuracy": test_accuracy,
    "epoch_seconds": statistics.median(Clock.seconds),
}))
