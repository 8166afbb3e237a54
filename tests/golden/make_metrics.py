"""Metrics: the result after each of several batches; what 'accuracy' and other strings become."""

import numpy as np

from common import array, emit, keras, number, one_thread, random_array, tf, wrapper_config

try:
    from tf_keras.src.engine.compile_utils import MetricsContainer
except ImportError:
    from keras.engine.compile_utils import MetricsContainer

M = keras.metrics
ABOUT = (
    "kind `updates`: one metric as a compiled model runs it as a weighted metric (Keras's MetricsContainer, which gives "
    "rank-1 labels and weights the rank of the output): its result after each batch. kind `resolve`: what a metric given "
    "as a string becomes for a model with that output and those labels: Keras function or class, and displayed name."
)


def updates(name, metric, batches):
    container = MetricsContainer(weighted_metrics=[metric])
    steps = []
    for y_true, y_pred, *rest in batches:
        weight = rest[0] if rest else None
        container.update_state(
            tf.constant(y_true),
            tf.constant(y_pred),
            None if weight is None else tf.constant(weight, tf.float32),
        )
        steps.append(
            {
                "y_true": array(y_true),
                "y_pred": array(y_pred),
                "sample_weight": None if weight is None else array(np.asarray(weight, np.float32)),
                "result": number(metric.result().numpy()),
            }
        )
    return {
        "name": name,
        "kind": "updates",
        "metric": {"class_name": type(metric).__name__, "config": wrapper_config(metric)},
        "updates": steps,
    }


def weighted(batches, rng):
    return [(t, p, np.round(rng.rand(len(t)) * 2, 2)) for t, p in batches]


def update_cases():
    rng = np.random.RandomState(23)
    k = 4
    ties = np.array([[1, 1, 0, 0], [0, 2, 2, 2], [3, 3, 3, 3], [0, 0, 0, 1], [-1, -2, -1, -2]], np.float32)
    sparse, categorical, probabilities = [], [], []
    for n in (5, 3, 2):
        z = ties[:n] if n == 5 else random_array(rng, (n, k))
        y = rng.randint(0, k, n).astype(np.int32)
        e = np.exp(z)
        sparse.append((y, z))
        categorical.append((np.eye(k, dtype=np.float32)[y], z))
        probabilities.append((y, np.round(e / e.sum(-1, keepdims=True), 4).astype(np.float32)))
    tied_labels = [(np.array([[1, 1, 0, 0], [0, 0, 1, 1]], np.float32), np.array([[0, 5, 0, 0], [0, 0, 5, 5]], np.float32))]
    one_hot = [(np.eye(k, dtype=np.float32)[y], p) for y, p in probabilities]

    yield updates("sparse-categorical-accuracy", M.SparseCategoricalAccuracy(), sparse)
    yield updates("sparse-categorical-accuracy-weighted", M.SparseCategoricalAccuracy(), weighted(sparse, rng))
    yield updates(
        "sparse-categorical-accuracy-column-labels", M.SparseCategoricalAccuracy(), [(y[:, None], z) for y, z in sparse]
    )
    yield updates(
        "sparse-categorical-accuracy-float-labels",
        M.SparseCategoricalAccuracy(),
        [(y[:, None].astype(np.float32), z) for y, z in sparse],
    )
    yield updates(
        "sparse-categorical-accuracy-3d",
        M.SparseCategoricalAccuracy(),
        [(np.array([[0, 1, 2], [3, 0, 1]], np.int32), random_array(rng, (2, 3, k)))],
    )
    yield updates(
        "sparse-categorical-accuracy-zero-weights",
        M.SparseCategoricalAccuracy(),
        [(sparse[0][0], sparse[0][1], np.zeros(5)), (sparse[1][0], sparse[1][1], np.ones(3))],
    )
    yield updates("categorical-accuracy", M.CategoricalAccuracy(), categorical)
    yield updates("categorical-accuracy-weighted", M.CategoricalAccuracy(), weighted(categorical, rng))
    yield updates("categorical-accuracy-tied-labels", M.CategoricalAccuracy(), tied_labels)

    binary_one, binary_many = [], []
    for n in (4, 3):
        p = np.round(rng.rand(n, 1), 2).astype(np.float32)
        p[0] = 0.5
        binary_one.append((rng.randint(0, 2, (n, 1)).astype(np.float32), p))
        binary_many.append((rng.randint(0, 2, (n, 3)).astype(np.float32), np.round(rng.rand(n, 3), 2).astype(np.float32)))
    yield updates("binary-accuracy", M.BinaryAccuracy(), binary_one)
    yield updates("binary-accuracy-rank-1-labels", M.BinaryAccuracy(), [(t[:, 0], p) for t, p in binary_one])
    yield updates("binary-accuracy-int-labels", M.BinaryAccuracy(), [(t[:, 0].astype(np.int32), p) for t, p in binary_one])
    yield updates("binary-accuracy-threshold", M.BinaryAccuracy(threshold=0.3), binary_many)
    yield updates("binary-accuracy-many", M.BinaryAccuracy(), binary_many)
    yield updates("binary-accuracy-many-weighted", M.BinaryAccuracy(), weighted(binary_many, rng))
    equal = [(np.array([[1], [2], [3], [4]], np.float32), np.array([[1], [2], [0], [4]], np.float32)), (np.array([[7.0]], np.float32), np.array([[7]], np.float32))]
    yield updates("accuracy", M.Accuracy(), equal)
    yield updates("accuracy-weighted", M.Accuracy(), weighted(equal, rng))
    yield updates("accuracy-many", M.Accuracy(), [(np.array([[1, 2], [3, 4]], np.float32), np.array([[1, 0], [3, 4]], np.float32))])

    regression = [(random_array(rng, (n, 3)), random_array(rng, (n, 3))) for n in (4, 2, 3)]
    yield updates("mean-squared-error", M.MeanSquaredError(), regression)
    yield updates("mean-squared-error-weighted", M.MeanSquaredError(), weighted(regression, rng))
    yield updates("mean-squared-error-rank-1-labels", M.MeanSquaredError(), [(t[:, 0], p[:, :1]) for t, p in regression])
    yield updates("mean-squared-error-named", M.MeanSquaredError(name="distance"), regression[:1])

    yield updates("sparse-categorical-crossentropy", M.SparseCategoricalCrossentropy(), probabilities)
    yield updates("sparse-categorical-crossentropy-logits", M.SparseCategoricalCrossentropy(from_logits=True), sparse)
    yield updates(
        "sparse-categorical-crossentropy-weighted", M.SparseCategoricalCrossentropy(from_logits=True), weighted(sparse, rng)
    )
    yield updates("categorical-crossentropy", M.CategoricalCrossentropy(), one_hot)
    yield updates("categorical-crossentropy-logits-weighted", M.CategoricalCrossentropy(from_logits=True), weighted(categorical, rng))
    yield updates("categorical-crossentropy-smoothing", M.CategoricalCrossentropy(label_smoothing=0.1), one_hot)
    yield updates("binary-crossentropy", M.BinaryCrossentropy(), binary_many)
    yield updates("binary-crossentropy-logits-weighted", M.BinaryCrossentropy(from_logits=True), weighted(binary_many, rng))
    yield updates("binary-crossentropy-smoothing", M.BinaryCrossentropy(label_smoothing=0.2), binary_one)


STRINGS = [
    "accuracy", "acc", "crossentropy", "ce", "mse", "MSE", "mean_squared_error", "MeanSquaredError",
    "sparse_categorical_accuracy", "SparseCategoricalAccuracy", "categorical_accuracy", "CategoricalAccuracy",
    "binary_accuracy", "BinaryAccuracy", "Accuracy", "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy",
    "categorical_crossentropy", "binary_crossentropy", "BinaryCrossentropy",
]  # fmt: skip


def resolve(string, units, labels, loss, key):
    """labels: 'rank1' [n], 'column' [n, 1] or 'full' [n, units]"""
    keras.backend.clear_session()
    model = keras.Sequential([keras.layers.Dense(units, activation="sigmoid", input_shape=(3,))])
    model.compile(optimizer="sgd", loss=loss, metrics=[string])
    shape = {"rank1": (4,), "column": (4, 1), "full": (4, units)}[labels]
    entry = {
        "name": f"resolve-{string}-{key}",
        "kind": "resolve",
        "metric": string,
        "output_units": units,
        "labels": labels,
        "loss": loss,
    }
    try:
        model.evaluate(np.zeros((4, 3), np.float32), np.zeros(shape, np.float32), verbose=0)
    except Exception as error:
        entry["fails"] = type(error).__name__
        return entry
    metric = model.compiled_metrics.metrics[0]
    entry["class_name"] = type(metric).__name__
    if entry["class_name"] == "MeanMetricWrapper":
        entry["function"] = metric._fn.__name__
    entry["metrics_names"] = model.metrics_names
    return entry


def resolve_cases():
    settings = [
        ("sparse", 5, "rank1", "sparse_categorical_crossentropy"),
        ("sparse-column", 5, "column", "sparse_categorical_crossentropy"),
        ("categorical", 5, "full", "categorical_crossentropy"),
        ("binary", 1, "column", "binary_crossentropy"),
        ("binary-rank1", 1, "rank1", "binary_crossentropy"),
        ("many-binary", 5, "full", "binary_crossentropy"),
        ("regression", 1, "rank1", "mse"),
        ("regression-many", 5, "full", "mse"),
    ]
    for string in STRINGS:
        for key, units, labels, loss in settings:
            if string not in ("accuracy", "acc", "crossentropy", "ce") and key not in ("sparse", "categorical", "binary"):
                continue
            yield resolve(string, units, labels, loss, key)
    for names in (["accuracy", "accuracy"], ["accuracy", "mse", "acc"]):
        keras.backend.clear_session()
        model = keras.Sequential([keras.layers.Dense(5, input_shape=(3,))])
        metrics = names + [keras.metrics.SparseCategoricalAccuracy(), keras.metrics.SparseCategoricalAccuracy()]
        entry = {"name": "names-" + "-".join(names), "kind": "names", "metrics": names + ["SparseCategoricalAccuracy()"] * 2}
        try:
            model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=metrics)
            before = list(model.metrics_names)
            model.evaluate(np.zeros((4, 3), np.float32), np.zeros(4, np.int32), verbose=0)
            entry.update(before_data=before, metrics_names=model.metrics_names)
        except Exception as error:
            entry.update(fails=type(error).__name__, message=str(error).strip().splitlines()[-1].strip())
        yield entry


one_thread()
emit("make_metrics.py", ABOUT, list(update_cases()) + list(resolve_cases()))
