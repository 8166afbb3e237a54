"""What a reader must find beside predictions and losses: weights to the bit, architecture, what compile chose, the
optimizer's state. The counterpart of aspects.mjs."""

import hashlib

import numpy as np


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def weights_of(model):
    return [digest(each) for each in model.get_weights()]


def value_of(variable):
    return np.asarray(variable.numpy() if hasattr(variable, "numpy") else variable)


def state_of(model):
    """Steps made, and the slots without their order, which each generation has its own of. What is zero all over may as
    well not be there: one side makes a slot for a momentum of 0, the other none."""
    optimizer = model.optimizer
    if hasattr(optimizer, "_create_all_weights"):
        optimizer._create_all_weights(model.trainable_variables)
    elif not getattr(optimizer, "built", getattr(optimizer, "_built", False)):
        optimizer.build(model.trainable_variables)
    variables = optimizer.variables() if callable(optimizer.variables) else optimizer.variables
    # What the newer SGD of Keras 2 keeps for a momentum of 0 is the last update, which nothing reads.
    is_read = type(optimizer).__name__ != "SGD" or optimizer.get_config()["momentum"] != 0
    slots = [value for value in map(value_of, variables) if is_read and value.ndim > 0 and value.any()]
    return {"iterations": int(value_of(optimizer.iterations)), "slots": sorted(map(digest, slots))}


def evaluated(model, x, y):
    """The loss as evaluate gives it."""
    prediction = model(x, training=False)
    return float(model.loss(y, prediction)) + float(sum(map(float, model.losses)))


def assert_weights(model, expected):
    got = weights_of(model)
    differ = [i for i, (a, b) in enumerate(zip(got, expected)) if a != b]
    assert len(got) == len(expected) > 0 and not differ, f"of {len(got)} weights, {len(expected)} expected, differ {differ}"


def assert_state(model, expected):
    got = state_of(model)
    assert got["iterations"] == expected["iterations"] > 0, f"{got['iterations']} steps, expected {expected['iterations']}"
    assert got["slots"] == expected["slots"], f"{len(got['slots'])} slots differ from {len(expected['slots'])} expected"


# Other names of the same, in Keras 3.
ALIASES = {"swish": "silu", "alpha": "negative_slope"}


def is_same(got, expected):
    """A value of a config and one that the layer was made with."""
    if isinstance(got, dict):
        got = got["class_name"]
    if isinstance(expected, str):
        got, expected = (str(each).lower().replace("_", "") for each in (got, expected))
        return got in (expected, ALIASES.get(expected))
    return np.allclose(np.asarray(got, np.float64), np.asarray(expected, np.float64), rtol=1e-6)


def assert_architecture(model, described):
    """Classes and arguments of the layers that the writer made."""
    layers = [each for each in model.layers if type(each).__name__ != "InputLayer"]
    names = [type(each).__name__ for each in layers]
    assert names == [name for name, _ in described], f"layers {names}"
    for layer, (name, settings) in zip(layers, described):
        if name == "Sequential":
            assert_architecture(layer, settings["layers"])
            continue
        config = layer.get_config()
        for key, expected in settings.items():
            if key != "input_shape":
                got = config[key] if key in config else config.get(ALIASES.get(key))
                assert is_same(got, expected), f"{name}.{key}: expected {expected}, got {got}"


def assert_compiled(model, class_name, settings, schedule=None):
    optimizer = model.optimizer
    assert type(optimizer).__name__ == class_name, f"the optimizer is {type(optimizer).__name__}"
    config = optimizer.get_config()
    for key, expected in settings.items():
        assert is_same(config[key], expected), f"{class_name}.{key}: expected {expected}, got {config[key]}"
    if schedule:
        assert is_same(config["learning_rate"], schedule["className"]), config["learning_rate"]
    loss = model.loss.get_config()
    assert type(model.loss).__name__ == "SparseCategoricalCrossentropy" and bool(loss["from_logits"]), loss
