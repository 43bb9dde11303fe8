"""Writes small files that ask a reader for much memory or time, and that it must refuse with one message.

Only h5py and NumPy are needed. Usage: greedy_files.py
"""

import gzip
import io
import json
import struct
import zipfile

import h5py
import numpy
from common import folder, pack, tensor_pickle

OUT = folder("damaged")


def save(name, content, **more):
    """An HDF5 file, gzipped."""
    path = OUT / f"{name}.h5"
    with h5py.File(path, "w", **more) as file:
        content(file)
    pack(path)


def index(file):
    """A quarter of a million chunks of one number, whose index takes no room in the file."""
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_chunk((1,))
    made.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    made.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    numbers = h5py.h5s.create_simple((1 << 18,))
    h5py.h5d.create(file.create_group("layers/dense/vars").id, b"0", h5py.h5t.STD_I8LE, numbers, made)


def chunks(file):
    """Eight numbers, each in a chunk of 64 MB."""
    file.create_group("layers/dense/vars").create_dataset(
        "0", (8, 1), "f4", maxshape=(None, None), chunks=(1, 1 << 24))


def fill_value(file):
    """Numbers that are not in the file."""
    file.create_group("layers/dense/vars").create_dataset("0", (4096, 4096), "f4")


def circle(file):
    """A thousand layers that are one, whose weights have a path that leads round and round."""
    file.attrs["layer_names"] = numpy.array([b"a"] * 1000)
    group = file.create_group("a")
    group["a"] = group
    group.attrs["weight_names"] = numpy.array([b"a/" * 200 + b"w"])
    group["w"] = numpy.zeros((1, 1), "f4")


def attributes(file):
    """A thousand layers that are one, which has five hundred attributes."""
    file.attrs["layer_names"] = numpy.array([b"a"] * 1000)
    group = file.create_group("a")
    for number in range(500):
        group.attrs[f"x{number}"] = numpy.int8(0)
    group.attrs["weight_names"] = numpy.array([b"w"])
    group["w"] = numpy.zeros((1, 1), "f4")


def rescaling(file):
    """Two scales and three offsets."""
    layers = [{"class_name": "Rescaling", "config": {"name": "r", "scale": [1, 2], "offset": [1, 2, 3]}},
              {"class_name": "Dense", "config": {"name": "d"}}]
    file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers})
    group = file.create_group("model_weights/d")
    group.attrs["weight_names"] = numpy.array([b"w", b"b"])
    group["w"], group["b"] = numpy.zeros((4, 2), "f4"), numpy.zeros(2, "f4")


def archive(name, packed, **files):
    """A ZIP; `packed` if it is to be gzipped, too."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for file, data in files.items():
            made.writestr(zipfile.ZipInfo(file), data, zipfile.ZIP_DEFLATED, 9)
    if packed:
        (OUT / f"{name}.gz").write_bytes(gzip.compress(content.getvalue(), 9, mtime=0))
    else:
        (OUT / name).write_bytes(content.getvalue())


def archives():
    dense = json.dumps({"class_name": "Sequential", "config": [
        {"class_name": "Dense", "config": {"name": "d"}}]})
    # Zeros that unpack a thousandfold.
    archive("greedy-zeros.keras", True, **{
        "config.json": dense, "metadata.json": "{}", "model.weights.h5": bytes(40 << 20)})
    # A table takes a hundred times as much memory as its text.
    tables = '{"config":[' + '{"":0},' * 80_000 + "0]}"
    archive("greedy-tables.keras", False, **{
        "config.json": tables, "metadata.json": "{}", "model.weights.h5": b"\x89HDF"})
    # One number, as a matrix.
    archive("greedy-stride.pt", False, **{
        "archive/data.pkl": tensor_pickle((2048, 2048), (0, 0), b"DoubleStorage", 1), "archive/data/0": bytes(8)})


def onnx():
    """Values that are multiplied by none, and weights of 2 to 2; by hand: ONNX is not needed."""
    def varint(number):
        return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)

    def field(number, value):
        if isinstance(value, int):
            return varint(number << 3) + varint(value)
        value = value.encode() if isinstance(value, str) else value
        return varint(number << 3 | 2) + varint(len(value)) + value

    def tensor(name, sides, raw):
        return b"".join(field(1, side) for side in sides) + field(2, 1) + field(8, name) + field(9, raw)

    def node(kind, inputs, output):
        return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind)

    def value(name):
        sides = b"".join(field(1, field(1, side)) for side in (1, 2))
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, sides)))

    graph = b"".join([
        field(1, node("Mul", ["x", "none"], "a")), field(1, node("MatMul", ["a", "w"], "y")),
        field(5, tensor("none", [0], b"")), field(5, tensor("w", [2, 2], bytes(16))),
        field(11, value("x")), field(12, value("y")),
    ])
    (OUT / "empty-factor.onnx").write_bytes(field(1, 8) + field(2, "hand") + field(7, graph))


def names():
    """A group of 2,200 members whose names are the same 900,000 bytes, of which a list has a copy each."""
    members, length = 2_200, 900_000
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.create_group("layers")
    data = bytearray(memory.getvalue())
    tree, heap, segment = data.index(b"TREE"), data.index(b"HEAP"), len(data)
    data += b"A" * length + bytes(8)
    struct.pack_into("<QQQ", data, heap + 8, length + 8, 1, segment)
    node = len(data)
    data += b"SNOD" + struct.pack("<BBH", 1, 0, members)
    data += struct.pack("<QQII16x", 0, 96, 0, 0) * members
    struct.pack_into("<Q", data, tree + 32, node)
    struct.pack_into("<Q", data, 40, len(data))
    layer = {"class_name": "Dense", "config": {"name": "d"}}
    archive("greedy-names.keras", False, **{
        "config.json": json.dumps({"class_name": "Sequential", "config": [layer]}), "metadata.json": "{}",
        "model.weights.h5": bytes(data)})


def main():
    save("greedy-index", index, libver="latest")
    save("greedy-chunks", chunks)
    save("greedy-fill-value", fill_value)
    save("greedy-circle", circle, libver="latest")
    save("greedy-attributes", attributes, libver="latest")
    save("scales-and-offsets", rescaling)
    archives()
    names()
    onnx()


main()
