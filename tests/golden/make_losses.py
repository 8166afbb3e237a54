"""Losses: value and gradient with respect to y_pred, as a compiled model sees them."""

import numpy as np

from common import array, emit, keras, number, one_thread, random_array, tf, wrapper_config

try:
    from tf_keras.src.engine.compile_utils import LossesContainer
except ImportError:
    from keras.engine.compile_utils import LossesContainer

K = keras.losses
ABOUT = (
    "The loss that a compiled model computes for labels y_true, output y_pred and optional sample weights (through Keras's "
    "LossesContainer, which also gives rank-1 labels and weights the rank of the output): value, and the gradient with "
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
        return value, tape.gradient(value, z)

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
        "value": number(value.numpy()),
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


one_thread()
emit("make_losses.py", ABOUT, list(cases()))
