"""Writes the test files of PyTorch: state dicts as `.pt` and `.safetensors`, and what is refused.

Usage: torch_files.py
"""

import torch
from common import folder, record, same, test_images, training_set
from safetensors.torch import load_file, save_file
from torch import nn

OUT = folder("torch")
# The mean and deviation of MNIST's pixels, as most examples for PyTorch have them.
MEAN, DEVIATION = 0.1307, 0.3081
SCALED = {"scale": 255, "mean": MEAN, "deviation": DEVIATION}


class Perceptron(nn.Module):
    """Batch normalization between the layers; the attributes' order is that of the network."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 6, bias=False)
        self.bn1 = nn.BatchNorm1d(6)
        self.fc2 = nn.Linear(6, 5)
        self.bn2 = nn.BatchNorm1d(5, eps=0.001)
        self.drop = nn.Dropout(0.1)
        self.fc3 = nn.Linear(5, 10)

    def forward(self, x):
        x = torch.relu(self.bn1(self.fc1(x.flatten(1))))
        x = torch.relu(self.bn2(self.fc2(x)))
        return self.fc3(self.drop(x))


class Named(nn.Module):
    """Names whose order in a safetensors file, by the alphabet, is not that of the network."""

    def __init__(self):
        super().__init__()
        self.start = nn.Linear(64, 6)
        self.middle = nn.Linear(6, 5)
        self.end = nn.Linear(5, 10)

    def forward(self, x):
        return self.end(torch.relu(self.middle(torch.relu(self.start(x.flatten(1))))))


def deep():
    """Layers 1, 4, 7 and 10, of which two are 6x6: only the numbers tell the order."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Dropout(0.1), nn.Linear(6, 6), nn.ReLU(),
        nn.Dropout(0.1), nn.Linear(6, 6), nn.ReLU(), nn.Dropout(0.1), nn.Linear(6, 10),
    )


def sequential():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 10)
    )


def normalize(images):
    return (images / 255 - MEAN) / DEVIATION


def train(model, scale=lambda x: x / 255):
    """Six epochs; returns the optimizer, for a checkpoint."""
    images, labels = training_set()
    images, labels = scale(torch.from_numpy(images)), torch.from_numpy(labels)
    optimizer = torch.optim.SGD(model.parameters(), 0.3)
    for _ in range(6):
        for batch in torch.randperm(len(images)).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
    model.eval()
    return optimizer


def logits(model, scale=lambda x: x / 255):
    with torch.no_grad():
        return model.eval()(scale(torch.from_numpy(test_images()))).numpy()


def write(name, model, preprocessing, files, expected, load):
    """Records the logits of `model`, after each file, read by `load`, has given the same ones."""
    scale = normalize if preprocessing == SCALED else lambda x: x / 255
    for file in files:
        model.load_state_dict(load(OUT / file))
        same(logits(model, scale), expected, 1e-6)
    record(
        OUT / f"{name}.json", "PyTorch", torch.__version__, preprocessing, expected, files
    )


def read(path):
    """The state dict of a file, wherever in it that is."""
    if path.suffix == ".safetensors":
        return load_file(path)
    content = torch.load(path, weights_only=True)
    content = content.get("model", content.get("state_dict", content))
    return {name.removeprefix("module."): tensor for name, tensor in content.items()}


def strided(state):
    """The same values as views: weights are transposed, all tensors lie in one storage."""
    storage = torch.cat([value.t().flatten() for value in state.values()])
    views, start = {}, 0
    for name, value in state.items():
        part = storage[start:start + value.numel()]
        views[name] = part.view(value.t().shape).t()
        start += value.numel()
    return views


def main():
    torch.manual_seed(16)

    model = sequential()
    optimizer = train(model)
    state = model.state_dict()
    torch.save(state, OUT / "sequential.pt")
    torch.save(state, OUT / "sequential-legacy.pt", _use_new_zipfile_serialization=False)
    save_file(state, OUT / "sequential.safetensors", {"format": "pt"})
    torch.save(
        {"model": state, "optimizer": optimizer.state_dict(), "epoch": 3, "loss": 0.25},
        OUT / "sequential-checkpoint.pt",
    )
    torch.save(
        {"epoch": 3, "state_dict": nn.DataParallel(model).state_dict()},
        OUT / "sequential-prefixed.pth",
    )
    torch.save(strided(state), OUT / "sequential-strided.pt")
    save_file(
        {name: value.double() for name, value in state.items()},
        OUT / "sequential-float64.safetensors",
    )
    files = [
        "sequential.pt", "sequential-legacy.pt", "sequential.safetensors",
        "sequential-checkpoint.pt", "sequential-prefixed.pth", "sequential-strided.pt",
        "sequential-float64.safetensors",
    ]
    write("sequential", sequential(), "x/255", files, logits(model), read)
    small = nn.Sequential(nn.Linear(64, 4))
    torch.save(small, OUT / "refused-whole-module.pt")
    torch.jit.script(small).save(str(OUT / "refused-torchscript.pt"))

    # Weights of 16 bits, computed with as f32. Those of bfloat16 are such of float16, except tiny ones.
    short = {key: value.bfloat16() for key, value in state.items()}
    save_file(short, OUT / "short-bfloat16.safetensors")
    torch.save({key: value.half() for key, value in short.items()}, OUT / "short-float16.pt")
    model.load_state_dict(short)
    write(
        "short", sequential(), "x/255", ["short-float16.pt", "short-bfloat16.safetensors"],
        logits(model), read,
    )

    for name, make in [("deep", deep), ("named", Named)]:
        model = make()
        train(model)
        save_file(model.state_dict(), OUT / f"{name}.safetensors")
        write(name, make(), "x/255", [f"{name}.safetensors"], logits(model), read)

    model = Perceptron()
    train(model, normalize)
    torch.save(model.state_dict(), OUT / "batchnorm.pt")
    save_file(model.state_dict(), OUT / "batchnorm.safetensors")
    write(
        "batchnorm", Perceptron(), SCALED, ["batchnorm.pt", "batchnorm.safetensors"],
        logits(model, normalize), read,
    )


main()
