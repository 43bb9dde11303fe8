"""MNIST for the baselines: the gzipped IDX files of a folder."""

import gzip
from pathlib import Path

import numpy


def load(folder, part):
    """Images as rows of 784 bytes, and labels; `part` is "train" or "t10k"."""
    def read(name, header):
        content = gzip.decompress((Path(folder) / f"{part}-{name}-ubyte.gz").read_bytes())
        return numpy.frombuffer(content, numpy.uint8)[header:]

    return read("images-idx3", 16).reshape(-1, 784), read("labels-idx1", 8).copy()


def split(count, seed):
    """Indices of the images to train on and of one in twelve to validate with, as inkbit has it."""
    order = numpy.random.default_rng(seed).permutation(count)
    return order[count // 12:], order[:count // 12]
