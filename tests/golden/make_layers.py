"""Layers: output of one call, and gradients of sum(output * c) with respect to input and weights."""

import numpy as np

from common import LABEL, array, emit, keras, one_thread, plain, random_array, short_name, tf, weight_list

if LABEL == "tf2.21":
    import keras as keras3

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
    if entry["layer"]["config"].get("invert") is False:  # 2.8 has no such argument
        del entry["layer"]["config"]["invert"]
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
    yield from activation_cases(rng, edge)
    yield from function_cases(rng, edge)
    yield from shape_cases(rng)
    yield from noise_cases(rng)
    yield from normalization_cases(rng)


KERAS_2 = ["elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "log_softmax", "relu6", "selu", "silu"]
KERAS_2 += ["softplus", "softsign", "swish"]
NEWER = ["mish"]  # in tf-keras 2.21 but not in 2.8
KERAS_3 = ["celu", "glu", "hard_shrink", "hard_silu", "hard_swish", "hard_tanh", "log_sigmoid", "soft_shrink"]
KERAS_3 += ["sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh_shrink"]


def activation_cases(rng, edge):
    # Where formulas change: 0, 0.5, 1, 2.5, 3, 6 and their negatives. 88 is the last whole number whose exp is finite.
    knots = np.array([[0.5, -0.5, 1.0, -1.0, 2.5, -2.5, 3.0, -3.0], [6.0, -6.0, 0.0, 2.0, -2.0, 20.0, -20.0, 1e-6]], np.float32)
    inputs = {"": random_array(rng, (4, 6), 2.0), "-4d": random_array(rng, (2, 2, 3, 2), 2.0)}
    inputs |= {"-batch-of-one": random_array(rng, (1, 8)), "-extreme": edge, "-knots": knots}
    for activation in KERAS_2 + (NEWER + KERAS_3 if LABEL == "tf2.21" else []):
        for key, x in inputs.items():
            function = activation
            if activation == "exponential" and key == "-extreme":
                x = np.minimum(x, 80)
            if activation in KERAS_3:
                function = keras3.activations.get(activation)
            entry = case(f"activation-{activation}{key}", L.Activation(function, name="activation"), x)
            # Some have another name inside of TensorFlow, which Keras could not read again.
            entry["layer"]["config"]["activation"] = activation
            yield entry


def function_cases(rng, edge):
    layers = {
        "relu": L.ReLU(),
        "relu-6": L.ReLU(max_value=6.0),
        "relu-slope": L.ReLU(negative_slope=0.25),
        "relu-all": L.ReLU(max_value=2.0, negative_slope=0.25, threshold=0.5),
        "relu-6-slope": L.ReLU(max_value=6.0, negative_slope=0.5),
        "relu-threshold": L.ReLU(threshold=0.5),
        "leaky-relu": L.LeakyReLU(),
        "leaky-relu-alpha": L.LeakyReLU(alpha=0.1),
        "leaky-relu-0": L.LeakyReLU(alpha=0.0),
        "elu": L.ELU(),
        "elu-alpha": L.ELU(alpha=0.3),
        "thresholded-relu": L.ThresholdedReLU(),
        "thresholded-relu-theta": L.ThresholdedReLU(theta=0.5),
        "thresholded-relu-0": L.ThresholdedReLU(theta=0.0),
        "softmax": L.Softmax(),
    }
    for key, layer in layers.items():
        layer._name = "layer"
        for shape, x in {"": random_array(rng, (4, 6), 2.0), "-4d": random_array(rng, (2, 2, 3, 2)), "-extreme": edge}.items():
            yield case(f"layer-{key}{shape}", layer, x)
        yield case(f"layer-{key}-knots", layer, [[0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 6.0, -6.0]])
    for axis in [1, -2, [1], [1, 2], [1, 3], [-1]]:
        key = str(axis).strip("[]").replace(", ", "-")
        x = random_array(rng, (2, 3, 4, 2), 2.0)
        kind = "list" if isinstance(axis, list) else "axis"
        yield case(f"layer-softmax-{kind}-{key}", L.Softmax(axis=axis, name="layer"), x)
    yield case("layer-softmax-axis-extreme", L.Softmax(axis=1, name="layer"), np.stack([edge, edge[::-1] * 2], 1))
    for axes in [None, [1], [1, 2], 1]:
        for shape in [(3, 4), (2, 3, 4), (2, 3, 2, 2)]:
            if axes == [1, 2] and len(shape) == 2:
                continue
            key = "all" if axes is None else str(axes).replace("[", "list-").strip("]").replace(", ", "-")
            layer = L.PReLU(shared_axes=axes, name="layer")
            yield case(f"layer-prelu-{key}-{len(shape)}d", layer, random_array(rng, shape, 2.0))
    yield case("layer-prelu-extreme", L.PReLU(alpha_initializer="he_normal", name="layer"), edge)
    for key, activation in {"leaky-relu": L.LeakyReLU(alpha=0.1, name="inner"), "softmax": L.Softmax(name="inner")}.items():
        yield case(f"dense-activation-layer-{key}", L.Dense(3, activation=activation, name="dense"), random_array(rng, (4, 5)))
    layer = L.Activation(L.ELU(alpha=0.5, name="inner"), name="activation")
    yield case("activation-layer-elu", layer, random_array(rng, (4, 5)))


def shape_cases(rng):
    for key, shape, target in [
        ("2d", (3, 12), (3, 4)),
        ("unknown", (3, 12), (2, -1, 3)),
        ("flat", (2, 3, 4), (12,)),
        ("flat-unknown", (2, 3, 4), (-1,)),
        ("4d", (1, 2, 3, 2), (6, 2)),
    ]:
        yield case(f"reshape-{key}", L.Reshape(target, name="reshape"), random_array(rng, shape))
    for dims, shape in [((1,), (3, 4)), ((2, 1), (2, 3, 4)), ((3, 1, 2), (2, 3, 4, 2)), ((2, 3, 1), (1, 2, 3, 5))]:
        key = "".join(map(str, dims))
        yield case(f"permute-{key}", L.Permute(dims, name="permute"), random_array(rng, shape))
    for n in [1, 3]:
        yield case(f"repeat-vector-{n}", L.RepeatVector(n, name="repeat_vector"), random_array(rng, (4, 5)))
    for shape in [(3, 4), (2, 3, 4), (2, 3, 2, 2)]:
        layer = L.Flatten(data_format="channels_first", name="flatten")
        yield case(f"flatten-channels-first-{len(shape)}d", layer, random_array(rng, shape))
    for key, settings in {
        "": dict(scale=1 / 255),
        "-offset": dict(scale=2.0, offset=-1.0),
        "-lists": dict(scale=[0.5, 2.0, -1.0], offset=[1.0, 0.0, 3.0]),
        "-list-and-number": dict(scale=[0.5, 2.0, -1.0], offset=0.5),
    }.items():
        for shape in [(4, 3), (2, 2, 2, 3)]:
            yield case(f"rescaling{key}-{len(shape)}d", L.Rescaling(name="rescaling", **settings), random_array(rng, shape))
    for training in [False, True]:
        layer = L.ActivityRegularization(l1=0.5, l2=0.25, name="layer")
        yield case(f"activity-regularization-{training}".lower(), layer, random_array(rng, (3, 4)), training)


def noise_cases(rng):
    layers = {
        "spatial-dropout1d": lambda amount, **kw: L.SpatialDropout1D(amount, name="layer", **kw),
        "alpha-dropout": lambda amount, **kw: L.AlphaDropout(amount, name="layer", **kw),
        "gaussian-dropout": lambda amount, **kw: L.GaussianDropout(amount, name="layer", **kw),
        "gaussian-noise": lambda amount, **kw: L.GaussianNoise(amount, name="layer", **kw),
    }
    for key, make in layers.items():
        x = random_array(rng, (2, 3, 4))
        yield case(f"{key}-inference", make(0.4), x)
        yield case(f"{key}-inference-seed", make(0.4, seed=3), x)
        if key != "gaussian-noise":
            yield case(f"{key}-rate-0-training", make(0.0), x, training=True)
    layer = L.Dropout(0.4, noise_shape=(None, 1, 4), name="layer")
    yield case("dropout-noise-shape-inference", layer, random_array(rng, (2, 3, 4)))
    # Keras does nothing at a rate of 1.
    yield case("gaussian-dropout-rate-1-training", layers["gaussian-dropout"](1.0), random_array(rng, (3, 4)), True)
    yield case("alpha-dropout-rate-1-training", layers["alpha-dropout"](1.0), random_array(rng, (3, 4)), True)


def normalization_cases(rng):
    ln = lambda **kw: L.LayerNormalization(name="layer_normalization", **kw)
    shapes = {"2d": (4, 5), "3d": (2, 3, 4), "4d": (2, 2, 3, 4), "batch-of-one": (1, 6)}
    for key, shape in shapes.items():
        yield case(f"layer-normalization-{key}", ln(), random_array(rng, shape, 2.0), seed=len(shape))
    for axis in [1, 2, [1, 2], [-1, -2], [2, 3], [1, 3], [1, 2, 3], [3]]:
        key = str(axis).replace("[", "list-").strip("]").replace(", ", "-")
        yield case(f"layer-normalization-axis-{key}", ln(axis=axis), random_array(rng, (2, 2, 3, 4), 2.0))
    x = random_array(rng, (3, 5), 2.0)
    yield case("layer-normalization-no-scale", ln(scale=False), x)
    yield case("layer-normalization-no-center", ln(center=False), x)
    yield case("layer-normalization-plain", ln(center=False, scale=False), x)
    yield case("layer-normalization-epsilon", ln(epsilon=0.1), x)
    yield case("layer-normalization-small-epsilon", ln(epsilon=1e-6), x)
    yield case("layer-normalization-small-epsilon-no-scale", ln(epsilon=1e-6, scale=False), x)
    yield case("layer-normalization-offset-data", ln(), random_array(rng, (3, 8)) + np.float32(8))
    yield case("layer-normalization-constant-data", ln(), np.full((3, 4), 2.5))
    yield case("layer-normalization-training", ln(), x, True)

    numbers = dict(mean=0.5, variance=2.0)
    lists = dict(mean=[0.5, 1.0, -2.0], variance=[2.0, 0.25, 0.0])
    for key, settings in {"number": numbers, "lists": lists}.items():
        for shape in [(4, 3), (2, 2, 2, 3)]:
            layer = L.Normalization(name="normalization", **settings)
            yield case(f"normalization-{key}-{len(shape)}d", layer, random_array(rng, shape))
    yield case("normalization-no-axis", L.Normalization(axis=None, name="normalization", **numbers), random_array(rng, (3, 4)))
    nested = dict(mean=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], variance=[[1.0], [4.0]])
    layer = L.Normalization(axis=[1, -1], name="normalization", **nested)
    yield case("normalization-nested", layer, random_array(rng, (2, 2, 2, 3)))
    x, x4 = random_array(rng, (4, 3)), random_array(rng, (2, 3, 2, 2))
    if LABEL == "tf2.21":
        layer = L.Normalization(invert=True, name="normalization", **lists)
        yield case("normalization-invert", layer, x)
        for axis in [-1, 1, [1, 2], [-1, 1]]:
            key = str(axis).replace("[", "list-").strip("]").replace(", ", "-")
            yield case(f"unit-normalization-{key}", L.UnitNormalization(axis=axis, name="layer"), x4)
        yield case("unit-normalization-zeros", L.UnitNormalization(name="layer"), np.zeros((2, 3)))
    for key, axis, shape in [
        ("", -1, (12, 3)),
        ("-4d", -1, (6, 2, 3, 2)),
        ("-axis-1", 1, (6, 2, 3, 2)),
        ("-list", [1, 3], (6, 2, 3, 2)),
        ("-none", None, (6, 2, 3)),
        ("-all", [1, 2], (40, 2, 3)),
        ("-one-sample", -1, (1, 3)),
    ]:
        yield adapt_case(f"normalization-adapt{key}", axis, random_array(rng, shape, 2.0) + np.float32(3))
    constant = np.full((70, 2), 0.5, np.float32)
    yield adapt_case("normalization-adapt-constant", -1, constant)
    yield adapt_case("normalization-adapt-offset", -1, random_array(rng, (64, 2)) + np.float32(8))


def adapt_case(name, axis, data):
    layer = L.Normalization(axis=axis, name="normalization")
    layer.adapt(data)
    entry = case(name, layer, data[:2], weights=layer.get_weights())
    del entry["layer"]["config"]["batch_input_shape"]  # [None, ...]: adapt notes no more than the rank
    return dict(entry, adapted_to=array(data))


one_thread()
emit("make_layers.py", ABOUT, list(cases()))
