"""The preset `classic` in PyTorch: same data, network, batch and optimizer; 20 epochs, no early stop.

Prints one line of JSON. Usage: torch_classic.py DATA_FOLDER [SEED [EPOCHS]]
"""

import json
import statistics
import sys
import time

import numpy
import torch
from mnist import load, split

seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 20
torch.manual_seed(seed)

images, labels = load(sys.argv[1], "train")
train, validation = split(len(images), seed)


def tensors(images, labels):
    return torch.from_numpy(images.astype(numpy.float32) / 255), torch.from_numpy(labels).long()


def measure(images, labels):
    model.eval()
    with torch.no_grad():
        logits = model(images)
        loss = torch.nn.functional.cross_entropy(logits, labels)
        return loss.item(), (logits.argmax(1) == labels).float().mean().item()


model = torch.nn.Sequential(
    torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Dropout(0.4),
    torch.nn.Linear(256, 128), torch.nn.ReLU(), torch.nn.Dropout(0.4),
    torch.nn.Linear(128, 10),
)
for layer in model:
    if isinstance(layer, torch.nn.Linear):
        torch.nn.init.xavier_uniform_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)

x, y = tensors(images[train], labels[train])
validation = tensors(images[validation], labels[validation])
seconds = []
for epoch in range(epochs):
    start = time.monotonic()
    model.train()
    for batch in torch.randperm(len(x)).split(128):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
        optimizer.step()
    validation_accuracy = measure(*validation)[1]
    seconds.append(time.monotonic() - start)

test_accuracy = measure(*tensors(*load(sys.argv[1], "t10k")))[1]
print(json.dumps({
    "validation_accuracy": validation_accuracy,
    "test_accuracy": test_accuracy,
    "epoch_seconds": statistics.median(seconds),
}))
