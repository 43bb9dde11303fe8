"""What the scripts of this folder share: images, a training set, and the record beside a test file.

Run by itself, it writes `images-8x8.idx3-ubyte`.
"""

import gzip
import json
import struct
from pathlib import Path

import numpy

FOLDER = Path(__file__).parent
IMAGES = FOLDER / "images-8x8.idx3-ubyte"
SIDE, CLASSES = 8, 10


def examples(count, seed):
    """Images (count, 8, 8) u8, about 70 % zeros as in MNIST, and labels (count,) i64.

    An image is one of ten patterns, with each pixel's brightness drawn anew and a few pixels flipped.
    """
    patterns = numpy.random.default_rng(16).random((CLASSES, SIDE, SIDE)) < 0.28
    random = numpy.random.default_rng(seed)
    labels = random.integers(0, CLASSES, count)
    drawn = patterns[labels] ^ (random.random((count, SIDE, SIDE)) < 0.04)
    return (drawn * random.integers(60, 256, drawn.shape)).astype(numpy.uint8), labels


def training_set():
    """2,000 images (f32, values 0 to 255) and labels to train the small networks with."""
    images, labels = examples(2000, seed=2)
    return images.astype(numpy.float32), labels


def test_images():
    """The 32 images of `images-8x8.idx3-ubyte`, (32, 8, 8) f32, values 0 to 255."""
    content = IMAGES.read_bytes()
    assert struct.unpack(">4I", content[:16]) == (0x803, 32, SIDE, SIDE)
    return numpy.frombuffer(content, numpy.uint8)[16:].reshape(-1, SIDE, SIDE).astype(numpy.float32)


def folder(name):
    """An output folder beside the scripts, made if it is missing."""
    path = FOLDER / name
    path.mkdir(exist_ok=True)
    return path


def tensor_pickle(shape, stride, storage=b"FloatStorage", count=64):
    """The pickle of one tensor, by hand, so that no PyTorch is needed. `count` numbers are stored."""
    def integers(values):
        return b"(" + b"".join(b"\x8a\x06" + value.to_bytes(6, "little") for value in values) + b"t"

    def text(value):
        return b"X" + struct.pack("<I", len(value)) + value

    stored = (b"(" + text(b"storage") + b"ctorch\n" + storage + b"\n" + text(b"0") + text(b"cpu")
              + b"K" + bytes([count]) + b"tQ")
    tensor = (b"ctorch._utils\n_rebuild_tensor_v2\n(" + stored + b"K\x00" + integers(shape)
              + integers(stride) + b"\x89}tR")
    return b"\x80\x02}" + text(b"0.weight") + tensor + b"s."


def pack(path):
    """Replaces a file that holds HDF5, which is mostly empty space, by a gzipped one."""
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    path.unlink()


def record(path, framework, version, preprocessing, logits, files, **more):
    """Writes the framework's own logits (32, classes) of the test images, for `files` beside `path`.

    `preprocessing` is what happens to a pixel before it enters the network: "none", "x/255", or
    {"scale": S, "mean": M, "deviation": D} for (x / S - M) / D.
    """
    tables = {"logits": numpy.asarray(logits)}
    if "dequantized" in more:
        tables["dequantized"] = numpy.asarray(more.pop("dequantized"))
    first, second = numpy.sort(tables["logits"], axis=1)[:, :-3:-1].T
    assert (first - second).min() > 1e-3 * abs(tables["logits"]).max(), "two classes are too near"
    head = {"framework": framework, "version": version, "preprocessing": preprocessing,
            "files": files, **more}
    text = json.dumps(head)[:-1]
    for name, values in tables.items():
        assert len(values) == 32 and values.dtype == numpy.float32 and numpy.isfinite(values).all()
        rows = ["[" + ",".join(f"{value:.7g}" for value in row) + "]" for row in values]
        text += f',\n"{name}": [\n' + ",\n".join(rows) + "\n]"
    text += "}\n"
    json.loads(text)
    path.write_text(text)


def same(first, second, limit=1e-5):
    """Asserts that two computations of the logits agree: relative to the greatest logit."""
    first, second = numpy.asarray(first), numpy.asarray(second)
    difference = abs(first - second).max() / abs(second).max()
    assert difference <= limit, f"logits differ by {difference:.2e}, limit {limit:.0e}"


if __name__ == "__main__":
    images, _ = examples(32, seed=1)
    IMAGES.write_bytes(struct.pack(">4I", 0x803, *images.shape) + images.tobytes())
    print(f"{IMAGES.name}: {(images == 0).mean():.0%} zeros")
