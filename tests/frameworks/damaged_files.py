"""Writes files that a reader must refuse with one message: damaged, hostile, or no usable network.

None does harm if it is opened: the pickle's call computes 1 + 1, the HDF5 files' links name a file that
does not exist. Usage: damaged_files.py
"""

import collections
import io
import json
import pickle
import struct
import zipfile

import flatbuffers
import h5py
import numpy
from common import folder, pack, tensor_pickle
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from tensorflow.lite.python import schema_py_generated as schema

OUT = folder("damaged")
RANDOM = numpy.random.default_rng(19)


def weights(rows, columns):
    return RANDOM.normal(size=(rows, columns)).astype(numpy.float32)


def safetensors():
    def dense(number, rows, columns):
        return {f"{number}.weight": weights(rows, columns), f"{number}.bias": weights(rows, 1)[:, 0]}

    def save(name, *layers):
        save_file(dict(collections.ChainMap(*layers)), OUT / f"{name}.safetensors")

    save("shapes-do-not-chain", dense(1, 6, 16), dense(3, 4, 7))
    save("nine-layers", *(dense(number, 4, 4) for number in range(1, 10)))
    layer = dense(1, 4, 16)
    layer["1.weight"][2, 3] = numpy.nan
    save("not-a-number", layer)
    layer["1.weight"][2, 3] = -numpy.inf
    save("infinite", layer)
    save("no-square-image", dense(1, 4, 15))
    whole = (OUT / "infinite.safetensors").read_bytes()
    (OUT / "truncated.safetensors").write_bytes(whole[:-40])
    (OUT / "header-too-long.safetensors").write_bytes(struct.pack("<Q", 1 << 62) + whole[8:])
    head = json.dumps({"1.weight": {
        "dtype": "F32", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 64]}}).encode()
    (OUT / "shape-overflows.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(64))


class Call:
    """Computes 1 + 1 if a pickle of it is loaded."""

    def __reduce__(self):
        return eval, ("1 + 1",)


def pickles():
    def save(name, content):
        """As PyTorch lays a state dict out."""
        with zipfile.ZipFile(OUT / name, "w") as archive:
            for file, data in [("data.pkl", content), ("byteorder", b"little"), ("data/0", bytes(256)),
                               ("version", b"3\n")]:
                archive.writestr(zipfile.ZipInfo(f"archive/{file}"), data)

    save("call.pt", pickle.dumps({"0.weight": Call()}, protocol=2))
    # Lists in lists, each twice: 2^64 of them if they are copied.
    nested = []
    for _ in range(64):
        nested = [nested, nested]
    save("doubled-lists.pt", pickle.dumps(nested, protocol=2))
    save("deep-tuples.pt", b"\x80\x02)" + b"\x85" * 1000 + b".")
    save("long-string.pt", b"\x80\x02X" + struct.pack("<I", 0xFFFFFFFF) + b"short.")
    save("empty-stack.pt", b"\x80\x02R0.")
    # A tensor whose strides leave its storage.
    save("stride-leaves-storage.pt", tensor_pickle(shape=(4, 16), stride=(1 << 40, 1)))


def hdf5():
    """Keras' layout of 16 to 4, with a kernel that is elsewhere or endless."""
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4, 4], "name": "i"}},
        {"class_name": "Flatten", "config": {"name": "f"}},
        {"class_name": "Dense", "config": {
            "name": "d", "units": 4, "activation": "linear", "use_bias": False}},
    ]}}

    def save(name, kernel):
        path = OUT / f"{name}.h5"
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps(config)
            file.attrs["keras_version"] = "2.15.0"
            root = file.create_group("model_weights")
            root.attrs["layer_names"] = [b"d"]
            layer = root.create_group("d")
            layer.attrs["weight_names"] = [b"d/kernel:0"]
            kernel(layer.create_group("d"))
        pack(path)

    def external_link(group):
        group["kernel:0"] = h5py.ExternalLink("no-such-file.h5", "/kernel")

    def external_storage(group):
        group.create_dataset("kernel:0", (16, 4), "f4", external=[("no-such-file.bin", 0, 256)])

    def link_to_itself(group):
        group["kernel:0"] = h5py.SoftLink("/model_weights/d/d/kernel:0")

    def endless(group):
        group.create_dataset("kernel:0", (1 << 30, 1 << 30), "f4", chunks=(16, 4))

    def compressed(group):
        group.create_dataset("kernel:0", (2048, 512), "f4", compression=9, data=numpy.zeros((2048, 512)))

    def strings(group):
        group.create_dataset("kernel:0", data=[["a", "b"]], dtype=h5py.string_dtype())

    save("external-link", external_link)
    save("external-storage", external_storage)
    save("link-to-itself", link_to_itself)
    save("endless-kernel", endless)
    save("compressed-zeros", compressed)
    save("kernel-of-strings", strings)


def protobuf():
    def save(name, nodes, tensors, end="logits"):
        graph = helper.make_graph(
            nodes, name, [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 16])],
            [helper.make_tensor_value_info(end, TensorProto.FLOAT, ["batch", 4])], tensors,
        )
        model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
        (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())
        return model

    w = numpy_helper.from_array(weights(16, 4), "w")
    dense = helper.make_node("MatMul", ["image", "w"], ["logits"], "dense")
    save("cycle", [
        helper.make_node("Add", ["image", "b"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["b"], "second"),
        helper.make_node("MatMul", ["b", "w"], ["logits"], "dense"),
    ], [w])
    save("unknown-input", [helper.make_node("MatMul", ["nothing", "w"], ["logits"], "dense")], [w])
    short = numpy_helper.from_array(weights(16, 4), "w")
    short.raw_data = short.raw_data[:100]
    save("short-tensor", [dense], [short])
    huge = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 40, 1 << 40])
    save("shape-overflows", [dense], [huge])
    outside = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[16, 4])
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="../../no-such-file")
    save("external-data-outside", [dense], [outside])
    # The graph says that it is 2 GiB long.
    (OUT / "two-gigabytes.onnx").write_bytes(b"\x08\x08\x3a" + b"\xff\xff\xff\xff\x07" + b"\x0a\x00")
    # Graphs in attributes of nodes of graphs, 100 deep.
    inner = b""
    for _ in range(100):
        for key in (b"\x32", b"\x2a", b"\x0a"):
            length, size = len(inner), b""
            while length > 127:
                size, length = size + bytes([length & 127 | 128]), length >> 7
            inner = key + size + bytes([length]) + inner
    length = len(inner)
    (OUT / "graphs-in-graphs.onnx").write_bytes(
        b"\x08\x08\x3a" + bytes([length & 127 | 128, length >> 7]) + inner)


def tflite():
    """A graph 16 to 4 with an index that leaves a table, or tensors that are not what they say."""
    def save(name, change):
        content = weights(4, 16).astype("<f4").tobytes()
        def tensor(name, shape, buffer):
            made = schema.TensorT()
            made.name, made.shape, made.buffer, made.type = name, shape, buffer, schema.TensorType.FLOAT32
            return made

        model, graph, node, code = (
            schema.ModelT(), schema.SubGraphT(), schema.OperatorT(), schema.OperatorCodeT())
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
        code.version = 1
        node.inputs, node.outputs = [0, 1, -1], [2]
        node.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
        node.builtinOptions = schema.FullyConnectedOptionsT()
        graph.tensors = [tensor("image", [1, 16], 0), tensor("kernel", [4, 16], 1),
                         tensor("logits", [1, 4], 0)]
        graph.inputs, graph.outputs, graph.operators = [0], [2], [node]
        empty, kernel = schema.BufferT(), schema.BufferT()
        kernel.data = list(content)
        model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
        model.buffers = [empty, kernel]
        change(model, graph)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        whole = bytes(builder.Output())
        (OUT / f"{name}.tflite").write_bytes(whole)
        return whole

    def set_at(values, index, value):
        values[index] = value

    save("tensor-index", lambda model, graph: set_at(graph.operators[0].inputs, 1, 77))
    save("buffer-index", lambda model, graph: setattr(graph.tensors[1], "buffer", 99))
    save("kernel-too-short", lambda model, graph: setattr(graph.tensors[1], "shape", [4, 1 << 28]))
    save("operator-feeds-itself", lambda model, graph: set_at(graph.operators[0].inputs, 0, 2))
    whole = save("two-subgraphs", lambda model, graph: model.subgraphs.append(graph))
    (OUT / "truncated.tflite").write_bytes(whole[:len(whole) // 2])


def main():
    safetensors()
    pickles()
    hdf5()
    protobuf()
    tflite()
    with io.BytesIO() as buffer, zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("metadata.json"), '{"keras_version": "3.15.1"}')
        archive.close()
        (OUT / "without-config.keras").write_bytes(buffer.getvalue())


main()
