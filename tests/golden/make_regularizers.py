"""Regularizers and constraints of weights: what they give for a tensor, and a regularizer's gradient."""

import numpy as np

from common import array, emit, keras, one_thread, plain, random_array, tf

R = keras.regularizers
C = keras.constraints
ABOUT = (
    "For each regularizer and constraint (as Keras serialises it): `input`, and `output`, the penalty or the projected "
    "weight. `gradient` is the penalty's, with respect to the input."
)


def serialized(thing):
    return {"class_name": type(thing).__name__, "config": plain(thing.get_config())}


def penalty(name, regularizer, w):
    x = tf.Variable(np.asarray(w, np.float32))
    with tf.GradientTape() as tape:
        value = tf.convert_to_tensor(regularizer(x), tf.float32)
        watched = value + 0.0 * tf.reduce_sum(x)
    return {
        "name": name,
        "kind": "regularizer",
        "object": serialized(regularizer),
        "input": array(x.numpy()),
        "output": array(value.numpy()),
        "gradient": array(tape.gradient(watched, x).numpy()),
    }


def projection(name, constraint, w):
    w = np.asarray(w, np.float32)
    return {
        "name": name,
        "kind": "constraint",
        "object": serialized(constraint),
        "input": array(w),
        "output": array(constraint(tf.constant(w)).numpy()),
    }


def cases():
    rng = np.random.RandomState(3)
    w = random_array(rng, (5, 4))
    b = random_array(rng, (6,))
    holed = w.copy()
    holed[:, 1] = 0
    holed[2] = 0
    shapes = {"matrix": w, "vector": b, "zeros": holed}
    for key, value in shapes.items():
        yield penalty(f"l1-{key}", R.L1(0.03), value)
        yield penalty(f"l2-{key}", R.L2(0.02), value)
        yield penalty(f"l1-l2-{key}", R.L1L2(0.01, 0.002), value)
    yield penalty("l1-default", R.L1(), w)
    yield penalty("l2-default", R.L2(), w)
    yield penalty("l1-l2-default", R.L1L2(), w)
    yield penalty("l1-l2-only-l2", R.L1L2(l2=0.5), w)
    if hasattr(R, "OrthogonalRegularizer"):  # not in 2.8
        yield penalty("orthogonal-rows", R.OrthogonalRegularizer(), w)
        yield penalty("orthogonal-columns", R.OrthogonalRegularizer(factor=0.3, mode="columns"), w)
        square = np.array([[1, 0.5, -1], [0.25, 2, 0], [-0.5, 1, 3]])
        yield penalty("orthogonal-square", R.OrthogonalRegularizer(factor=1.0), square)

    big = (3 * w).astype(np.float32)
    deep = random_array(rng, (2, 3, 4), 2.0)
    for key, value in {"matrix": w, "large": big, "zeros": holed, "vector": b}.items():
        yield projection(f"max-norm-{key}", C.MaxNorm(), value)
        yield projection(f"min-max-norm-{key}", C.MinMaxNorm(), value)
        yield projection(f"unit-norm-{key}", C.UnitNorm(), value)
        yield projection(f"non-neg-{key}", C.NonNeg(), value)
    yield projection("max-norm-axis-1", C.MaxNorm(0.7, axis=1), big)
    yield projection("max-norm-axis-last", C.MaxNorm(0.7, axis=-1), big)
    yield projection("max-norm-axes", C.MaxNorm(0.7, axis=[0, 2]), deep)
    yield projection("min-max-norm-rate", C.MinMaxNorm(0.5, 1.5, rate=0.3, axis=1), big)
    yield projection("unit-norm-axes", C.UnitNorm(axis=[0, 1]), deep)


one_thread()
emit("make_regularizers.py", ABOUT, list(cases()))
