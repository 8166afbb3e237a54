"""Losses: value and gradient with respect to y_pred, as a compiled model sees them."""

import numpy as np

from common import LABEL, array, emit, keras, number, one_thread, random_array, tf, wrapper_config

try:
    from tf_keras.src.engine.compile_utils import LossesContainer
except ImportError:
    from keras.engine.compile_utils import LossesContainer

K = keras.losses
ABOUT = (
    "The loss that a compiled model computes for labels y_true, output y_pred and optional sample weights (through Keras's "
    "LossesContainer, which also gives rank-1 labels and weights the rank of the output): value as logs show it, and the gradient with "
    "respect to y_pred. With `head`, y_pred are the inputs of that activation, which is the last op of the traced model; "
    "value and gradient are then taken through it (Keras uses the logits behind a Softmax or Sigmoid op directly)."
)


def case(name, loss, y_true, y_pred, sample_weight=None, head=None):
    y_pred = np.asarray(y_pred, np.float32)
    if sample_weight is not None:
        sample_weight = tf.constant(sample_weight, tf.float32)
    container = LossesContainer(loss)

    @tf.function
    def graph_run(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = container(tf.constant(y_true), keras.activations.get(head)(z), sample_weight)
        return value, tape.gradient(value, z)  # of the sum, where the value is a vector

    if head:
        value, gradient = graph_run(tf.constant(y_pred))
    else:
        z = tf.Variable(y_pred)
        with tf.GradientTape() as tape:
            value = container(tf.constant(y_true), tf.convert_to_tensor(z), sample_weight)
        gradient = tape.gradient(value, z)
    entry = {
        "name": name,
        "loss": {"class_name": type(loss).__name__, "config": wrapper_config(loss)},
        "y_true": array(y_true),
        "y_pred": array(y_pred),
        "sample_weight": None if sample_weight is None else array(sample_weight.numpy()),
        "value": number(container.metrics[0].result().numpy()),
        "gradient": array(gradient.numpy()),
    }
    if head:
        entry["head"] = head
    return entry


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return np.round(e / e.sum(-1, keepdims=True), 4).astype(np.float32)


def cases():
    rng = np.random.RandomState(11)
    n, k = 6, 4
    logits = random_array(rng, (n, k), 2.0)
    probabilities = softmax(logits)
    labels = rng.randint(0, k, n).astype(np.int32)
    one_hot = np.eye(k, dtype=np.float32)[labels]
    soft = softmax(random_array(rng, (n, k)))
    weight = np.array([0.5, 2, 0, 1, 1, 3])
    large = np.array([[100, -100, 0, 0], [-100, 100, 0, 0], [100, 100, -100, 0], [0, 0, 0, 0]], np.float32)
    hard = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0.2, 0.2, 0.1, 0], [1, 0, 0, 0]], np.float32)
    four = np.array([0, 0, 2, 3], np.int32)

    sparse = lambda **kw: K.SparseCategoricalCrossentropy(**kw)
    yield case("sparse-logits", sparse(from_logits=True), labels, logits)
    yield case("sparse-logits-weighted", sparse(from_logits=True), labels, logits, weight)
    yield case("sparse-logits-weighted-column", sparse(from_logits=True), labels, logits, weight[:, None])
    yield case("sparse-logits-column-labels", sparse(from_logits=True), labels[:, None], logits)
    yield case("sparse-logits-float-labels", sparse(from_logits=True), labels.astype(np.float32), logits)
    yield case("sparse-logits-float-column-labels", sparse(from_logits=True), labels[:, None].astype(np.float32), logits)
    yield case("sparse-logits-int64-labels", sparse(from_logits=True), labels.astype(np.int64), logits)
    yield case("sparse-logits-uint8-labels", sparse(from_logits=True), labels.astype(np.uint8), logits)
    yield case("sparse-logits-large", sparse(from_logits=True), four, large)
    yield case("sparse-logits-sum", sparse(from_logits=True, reduction="sum"), labels, logits, weight)
    yield case(
        "sparse-logits-sum-over-batch-size", sparse(from_logits=True, reduction="sum_over_batch_size"), labels, logits, weight
    )
    yield case("sparse-logits-3d", sparse(from_logits=True), labels.reshape(2, 3), logits.reshape(2, 3, k))
    yield case("sparse-probabilities", sparse(), labels, probabilities)
    yield case("sparse-probabilities-weighted", sparse(), labels, probabilities, weight)
    yield case("sparse-probabilities-extreme", sparse(), four, hard)
    yield case("sparse-softmax-head", sparse(), labels, logits, head="softmax")
    yield case("sparse-softmax-head-weighted", sparse(), labels, logits, weight, head="softmax")
    yield case("sparse-softmax-head-large", sparse(), four, large, head="softmax")

    categorical = lambda **kw: K.CategoricalCrossentropy(**kw)
    for key, target in [("one-hot", one_hot), ("soft", soft)]:
        yield case(f"categorical-logits-{key}", categorical(from_logits=True), target, logits)
        yield case(f"categorical-probabilities-{key}", categorical(), target, probabilities)
    yield case("categorical-logits-weighted", categorical(from_logits=True), one_hot, logits, weight)
    yield case("categorical-logits-int-labels", categorical(from_logits=True), one_hot.astype(np.int32), logits)
    yield case("categorical-logits-smoothing", categorical(from_logits=True, label_smoothing=0.1), one_hot, logits)
    yield case("categorical-logits-large", categorical(from_logits=True), np.eye(k, dtype=np.float32)[four], large)
    yield case("categorical-probabilities-weighted", categorical(), one_hot, probabilities, weight)
    yield case("categorical-probabilities-smoothing", categorical(label_smoothing=0.2), one_hot, probabilities)
    yield case("categorical-probabilities-extreme", categorical(), np.eye(k, dtype=np.float32)[four], hard)
    yield case("categorical-softmax-head", categorical(), one_hot, logits, head="softmax")
    yield case("categorical-softmax-head-smoothing", categorical(label_smoothing=0.1), one_hot, logits, head="softmax")
    yield case("categorical-softmax-head-large", categorical(), np.eye(k, dtype=np.float32)[four], large, head="softmax")

    binary = lambda **kw: K.BinaryCrossentropy(**kw)
    z1, p1 = logits[:, :1], np.round(1 / (1 + np.exp(-logits[:, :1])), 4).astype(np.float32)
    b1 = (labels[:, None] % 2).astype(np.float32)
    zk, pk = logits, np.round(1 / (1 + np.exp(-logits)), 4).astype(np.float32)
    bk = rng.randint(0, 2, (n, k)).astype(np.float32)
    edge_z = np.array([[100], [-100], [100], [-100], [0]], np.float32)
    edge_p = np.array([[1], [0], [1], [0], [0.5]], np.float32)
    edge_y = np.array([[1], [0], [0], [1], [1]], np.float32)
    for key, fl, one, many, edge in [("logits", True, z1, zk, edge_z), ("probabilities", False, p1, pk, edge_p)]:
        make = lambda fl=fl, **kw: binary(from_logits=fl, **kw)
        yield case(f"binary-{key}", make(), b1, one)
        yield case(f"binary-{key}-rank-1-labels", make(), b1[:, 0], one)
        yield case(f"binary-{key}-int-labels", make(), b1[:, 0].astype(np.int32), one)
        yield case(f"binary-{key}-weighted", make(), b1, one, weight)
        yield case(f"binary-{key}-many", make(), bk, many)
        yield case(f"binary-{key}-many-weighted", make(), bk, many, weight)
        yield case(f"binary-{key}-soft-labels", make(), soft, many)
        yield case(f"binary-{key}-smoothing", make(label_smoothing=0.2), bk, many)
        yield case(f"binary-{key}-extreme", make(), edge_y, edge)
    yield case("binary-sigmoid-head", binary(), b1, z1, head="sigmoid")
    yield case("binary-sigmoid-head-many-weighted", binary(), bk, zk, weight, head="sigmoid")
    yield case("binary-sigmoid-head-extreme", binary(), edge_y, edge_z, head="sigmoid")

    mse = lambda **kw: K.MeanSquaredError(**kw)
    target = random_array(rng, (n, 3))
    output = random_array(rng, (n, 3))
    yield case("mse", mse(), target, output)
    yield case("mse-weighted", mse(), target, output, weight)
    yield case("mse-sum", mse(reduction="sum"), target, output, weight)
    yield case("mse-one", mse(), target[:, :1], output[:, :1])
    yield case("mse-rank-1-labels", mse(), target[:, 0], output[:, :1])
    yield case("mse-rank-1-labels-weighted", mse(), target[:, 0], output[:, :1], weight)
    yield case("mse-int-labels", mse(), labels, output[:, :1])
    yield case("mse-broadcast-labels", mse(), target[:, :1], output)
    yield case("mse-3d", mse(), target.reshape(2, 3, 3), output.reshape(2, 3, 3))
    yield case("mse-none", mse(reduction="none"), target, output)
    yield case("mse-none-weighted", mse(reduction="none"), target, output, weight)

    yield case("sparse-logits-softmax-head", sparse(from_logits=True), labels, logits, head="softmax")
    yield case("categorical-logits-softmax-head", categorical(from_logits=True), one_hot, logits, head="softmax")
    yield case("binary-logits-sigmoid-head", binary(from_logits=True), b1, z1, head="sigmoid")
    if LABEL != "tf2.8":
        ignored = np.array([0, 255, 2, 3, 255, 1], np.int32)
        yield case("sparse-ignore-class", sparse(from_logits=True, ignore_class=255), ignored, logits)
        yield case("sparse-ignore-class-weighted", sparse(ignore_class=-1), np.where(ignored == 255, -1, ignored), probabilities, weight)
        yield case("sparse-ignore-class-sum", sparse(from_logits=True, ignore_class=255, reduction="sum"), ignored[:, None], logits, weight)
        yield case("sparse-ignore-class-3d", sparse(from_logits=True, ignore_class=2), labels.reshape(2, 3), logits.reshape(2, 3, k))
        focal = lambda **kw: K.CategoricalFocalCrossentropy(**kw)
        yield case("categorical-focal", focal(), one_hot, probabilities)
        yield case("categorical-focal-logits", focal(from_logits=True, alpha=0.5, gamma=1.5), one_hot, logits)
        yield case("categorical-focal-smoothing-weighted", focal(label_smoothing=0.1), one_hot, probabilities, weight)
        yield case("categorical-focal-softmax-head", focal(), one_hot, logits, head="softmax")
        yield case("categorical-focal-extreme", focal(), np.eye(k, dtype=np.float32)[four], hard)
        balanced = lambda **kw: K.BinaryFocalCrossentropy(apply_class_balancing=True, **kw)
        yield case("binary-focal-balanced", balanced(), bk, pk)
        yield case("binary-focal-balanced-alpha", balanced(alpha=0.4, gamma=3.0, from_logits=True), bk, zk, weight)
    focal = lambda **kw: K.BinaryFocalCrossentropy(**kw)
    yield case("binary-focal", focal(), bk, pk)
    yield case("binary-focal-logits-weighted", focal(from_logits=True, gamma=1.0), bk, zk, weight)
    yield case("binary-focal-smoothing", focal(label_smoothing=0.2), bk, pk)
    yield case("binary-focal-rank-1-labels", focal(), b1[:, 0].astype(np.int32), p1)
    yield case("binary-focal-sigmoid-head", focal(), b1, z1, head="sigmoid")
    yield case("binary-focal-logits-sigmoid-head", focal(from_logits=True), b1, z1, head="sigmoid")
    yield case("binary-focal-extreme-logits", focal(from_logits=True), edge_y, edge_z)

    # One set of edges for all functions of numbers: equal values, zeros, large and small ones, both signs.
    y_edge = np.array([[0, 0, 0], [1, -1, 2], [1e4, -1e4, 0], [0.5, 1e-8, 3], [1, 0, 1]], np.float32)
    p_edge = np.array([[0, 0, 0], [1, -1, 2], [-1e4, 1e4, 20], [1e-8, 0.5, -3], [2, -2, 1]], np.float32)
    for key, loss in [("mae", K.MeanAbsoluteError), ("mape", K.MeanAbsolutePercentageError),
                      ("msle", K.MeanSquaredLogarithmicError), ("cosine", K.CosineSimilarity), ("huber", K.Huber),
                      ("log-cosh", K.LogCosh), ("hinge", K.Hinge), ("squared-hinge", K.SquaredHinge),
                      ("categorical-hinge", K.CategoricalHinge)]:  # fmt: skip
        yield case(key, loss(), target, output)
        yield case(f"{key}-weighted", loss(), target, output, weight)
        yield case(f"{key}-sum", loss(reduction="sum"), target, output, weight)
        yield case(f"{key}-rank-1-labels", loss(), target[:, 0], output[:, :1])
        yield case(f"{key}-3d", loss(), target.reshape(2, 3, 3), output.reshape(2, 3, 3))
        yield case(f"{key}-edge", loss(), y_edge, p_edge)
    yield case("huber-delta", K.Huber(delta=0.25), target, output, weight)
    yield case("huber-delta-tie", K.Huber(delta=0.5), np.zeros((2, 2), np.float32), np.array([[0.5, -0.5], [0.75, 0.25]], np.float32))
    for key, loss in [("hinge", K.Hinge), ("squared-hinge", K.SquaredHinge)]:
        yield case(f"{key}-binary-labels", loss(), bk, zk)
        yield case(f"{key}-binary-int-labels", loss(), b1[:, 0].astype(np.int32), z1, weight)
        yield case(f"{key}-signed-labels", loss(), 2 * bk - 1, zk)
        yield case(f"{key}-mixed-labels", loss(), np.array([[0, 1], [-1, 1]], np.float32), np.array([[0.5, 1], [2, -0.5]], np.float32))
    yield case("categorical-hinge-one-hot", K.CategoricalHinge(), one_hot, probabilities, weight)
    yield case("categorical-hinge-ties", K.CategoricalHinge(), np.eye(3, dtype=np.float32), np.array([[0, 1, 1], [0.5, 0, 0.5], [1, 1, 1]], np.float32))
    counts = np.array([[0, 1, 4], [2, 0, 7], [1, 1, 0], [30, 0, 0], [3, 2, 1], [0, 0, 0]], np.float32)
    rates = np.round(np.abs(output) + 0.1, 3).astype(np.float32)
    rates[2, 2] = 0
    yield case("poisson", K.Poisson(), counts, rates)
    yield case("poisson-weighted", K.Poisson(), counts, rates, weight)
    yield case("poisson-int-labels", K.Poisson(), counts[:, 0].astype(np.int32), rates[:, :1])
    for key, p in [("", probabilities), ("-weighted", probabilities), ("-edge", np.tile(np.array([[0, 1, 2, -1]], np.float32), (n, 1)))]:
        yield case(f"kl-divergence{key}", K.KLDivergence(), soft, p, weight if key == "-weighted" else None)
    yield case("kl-divergence-one-hot", K.KLDivergence(), one_hot, probabilities)


one_thread()
emit("make_losses.py", ABOUT, list(cases()))
