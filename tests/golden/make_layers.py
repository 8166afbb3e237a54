"""Layers: output of one call, and gradients of sum(output * c) with respect to input and weights."""

import numpy as np

from common import array, emit, keras, one_thread, plain, random_array, short_name, tf, weight_list

L = keras.layers
ABOUT = (
    "For each layer (config as Keras serialises it), input, weights in the order of layer.weights and training flag: "
    "the output, and the gradients of sum(output * c) with respect to the input and to each trainable weight. "
    "`weights_after` are the values after the call where it changes them (BatchNormalization, training)."
)


def case(name, layer, x, training=False, weights=None, seed=0):
    rng = np.random.RandomState(seed + 1000)
    x = np.asarray(x, np.float32)
    layer.build(x.shape)
    if weights is None:
        weights = []
        for variable in layer.weights:
            value = random_array(rng, variable.shape, 0.5)
            if "variance" in variable.name or "gamma" in variable.name:
                value = np.round(np.abs(value) + np.float32(0.5), 3).astype(np.float32)
            weights.append(value)
    layer.set_weights(weights)
    names = [short_name(v) for v in layer.weights]
    inputs = tf.Variable(x)
    with tf.GradientTape() as tape:
        output = layer(inputs, training=training)
        c = random_array(rng, output.shape)
        target = tf.reduce_sum(output * c)
    sources = [inputs] + list(layer.trainable_weights)
    gradients = tape.gradient(target, sources, unconnected_gradients="zero")
    entry = {
        "name": name,
        "layer": {"class_name": type(layer).__name__, "config": plain(layer.get_config())},
        "training": training,
        "input": array(x),
        "weights": weight_list(names, weights),
        "output": array(output.numpy()),
        "c": array(c),
        "input_gradient": array(gradients[0].numpy()),
        "weight_gradients": weight_list(
            [short_name(v) for v in layer.trainable_weights], [g.numpy() for g in gradients[1:]]
        ),
    }
    after = layer.get_weights()
    if any((a != b).any() for a, b in zip(after, weights)):
        entry["weights_after"] = weight_list(names, after)
    return entry


def cases():
    rng = np.random.RandomState(7)
    for activation in ["linear", "relu", "softmax", "sigmoid", "tanh"]:
        yield case(
            f"dense-{activation}",
            L.Dense(4, activation=None if activation == "linear" else activation, name="dense"),
            random_array(rng, (6, 5)),
            seed=len(activation),
        )
    yield case("dense-no-bias", L.Dense(4, use_bias=False, name="dense"), random_array(rng, (6, 5)))
    yield case("dense-3d", L.Dense(4, activation="relu", name="dense"), random_array(rng, (2, 3, 5)))
    yield case("dense-3d-softmax", L.Dense(4, activation="softmax", name="dense"), random_array(rng, (2, 3, 5)))
    yield case("dense-odd-sizes", L.Dense(13, activation="tanh", name="dense"), random_array(rng, (9, 37), 0.3))
    yield case("dense-one-unit", L.Dense(1, activation="sigmoid", name="dense"), random_array(rng, (7, 3)))
    yield case("dense-batch-of-one", L.Dense(3, activation="relu", name="dense"), random_array(rng, (1, 8)))

    edge = np.array([[0.0, -0.0, 1.0, -1.0, 30.0, -30.0], [88.0, -88.0, 0.5, 100.0, -100.0, 1e-4]], np.float32)
    for activation in ["linear", "relu", "softmax", "sigmoid", "tanh"]:
        layer = lambda a=activation: L.Activation(a, name="activation")
        yield case(f"activation-{activation}", layer(), random_array(rng, (4, 7), 2.0))
        yield case(f"activation-{activation}-3d", layer(), random_array(rng, (2, 3, 5), 2.0))
        yield case(f"activation-{activation}-extreme", layer(), edge)
    yield case("activation-relu-4d", L.Activation("relu", name="activation"), random_array(rng, (2, 2, 3, 2)))

    for shape in [(3, 4), (2, 3, 4), (2, 3, 2, 2)]:
        yield case(f"flatten-{len(shape)}d", L.Flatten(name="flatten"), random_array(rng, shape))

    yield case("dropout-inference", L.Dropout(0.4, name="dropout"), random_array(rng, (3, 5)))
    yield case("dropout-rate-0-training", L.Dropout(0.0, name="dropout"), random_array(rng, (3, 5)), training=True)

    bn = lambda **kw: L.BatchNormalization(name="batch_normalization", **kw)
    shapes = {"2d": (8, 5), "3d": (4, 3, 5), "4d": (2, 3, 4, 5)}
    for key, shape in shapes.items():
        for training in [False, True]:
            mode = "training" if training else "inference"
            yield case(f"batch-normalization-{key}-{mode}", bn(), random_array(rng, shape, 2.0), training)
    for training in [False, True]:
        mode = "training" if training else "inference"
        x = random_array(rng, (8, 5), 2.0)
        yield case(f"batch-normalization-no-scale-{mode}", bn(scale=False), x, training)
        yield case(f"batch-normalization-no-center-{mode}", bn(center=False), x, training)
        yield case(f"batch-normalization-plain-{mode}", bn(center=False, scale=False), x, training)
        yield case(f"batch-normalization-momentum-epsilon-{mode}", bn(momentum=0.7, epsilon=0.01), x, training)
        x = random_array(rng, (2, 2, 3, 4), 2.0)
        yield case(
            f"batch-normalization-4d-no-scale-center-{mode}",
            bn(center=False, scale=False, momentum=0.5, epsilon=0.02),
            x,
            training,
        )
    yield case("batch-normalization-offset-data-training", bn(), random_array(rng, (16, 3)) + np.float32(50), True)
    yield case("batch-normalization-constant-data-training", bn(), np.full((6, 3), 2.5), True)
    yield case("batch-normalization-batch-of-one-training", bn(), random_array(rng, (1, 4)), True)
    frozen = bn()
    frozen.trainable = False
    yield case("batch-normalization-frozen-training", frozen, random_array(rng, (8, 5), 2.0), True)
    frozen = L.Dense(3, activation="relu", name="dense", trainable=False)
    yield case("dense-frozen", frozen, random_array(rng, (4, 5)), True)
    yield case("input-layer", L.InputLayer(input_shape=(5,), name="input_1"), random_array(rng, (3, 5)))


one_thread()
emit("make_layers.py", ABOUT, list(cases()))
