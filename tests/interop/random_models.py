"""Random dense models, trained by real Keras: `random_models.py <out.json> <count> <seed>`.

Each model has random layers, activations, regularizers, constraints, a loss, an optimizer of either generation and a batch
size (1 among them). Written: config, what compile takes, initial weights, data, and the loss of each of 20 steps. A model
whose loss leaves [-1e3, 1e3], or changes by more than 2e-5 where the last bits of inputs and weights do, is drawn again: there
float32 itself decides nothing (a gradient that is 0 but for rounding, which Adam and its kin scale up to a whole step; the
sign of a value that is 0 but for rounding).
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))

import numpy as np  # noqa: E402

from common import LEGACY, NEW, array, keras, number, one_thread, plain  # noqa: E402

L = keras.layers
STEPS = 20
ACTIVATIONS = [
    None, "elu", "exponential", "gelu", "hard_sigmoid", "linear", "mish", "relu", "selu", "sigmoid", "softmax", "softplus",
    "softsign", "swish", "tanh",
]  # fmt: skip
# Losses by what the last layer gives.
REGRESSION = [
    "MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh", "CosineSimilarity", "MeanSquaredLogarithmicError",
    "MeanAbsolutePercentageError",
]  # fmt: skip
BINARY = ["BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge"]
CLASSES = ["CategoricalCrossentropy", "CategoricalFocalCrossentropy", "KLDivergence", "CategoricalHinge"]


class Draw:
    def __init__(self, seed):
        self.rng = np.random.RandomState(seed)

    def pick(self, choices):
        return choices[self.rng.randint(len(choices))]

    def chance(self, p):
        return self.rng.rand() < p

    def size(self, low, high):
        return int(self.rng.randint(low, high + 1))

    def between(self, low, high):
        return round(float(self.rng.uniform(low, high)), 3)


def regularizer(d):
    if not d.chance(0.25):
        return None
    r = keras.regularizers
    return d.pick([lambda: r.L1(d.between(0, 0.02)), lambda: r.L2(d.between(0, 0.02)),
                   lambda: r.L1L2(d.between(0, 0.01), d.between(0, 0.01))])()  # fmt: skip


def constraint(d):
    if not d.chance(0.2):
        return None
    c = keras.constraints
    return d.pick([lambda: c.MaxNorm(d.between(0.3, 2)), c.NonNeg, lambda: c.MinMaxNorm(0.2, 1.2, rate=d.between(0.2, 1)),
                   c.UnitNorm])()  # fmt: skip


def dense(d, units=None, activation="any"):
    return L.Dense(
        units or d.size(1, 12),
        activation=d.pick(ACTIVATIONS) if activation == "any" else activation,
        use_bias=d.chance(0.85),
        kernel_regularizer=regularizer(d),
        bias_regularizer=regularizer(d),
        activity_regularizer=regularizer(d) if d.chance(0.4) else None,
        kernel_constraint=constraint(d),
        bias_constraint=keras.constraints.NonNeg() if d.chance(0.1) else None,
    )


def flat_layers(d):
    """One or more layers that keep [batch, features]."""
    kind = d.size(0, 13)
    if kind <= 3:
        return [dense(d)]
    return [
        lambda: [L.Activation(d.pick(ACTIVATIONS[1:]))],
        lambda: [L.BatchNormalization(momentum=d.between(0.5, 0.99), scale=d.chance(0.8), center=d.chance(0.8))],
        lambda: [L.LayerNormalization(scale=d.chance(0.8), center=d.chance(0.8))],
        lambda: [d.pick([lambda: L.ReLU(max_value=d.between(0.5, 3), negative_slope=d.between(0, 0.3)), L.ReLU])()],
        lambda: [L.LeakyReLU(d.between(0, 0.5)), L.PReLU(alpha_regularizer=regularizer(d))],
        lambda: [L.ELU(d.between(0.5, 1.5)), L.ActivityRegularization(l2=d.between(0, 0.01))],
        lambda: [L.Rescaling(d.between(0.3, 1.5), d.between(-0.5, 0.5)), L.Dropout(0.0)],
        lambda: [L.RepeatVector(d.size(2, 3)), L.Permute((2, 1)), dense(d), L.Softmax(axis=-1), L.Flatten()],
        lambda: [dense(d, 12), L.Reshape((3, -1)), L.PReLU(shared_axes=[1]), dense(d), L.LayerNormalization(), L.Flatten()],
        lambda: [keras.Sequential([dense(d), L.BatchNormalization()])],
    ][kind - 4]()


def schedule(d, rate):
    s = keras.optimizers.schedules
    return d.pick([
        lambda: s.ExponentialDecay(rate, 5, 0.8, staircase=d.chance(0.5)),
        lambda: s.PiecewiseConstantDecay([4, 9], [rate, rate / 2, rate / 5]),
        lambda: s.PolynomialDecay(rate, 12, rate / 10, power=d.between(0.5, 2)),
        lambda: s.InverseTimeDecay(rate, 5, 0.5),
        lambda: s.CosineDecay(rate, 15, alpha=0.1),
        lambda: s.CosineDecayRestarts(rate, 6),
    ])()  # fmt: skip


def optimizer(d):
    legacy = d.chance(0.4)
    family = LEGACY if legacy else NEW
    name = d.pick(["SGD", "Adam", "Adamax", "Nadam", "Adagrad", "Adadelta", "RMSprop", "Ftrl"] + ([] if legacy else ["AdamW", "Lion"]))
    rate = {"SGD": 0.05, "Adagrad": 0.05, "Adadelta": 0.5, "Ftrl": 0.05, "Lion": 0.002}.get(name, 0.01)
    options = {"learning_rate": schedule(d, rate) if d.chance(0.3) and not (legacy and name == "Nadam") else rate}
    if name == "SGD" and d.chance(0.6):
        options.update(momentum=d.between(0.3, 0.9), nesterov=d.chance(0.5))
    if name == "Adam":
        options.update(amsgrad=d.chance(0.3))
    if name == "RMSprop":
        options.update(centered=d.chance(0.3), momentum=d.pick([0.0, 0.5]))
    clipping = d.pick([None, None, "clipnorm", "clipvalue", "global_clipnorm"])
    if clipping:
        options[clipping] = d.between(0.05, 1)
    if not legacy and name != "Lion" and d.chance(0.15):
        options.update(use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=d.pick([None, 7]))
    return getattr(family, name)(**options)


def draw_model(d):
    features = d.size(2, 10)
    batch = d.pick([1, 2, 3, 5, 8, 16, 17])
    layers = [L.InputLayer(input_shape=(features,))]
    for _ in range(d.size(1, 3)):
        layers += flat_layers(d)
    kind = d.pick(["regression", "binary", "classes", "sparse"])
    outputs = d.size(2, 6) if kind in ("classes", "sparse") else d.size(1, 3)
    samples = 4 * batch
    x = np.round(d.rng.randn(samples, features), 3).astype(np.float32)
    smoothing = d.pick([0.0, 0.1])
    if kind == "regression":
        loss = getattr(keras.losses, d.pick(REGRESSION))()
        y = np.round(1.5 + d.rng.rand(samples, outputs), 3).astype(np.float32)
        last = dense(d, outputs, None)
    elif kind == "binary":
        name = d.pick(BINARY)
        y = d.rng.randint(0, 2, (samples, outputs)).astype(np.float32)
        logits = "Crossentropy" in name and d.chance(0.5)
        options = {"from_logits": logits, "label_smoothing": smoothing} if "Crossentropy" in name else {}
        loss = getattr(keras.losses, name)(**options)
        last = dense(d, outputs, None if logits else "sigmoid" if "Crossentropy" in name else "tanh")
    else:
        name = d.pick(CLASSES) if kind == "classes" else "SparseCategoricalCrossentropy"
        y = d.rng.randint(0, outputs, samples)
        logits = "Crossentropy" in name and d.chance(0.5)
        options = {"from_logits": logits} if "Crossentropy" in name else {}
        if name.startswith("Categorical") and options:
            options["label_smoothing"] = smoothing
        loss = getattr(keras.losses, name)(**options)
        y = np.eye(outputs, dtype=np.float32)[y] if kind == "classes" else y.astype(np.int32)
        last = dense(d, outputs, None if logits else "softmax")
    model = keras.Sequential(layers + [last])
    for variable in model.weights:
        if "kernel" in variable.name:
            variable.assign(np.round(d.rng.randn(*variable.shape) * 0.5, 3))
        if "alpha" in variable.name:
            variable.assign(np.round(d.rng.rand(*variable.shape) * 0.3, 3))
    chosen = optimizer(d)
    # Traced into a graph, the newer Nadam multiplies its momentum product once for every variable instead of once a step.
    eager = type(chosen).__name__ == "Nadam" and not isinstance(chosen, LEGACY.Optimizer)
    model.compile(chosen, loss, run_eagerly=eager)
    return model, x, y, batch


def nudged(a, by):
    """Its last bits changed, up or down at random."""
    signs = np.random.RandomState(1).choice([-1, 1], a.shape)
    return (a * (1 + by * signs)).astype(np.float32)


def is_stable(losses, draw):
    """Whether the model, made anew, has these losses also for inputs and weights that differ in their last bits: both ways,
    so that a value that is 0 but for rounding has the other sign in one of them."""
    for by in [1.2e-7, -1.2e-7]:
        model, x, y, batch = draw()
        model.set_weights([nudged(w, by) for w in model.get_weights()])
        moved = train(model, nudged(x, by), y, batch)
        if moved is None or any(abs(a - b) > 2e-5 * max(1, abs(a)) for a, b in zip(losses, moved)):
            return False
    return True


def train(model, x, y, batch):
    losses = []
    for step in range(STEPS):
        rows = slice(step * batch % len(x), step * batch % len(x) + batch)
        losses.append(float(model.train_on_batch(x[rows], y[rows])))
        if not abs(losses[-1]) < 1e3:
            return None
    return losses


def main(path, count, seed):
    one_thread()
    cases = []
    drawn = 0
    while len(cases) < count:
        keras.backend.clear_session()
        draw = lambda number=drawn: draw_model(Draw(1000 * seed + number))  # noqa: E731
        model, x, y, batch = draw()
        drawn += 1
        config = dict(plain(model.optimizer.get_config()), is_legacy_optimizer=isinstance(model.optimizer, LEGACY.Optimizer))
        case = {
            "name": f"random-{seed}-{drawn - 1}",
            "model": {"class_name": "Sequential", "config": plain(model.get_config())},
            "optimizer": {"class_name": type(model.optimizer).__name__, "config": config},
            "loss": {"class_name": type(model.loss).__name__, "config": {k: v for k, v in plain(model.loss.get_config()).items() if k != "fn"}},
            "batch": batch,
            "x": array(x),
            "y": array(y),
            "weights": [array(w) for w in model.get_weights()],
        }
        losses = train(model, x, y, batch)
        if losses is not None and is_stable(losses, draw):
            cases.append(dict(case, losses=[number(v) for v in losses]))
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"drawn": drawn, "cases": cases}, file)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
