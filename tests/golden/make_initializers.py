"""Initializers: config as serialised, the distribution to expect, and TensorFlow's own values for seed 7."""

import math

import numpy as np

from common import LABEL, array, emit, keras, one_thread, plain

I = keras.initializers
ABOUT = (
    "For each initializer: config as Keras 2.8 serialises it; for each shape the distribution of the values: `uniform` in "
    "[low, high), `normal` with mean and stddev, `truncated` (redrawn beyond two of its `stddev`; `std` is what remains), or "
    "`constant`. `values_seed_7`: the first 16 values that Keras draws with seed 7 (2.21 only: stateless Philox, key from "
    "the seed [7, 0]). `matrix`: all values."
)
SHAPES = [(64, 32), (200,), (3, 3, 4, 8)]
# Standard deviation of a standard normal distribution truncated at +-2.
TRUNCATED_STD = 0.87962566103423978


def fans(shape):
    if len(shape) == 1:
        return shape[0], shape[0]
    receptive = int(np.prod(shape[:-2]))
    return receptive * shape[-2], receptive * shape[-1]


def variance_scaling(scale, mode, kind):
    def expected(shape):
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
        variance = scale / max(1.0, n)
        if kind == "uniform":
            limit = math.sqrt(3 * variance)
            return {"distribution": "uniform", "low": -limit, "high": limit}
        if kind == "untruncated":
            return {"distribution": "normal", "mean": 0, "stddev": math.sqrt(variance)}
        return {
            "distribution": "truncated",
            "mean": 0,
            "stddev": math.sqrt(variance) / TRUNCATED_STD,
            "std": math.sqrt(variance),
        }

    return expected


def fixed(**what):
    return lambda shape: what


def verify(name, values, expect):
    """The stated distribution against what Keras really draws."""
    kind = expect["distribution"]
    values = values.astype(np.float64)
    if kind == "constant":
        assert (values == expect["value"]).all(), name
        return
    if kind == "uniform":
        assert expect["low"] <= values.min() and values.max() < expect["high"] * 1.0000001, name
        mean, std = (expect["low"] + expect["high"]) / 2, (expect["high"] - expect["low"]) / math.sqrt(12)
    else:
        mean, std = expect["mean"], expect.get("std", expect.get("stddev"))
    if kind == "truncated":
        assert np.abs(values - mean).max() <= 2 * expect["stddev"] * 1.000001, name
    assert abs(values.mean() - mean) < 5 * std / math.sqrt(values.size), (name, values.mean(), mean)
    assert abs(values.std() / std - 1) < 5 / math.sqrt(2 * values.size), (name, values.std(), std)


def table():
    yield "zeros", I.Zeros, {}, fixed(distribution="constant", value=0)
    yield "ones", I.Ones, {}, fixed(distribution="constant", value=1)
    yield "constant", I.Constant, {"value": 0.25}, fixed(distribution="constant", value=0.25)
    scaled = [("glorot", 1.0, "fan_avg"), ("he", 2.0, "fan_in"), ("lecun", 1.0, "fan_in")]
    for key, scale, mode in scaled:
        for kind in ("uniform", "normal"):
            yield f"{key}_{kind}", getattr(I, f"{key.title()}{kind.title()}"), {}, variance_scaling(scale, mode, kind)
    for mode in ("fan_in", "fan_out", "fan_avg"):
        for kind, long in (("uniform", "uniform"), ("normal", "truncated_normal"), ("untruncated", "untruncated_normal")):
            settings = dict(scale=0.5, mode=mode, distribution=long)
            yield f"variance_scaling_{mode}_{long}", I.VarianceScaling, settings, variance_scaling(0.5, mode, kind)
    yield "random_normal", I.RandomNormal, {}, fixed(distribution="normal", mean=0, stddev=0.05)
    yield "random_normal_0.5_2", I.RandomNormal, dict(mean=0.5, stddev=2.0), fixed(distribution="normal", mean=0.5, stddev=2)
    yield "random_uniform", I.RandomUniform, {}, fixed(distribution="uniform", low=-0.05, high=0.05)
    yield "random_uniform_-1_3", I.RandomUniform, dict(minval=-1.0, maxval=3.0), fixed(distribution="uniform", low=-1, high=3)
    truncated = fixed(distribution="truncated", mean=0, stddev=0.05, std=0.05 * TRUNCATED_STD)
    yield "truncated_normal", I.TruncatedNormal, {}, truncated


def cases():
    for name, cls, settings, expected in table():
        entry = {
            "name": name,
            "kind": "distribution",
            "initializer": {"class_name": cls.__name__, "config": plain(cls(**settings).get_config())},
            "expected": [],
        }
        for shape in SHAPES:
            expect = expected(shape)
            # Many draws of the same shape: the spread of the mean is small then.
            keras.utils.set_random_seed(5)
            verify(name, np.concatenate([cls(**settings)(shape).numpy().ravel() for _ in range(20)]), expect)
            entry["expected"].append(dict(shape=list(shape), **expect))
        yield entry
    if LABEL == "tf2.21":
        for name, cls, settings, expected in table():
            if expected(SHAPES[0])["distribution"] == "constant":
                continue
            config = cls(seed=7, **settings)
            yield {
                "name": f"{name}-seed-7",
                "kind": "values_seed_7",
                "initializer": {"class_name": cls.__name__, "config": plain(config.get_config())},
                "shape": list(SHAPES[0]),
                "values": array(config(SHAPES[0]).numpy().ravel()[:16])["values"],
            }
    for name, initializer, shape in matrices():
        yield {
            "name": name,
            "kind": "matrix",
            "initializer": {"class_name": type(initializer).__name__, "config": plain(initializer.get_config())},
            "shape": list(shape),
            "values": array(initializer(shape).numpy().ravel())["values"],
        }


def matrices():
    for shape in [(3, 3), (2, 4), (4, 2)]:
        yield f"identity-{shape[0]}-{shape[1]}", I.Identity(gain=0.5), shape
    if LABEL != "tf2.21":
        return
    for shape in [(6, 4), (4, 6), (5, 5), (2, 2, 3, 4), (1, 3), (3, 1)]:
        key = "-".join(map(str, shape))
        yield f"orthogonal-{key}-seed-7", I.Orthogonal(gain=1.5, seed=7), shape


one_thread()
emit("make_initializers.py", ABOUT, list(cases()))
