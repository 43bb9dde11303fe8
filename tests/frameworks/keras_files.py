"""Writes the test files of Keras: `.h5`, `.keras` and weights alone, by Keras 3 and by Keras 2.

All hold HDF5 and are gzipped: `sequential.h5` becomes `sequential.h5.gz`.

Usage: keras_files.py
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tf_keras
from common import folder, pack, record, same, test_images, training_set

OUT = folder("keras")
X = test_images()


def logits(library, model, images):
    """The model's output before a softmax; the model is spoiled by that."""
    last = model.layers[-1]
    if isinstance(last, library.layers.Softmax):
        model = library.Model(model.inputs, model.layers[-2].output)
    elif hasattr(last, "activation"):
        last.activation = library.activations.linear
        model.make_predict_function(force=True)
    return model.predict(images, verbose=0)


def train(library, model, scale=1.0, shape=(8, 8), optimizer=None):
    """Three epochs, so that the weights and the moving statistics are no initial values."""
    images, labels = training_set()
    from_logits = getattr(model.layers[-1], "activation", None) is library.activations.linear
    model.compile(
        optimizer or library.optimizers.Adam(0.01),
        library.losses.SparseCategoricalCrossentropy(from_logits=from_logits),
    )
    model.fit(images.reshape(-1, *shape) * scale, labels, batch_size=50, epochs=3, verbose=0)


def write(library, name, model, endings, scale=1.0, shape=(8, 8), optimizer=False):
    """Saves one model in several formats and records the logits that each gives when it is loaded."""
    images = X.reshape(-1, *shape) * scale
    if not optimizer:
        model = uncompiled(model)
    paths = [OUT / (name + ending) for ending in endings]
    for path in paths:
        if "weights" in path.name:
            model.save_weights(path)
        else:
            model.save(path)
    config, weights = model.get_config(), model.get_weights()
    expected = logits(library, model, images)
    for path in paths:
        if "weights" in path.name:
            loaded = type(model).from_config(config)
            loaded.load_weights(path)
        else:
            loaded = library.models.load_model(path, compile=False)
        assert all((a == b).all() for a, b in zip(loaded.get_weights(), weights, strict=True))
        same(logits(library, loaded, images), expected, 1e-6)
        pack(path)
    record(
        OUT / f"{name}.json", "Keras" if library is keras else "tf_keras (Keras 2)",
        library.__version__, "none" if scale == 1.0 else "x/255", expected,
        [path.name + ".gz" for path in paths],
    )


def uncompiled(model):
    """The same model without an optimizer, whose state would triple the file."""
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    return copy


def sequential(library, rescale=True):
    layers = library.layers
    inside = [layers.Rescaling(1 / 255)] if rescale else []
    return library.Sequential([
        layers.Input((8, 8)), *inside, layers.Flatten(),
        layers.Dense(6, activation="relu"), layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ])


def batchnorm(library):
    """Batch normalization before a ReLU, without a bias before it, and after one, without gamma."""
    layers = library.layers
    return library.Sequential([
        layers.Input((8, 8)), layers.Rescaling(1 / 255), layers.Flatten(),
        layers.Dense(6, use_bias=False), layers.BatchNormalization(), layers.Activation("relu"),
        layers.Dense(5, activation="relu"), layers.BatchNormalization(epsilon=0.01, scale=False),
        layers.Dropout(0.1),
        layers.Dense(10, activation="softmax"),
    ])


def functional(library):
    """Names given by hand, whose order by name is not that of the graph; pixels from -1 to 1."""
    layers = library.layers
    start = library.Input((8, 8, 1), name="picture")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(start)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(6, activation="relu", name="zeta")(x)
    x = layers.Dense(5, activation="relu", name="alpha")(x)
    x = layers.Dense(10, name="middle")(x)
    return library.Model(start, layers.Softmax(name="chances")(x), name="digits")


def with_logits(library):
    layers = library.layers
    return library.Sequential([
        layers.Input((8, 8)), layers.Rescaling(1 / 255), layers.Reshape((64,)),
        layers.Dense(6, activation=None), layers.ReLU(), layers.Dense(10),
    ])


def normalized():
    layers = keras.layers
    normalization = layers.Normalization(axis=None)
    normalization.adapt(training_set()[0])
    return keras.Sequential([
        layers.Input((8, 8)), normalization, layers.Flatten(),
        layers.Dense(6, activation="relu"), layers.Dense(10),
    ])


def refused():
    """Networks that are more than a chain of dense layers."""
    layers = keras.layers
    start = keras.Input((64,))
    left = layers.Dense(4, activation="relu", name="left")(start)
    right = layers.Dense(4, activation="relu", name="right")(start)
    models = {
        "refused-convolution.h5": keras.Sequential([
            layers.Input((8, 8, 1)), layers.Conv2D(2, 3, activation="relu"), layers.Flatten(),
            layers.Dense(4),
        ]),
        "refused-tanh.keras": keras.Sequential([
            layers.Input((8, 8)), layers.Flatten(), layers.Dense(4, activation="tanh"),
            layers.Dense(4),
        ]),
        "refused-branches.keras": keras.Model(
            start, layers.Dense(10)(layers.Add(name="sum")([left, right]))
        ),
    }
    for name, model in models.items():
        model.save(OUT / name)
        pack(OUT / name)


def main():
    keras.utils.set_random_seed(16)
    tf_keras.utils.set_random_seed(16)

    model = sequential(keras)
    train(keras, model, optimizer=keras.optimizers.SGD(0.1))
    write(keras, "sequential", model, [".h5", ".keras", ".weights.h5"], optimizer=True)
    model = batchnorm(keras)
    train(keras, model)
    write(keras, "batchnorm", model, [".h5", ".keras"])
    model = functional(keras)
    train(keras, model, shape=(8, 8, 1))
    write(keras, "functional", model, [".h5", ".keras"], shape=(8, 8, 1))
    model = with_logits(keras)
    train(keras, model)
    write(keras, "logits", model, [".h5", ".keras"])
    model = sequential(keras, rescale=False)
    train(keras, model, scale=1 / 255)
    write(keras, "unscaled", model, [".h5"], scale=1 / 255)
    model = normalized()
    train(keras, model)
    write(keras, "normalized", model, [".keras"])

    model = sequential(tf_keras)
    train(tf_keras, model)
    write(tf_keras, "keras2", model, [".h5", ".keras", "-weights.h5"])
    refused()


main()
