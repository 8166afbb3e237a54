"""Metrics: the result after each of several batches; what 'accuracy' and other strings become."""

import numpy as np

from common import LABEL, array, emit, keras, number, one_thread, random_array, tf, wrapper_config

try:
    from tf_keras.src.engine.compile_utils import MetricsContainer
    from tf_keras.src.metrics.base_metric import MeanMetricWrapper
except ImportError:
    from keras.engine.compile_utils import MetricsContainer
    from keras.metrics import MeanMetricWrapper

M = keras.metrics
ABOUT = (
    "kind `updates`: one metric as a compiled model runs it as a weighted metric (Keras's MetricsContainer, which gives "
    "rank-1 labels and weights the rank of the output): its result after each batch. kind `resolve`: what a metric given "
    "as a string becomes for a model with that output and those labels: Keras function or class, and displayed name."
)


def updates(name, metric, batches, direct=False, single=False):
    """direct: updated without the container, whose weights [batch, 1] some metrics do not take as one a sample. single:
    the result is a vector of one."""
    result = lambda: number(np.squeeze(metric.result().numpy()) if single else metric.result().numpy())
    container = MetricsContainer(weighted_metrics=[metric])
    config = wrapper_config(metric)
    is_function = type(metric).__name__ == "MeanMetricWrapper"
    class_name = metric._fn.__name__ if is_function else type(metric).__name__
    steps = []
    try:
        initial = result()
    except Exception:  # the state waits for the first batch
        initial = None
    for y_true, y_pred, *rest in batches:
        weight = rest[0] if rest else None
        tensors = (
            tf.constant(y_true),
            tf.constant(y_pred),
            None if weight is None else tf.constant(weight, tf.float32),
        )
        if direct:
            metric.update_state(*tensors)
        else:
            container.update_state(*tensors)
        steps.append(
            {
                "y_true": array(y_true),
                "y_pred": array(y_pred),
                "sample_weight": None if weight is None else array(np.asarray(weight, np.float32)),
                "result": result(),
            }
        )
    entry = {
        "name": name,
        "kind": "updates",
        "metric": {"class_name": class_name, "config": config},
        "updates": steps,
    }
    if initial is not None:
        entry["initial"] = initial
    return entry


def named(function, **arguments):
    """A function as compile makes it a metric."""
    return MeanMetricWrapper(function, name=function.__name__, **arguments)


def weighted(batches, rng):
    return [(t, p, np.round(rng.rand(len(t)) * 2, 2)) for t, p in batches]


def weighed(batches):
    """The same weights for every case, so that a case that only one version has leaves the others as they are."""
    return weighted(batches, np.random.RandomState(37))


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
    yield from function_cases(regression, binary_many, sparse, categorical, one_hot)
    yield from regression_cases(regression)
    yield from confusion_cases()
    yield from iou_cases()


def function_cases(regression, binary_many, sparse, categorical, one_hot):
    edge = [(np.array([[0, 0], [1, -1], [1e4, 0]], np.float32), np.array([[0, 0], [1, -1], [-1e4, 20]], np.float32))]
    for key, metric in [("mean-absolute-error", M.MeanAbsoluteError),
                        ("mean-absolute-percentage-error", M.MeanAbsolutePercentageError),
                        ("mean-squared-logarithmic-error", M.MeanSquaredLogarithmicError),
                        ("root-mean-squared-error", M.RootMeanSquaredError), ("cosine-similarity", M.CosineSimilarity),
                        ("log-cosh-error", M.LogCoshError), ("hinge", M.Hinge), ("squared-hinge", M.SquaredHinge),
                        ("categorical-hinge", M.CategoricalHinge)]:  # fmt: skip
        yield updates(key, metric(), regression)
        yield updates(f"{key}-weighted", metric(), weighed(regression))
        yield updates(f"{key}-edge", metric(), edge)
        yield updates(f"{key}-rank-1-labels", metric(), [(t[:, 0], p[:, :1]) for t, p in regression])
    yield updates("hinge-binary-labels", M.Hinge(), binary_many)
    counts = [(np.floor(np.abs(t) * 3), np.abs(p).astype(np.float32)) for t, p in regression]
    yield updates("poisson", M.Poisson(), [(t.astype(np.int32), p) for t, p in counts])
    yield updates("poisson-weighted", M.Poisson(), weighed([(t.astype(np.float32), p) for t, p in counts]))
    yield updates("kl-divergence", M.KLDivergence(), one_hot)
    yield updates("kl-divergence-weighted", M.KLDivergence(), weighed(one_hot))
    L = keras.losses
    yield updates("huber", named(L.huber, delta=1.0), weighed(regression))
    yield updates("binary-focal-crossentropy", named(L.binary_focal_crossentropy, gamma=2.0, from_logits=False, label_smoothing=0.0), weighed(binary_many))
    if LABEL != "tf2.8":
        yield updates("categorical-focal-crossentropy", named(L.categorical_focal_crossentropy, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0), weighed(one_hot))
        ignored = [(np.where(y == 0, 255, y).astype(np.int32), z) for y, z in sparse]
        for key, batches in [("", ignored), ("-weighted", weighed(ignored))]:
            metric = M.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
            yield updates(f"sparse-categorical-crossentropy-ignore-class{key}", metric, batches)
    odd = [(np.array([0, 1, 2, 3, 3, 2], np.int32), np.array([[np.nan, 0, 0, 0], [0, np.inf, 0, 0], [0, 1, -np.inf, 0],
           [3, 3, 3, 3], [1, 1, 1, 0], [0.5, 0.5, 0.5, 0.75]], np.float32))]  # fmt: skip
    for k in (1, 2, 3, 5):
        yield updates(f"sparse-top-k-categorical-accuracy-{k}", M.SparseTopKCategoricalAccuracy(k=k), sparse)
        yield updates(f"sparse-top-k-categorical-accuracy-odd-{k}", M.SparseTopKCategoricalAccuracy(k=k), odd)
        yield updates(f"top-k-categorical-accuracy-{k}", M.TopKCategoricalAccuracy(k=k), weighed(categorical))
    yield updates("top-k-categorical-accuracy", M.TopKCategoricalAccuracy(), categorical)
    yield updates("sparse-top-k-categorical-accuracy-column-labels", M.SparseTopKCategoricalAccuracy(k=2), [(y[:, None], z) for y, z in sparse])


def regression_cases(regression):
    rng = np.random.RandomState(41)
    yield updates("mean-relative-error", M.MeanRelativeError(normalizer=2.0, name="relative"), regression)
    for key, normalizer in [("one", [4.0]), ("many", [1.0, 0.0, 3.0])]:
        metric = M.MeanRelativeError(normalizer=normalizer, name="relative")
        yield updates(f"mean-relative-error-{key}", metric, weighed(regression))
    if LABEL == "tf2.8":
        return
    one = [(t[:, :1], p[:, :1]) for t, p in regression]
    yield updates("r2-score", M.R2Score(), regression)
    yield updates("r2-score-weighted", M.R2Score(), weighed(regression))
    yield updates("r2-score-rank-1-labels", M.R2Score(), [(t[:, 0], p) for t, p in one])
    yield updates("r2-score-variance-weighted", M.R2Score(class_aggregation="variance_weighted_average"), regression)
    yield updates("r2-score-none", M.R2Score(class_aggregation=None), one, single=True)
    for n in (2, 20):
        yield updates(f"r2-score-adjusted-{n}", M.R2Score(num_regressors=n), regression)
    yield updates("r2-score-constant", M.R2Score(), [(np.ones((3, 1), np.float32), p[:3, :1]) for _, p in regression[:1]])
    classes = []
    for n in (6, 4, 1):
        p = np.round(rng.rand(n, 3), 1).astype(np.float32)
        p[0] = [0.5, 0.5, 0]
        classes.append((np.eye(3, dtype=np.float32)[rng.randint(0, 3, n)], p))
    classes.append((np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32)))
    for average in ("micro", "macro", "weighted"):
        yield updates(f"f1-score-{average}", M.F1Score(average=average), classes)
        yield updates(f"f1-score-{average}-weighted", M.F1Score(average=average), weighed(classes), direct=True)
        yield updates(f"fbeta-score-{average}", M.FBetaScore(average=average, beta=2.0, threshold=0.4), classes)
    one = [(t[:, :1], p[:, :1]) for t, p in classes]
    yield updates("f1-score-one", M.F1Score(threshold=0.5), one, single=True)
    yield updates("fbeta-score-one", M.FBetaScore(beta=0.5, threshold=0.5), one, single=True)


def confusion_cases():
    rng = np.random.RandomState(43)
    one, many, logits = [], [], []
    for n in (8, 5, 1):
        p = np.round(rng.rand(n, 1), 2).astype(np.float32)
        p[0] = 0.5
        one.append((rng.randint(0, 2, (n, 1)).astype(np.float32), p))
        q = np.round(rng.rand(n, 4), 1).astype(np.float32)
        many.append((np.eye(4, dtype=np.float32)[rng.randint(0, 4, n)], q))
        logits.append((one[-1][0], random_array(rng, (n, 1), 2.0)))
    edges = [(np.array([[1], [0], [1], [0], [1]], np.float32), np.array([[0], [0], [1], [1], [0.5]], np.float32))]
    outside = [(np.array([[1], [0], [1], [0]], np.float32), np.array([[-3], [-0.5], [7], [1.5]], np.float32))]
    none = [(np.zeros((3, 1), np.float32), np.full((3, 1), 0.25, np.float32))]
    all_ = [(np.ones((3, 1), np.float32), np.full((3, 1), 0.75, np.float32))]
    sets = [("", one), ("-weighted", weighed(one)), ("-many", many), ("-many-weighted", weighed(many)),
            ("-edges", edges), ("-no-positives", none), ("-no-negatives", all_),
            ("-int-labels", [(t[:, 0].astype(np.int32), p) for t, p in one])]  # fmt: skip
    by_weight = weighed(many)
    if LABEL != "tf2.8":  # which refuses them
        sets.append(("-outside", outside))
    for key, make in [("true-positives", M.TruePositives), ("false-positives", M.FalsePositives),
                      ("true-negatives", M.TrueNegatives), ("false-negatives", M.FalseNegatives),
                      ("precision", M.Precision), ("recall", M.Recall)]:  # fmt: skip
        for suffix, batches in sets:
            yield updates(key + suffix, make(name="x"), batches)
        yield updates(f"{key}-threshold", make(thresholds=0.3, name="x"), many)
        yield updates(f"{key}-list", make(thresholds=[0.7], name="x"), many)
    for key, make in [("precision", M.Precision), ("recall", M.Recall)]:
        for k in (1, 2, 4):
            yield updates(f"{key}-top-{k}", make(top_k=k, name="x"), weighed(many))
        yield updates(f"{key}-top-2-class", make(top_k=2, class_id=1, name="x"), many)
        yield updates(f"{key}-top-2-threshold", make(top_k=2, thresholds=0.6, name="x"), many)
        yield updates(f"{key}-class", make(class_id=3, name="x"), many)
        if LABEL != "tf2.8":  # which cannot weight one class
            yield updates(f"{key}-class-weighted", make(class_id=3, name="x"), by_weight)
    for key, make in [("sensitivity-at-specificity", M.SensitivityAtSpecificity),
                      ("specificity-at-sensitivity", M.SpecificityAtSensitivity),
                      ("precision-at-recall", M.PrecisionAtRecall), ("recall-at-precision", M.RecallAtPrecision)]:  # fmt: skip
        for suffix, batches in sets:
            yield updates(key + suffix, make(0.6, name="x"), batches)
        for n in (1, 2, 7):
            yield updates(f"{key}-{n}", make(0.4, num_thresholds=n, name="x"), many)
        yield updates(f"{key}-class", make(0.5, class_id=2, name="x"), many)
        if LABEL != "tf2.8":
            yield updates(f"{key}-class-weighted", make(0.5, class_id=2, name="x"), by_weight)
        yield updates(f"{key}-all", make(1.0, name="x"), one)
        yield updates(f"{key}-any", make(0.0, name="x"), one)
    for curve in ("ROC", "PR") if LABEL == "tf2.8" else ("ROC", "PR", "PR_GAIN"):
        for method in ("interpolation", "majoring", "minoring"):
            make = lambda **kw: M.AUC(curve=curve, summation_method=method, name="x", **kw)
            for suffix, batches in sets:
                yield updates(f"auc-{curve}-{method}{suffix}", make(), batches)
            yield updates(f"auc-{curve}-{method}-5", make(num_thresholds=5), many)
            yield updates(f"auc-{curve}-{method}-2", make(num_thresholds=2), one)
            yield updates(f"auc-{curve}-{method}-list", make(thresholds=[0.9, 0.1, 0.35]), many)
            yield updates(f"auc-{curve}-{method}-even-list", make(thresholds=[0.25, 0.5, 0.75]), weighed(many))
    if LABEL != "tf2.8":  # which does not write the argument
        yield updates("auc-logits", M.AUC(from_logits=True, name="x"), weighed(logits))


def iou_cases():
    rng = np.random.RandomState(47)
    sparse, binary, hot = [], [], []
    for n in (6, 3, 1):
        y = rng.randint(0, 3, (n, 1))
        sparse.append((y.astype(np.int32), np.round(rng.rand(n, 1) * 2.9, 1).astype(np.float32)))
        binary.append((rng.randint(0, 2, (n, 1)).astype(np.float32), np.round(rng.rand(n, 1), 1).astype(np.float32)))
        hot.append((np.eye(3, dtype=np.float32)[y[:, 0]], np.round(rng.rand(n, 3), 1).astype(np.float32)))
    for suffix, of in [("", lambda x: x), ("-weighted", lambda x: weighed(x))]:
        yield updates(f"mean-iou{suffix}", M.MeanIoU(num_classes=3, name="x"), of(sparse))
        yield updates(f"iou{suffix}", M.IoU(num_classes=4, target_class_ids=[0, 2, 2, 3], name="x"), of(sparse))
        yield updates(f"binary-iou{suffix}", M.BinaryIoU(name="x"), of(binary))
        yield updates(f"binary-iou-one{suffix}", M.BinaryIoU(target_class_ids=[1], threshold=0.3, name="x"), of(binary))
        yield updates(f"one-hot-iou{suffix}", M.OneHotIoU(num_classes=3, target_class_ids=[0, 1], name="x"), of(hot))
        yield updates(f"one-hot-mean-iou{suffix}", M.OneHotMeanIoU(num_classes=3, name="x"), of(hot))
    yield updates("mean-iou-rank-1-labels", M.MeanIoU(num_classes=3, name="x"), [(y[:, 0], p) for y, p in sparse])
    if LABEL == "tf2.8":
        return
    ignored = [(np.where(y == 0, 255, y).astype(np.int32), p) for y, p in sparse]
    yield updates("mean-iou-ignore-class", M.MeanIoU(num_classes=3, ignore_class=255, name="x"), weighed(ignored))
    yield updates("iou-ignore-class", M.IoU(num_classes=3, target_class_ids=[1], ignore_class=0, name="x"), sparse)
    dense = [(y[:, 0].astype(np.int32), p) for y, p in zip([s[0] for s in sparse], [h[1] for h in hot])]
    yield updates("mean-iou-dense", M.MeanIoU(num_classes=3, sparse_y_pred=False, name="x"), [(y[:, None], p) for y, p in dense])
    both = M.IoU(num_classes=3, target_class_ids=[0, 1], sparse_y_true=False, sparse_y_pred=False, name="x")
    yield updates("iou-one-hot", both, hot)
    columns = [(h[0], s[1]) for h, s in zip(hot, sparse)]
    yield updates("one-hot-iou-sparse", M.OneHotMeanIoU(num_classes=3, sparse_y_pred=True, name="x"), columns)


STRINGS = [
    "accuracy", "acc", "crossentropy", "ce", "mse", "MSE", "mean_squared_error", "MeanSquaredError",
    "sparse_categorical_accuracy", "SparseCategoricalAccuracy", "categorical_accuracy", "CategoricalAccuracy",
    "binary_accuracy", "BinaryAccuracy", "Accuracy", "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy",
    "categorical_crossentropy", "binary_crossentropy", "BinaryCrossentropy",
    "mae", "MAPE", "msle", "logcosh", "log_cosh", "LogCoshError", "kullback_leibler_divergence", "KLDivergence", "hinge",
    "squared_hinge", "categorical_hinge", "poisson", "cosine_similarity", "cosine_proximity", "RootMeanSquaredError",
    "top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy", "AUC", "Precision", "TruePositives", "BinaryIoU",
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
