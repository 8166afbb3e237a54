"""Names and configs: what Keras calls models, layers, weights and metrics, and how it writes their configs."""

import json

import numpy as np

from common import LEGACY, NEW, emit, keras, one_thread, tf

L = keras.layers
ABOUT = (
    "kind `config`: model.get_config() and model.to_json() as this version writes them, names of layers and weights, inputs "
    "and outputs. kind `layer`: get_config() of one layer with only the given arguments. kind `minimal`: a config with the "
    "given keys only, and what Keras makes of it. kind `optimizer`, `loss`, `metric`: get_config(). kind `names`: "
    "metrics_names before compile, after compile, after training."
)


def jsonable(value):
    """Tuples and numpy scalars as json.dumps would see them, nothing left out."""
    if isinstance(value, dict):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tf.TensorShape):
        return value.as_list()
    return value


def described(name, model, **more):
    entry = {
        "name": f"config-{name}",
        "kind": "config",
        "get_config": jsonable(model.get_config()),
        "to_json": json.loads(model.to_json()),
        "model_name": model.name,
        "layers": [layer.name for layer in model.layers],
        "weights": [w.name for w in model.weights] if model.built else None,
        "trainable_weights": [w.name for w in model.trainable_weights] if model.built else None,
        "inputs": [[i.name, i.shape.as_list()] for i in model.inputs] if model.built and model.inputs else None,
        "outputs": [[o.name, o.shape.as_list()] for o in model.outputs] if model.built and model.outputs else None,
        "input_names": getattr(model, "input_names", None),
        "output_names": getattr(model, "output_names", None),
    }
    entry.update(more)
    if entry["to_json"].get("keras_version"):
        entry["to_json_text_starts"] = model.to_json()[:80]
    return entry


def tutorial():
    return keras.Sequential([L.Dense(512, activation="relu", input_shape=(784,)), L.Dropout(0.2), L.Dense(10)])


def config_cases():
    keras.backend.clear_session()
    yield described("tutorial", tutorial())
    yield described("tutorial-second", tutorial())
    yield described("named", keras.Sequential([L.Dense(3, input_shape=(2,), name="first")], name="my_model"))
    yield described("after-named", keras.Sequential([L.Dense(3, input_shape=(2,))]))
    keras.backend.clear_session()
    yield described(
        "all-layers",
        keras.Sequential(
            [
                L.Flatten(input_shape=(4, 4, 1)),
                L.Dense(8, use_bias=False, kernel_initializer="he_normal", bias_initializer=keras.initializers.Constant(0.5)),
                L.BatchNormalization(momentum=0.9, scale=False),
                L.Activation("tanh"),
                L.Dropout(0.5, seed=3),
                L.Dense(2, activation="softmax", kernel_initializer=keras.initializers.RandomNormal(stddev=0.1, seed=5)),
            ]
        ),
    )
    keras.backend.clear_session()
    yield described("input-layer", keras.Sequential([L.InputLayer(input_shape=(6,), name="pixels"), L.Dense(2)]))
    yield described("input-layer-auto-name", keras.Sequential([L.InputLayer(input_shape=(6,)), L.Dense(2)]))
    yield described("input-layer-second", keras.Sequential([L.InputLayer(input_shape=(6,)), L.Dense(2)]))
    yield described("input", keras.Sequential([keras.Input(shape=(6,)), L.Dense(2)]))
    yield described("input-dim", keras.Sequential([L.Dense(2, input_dim=6)]))
    yield described("batch-input-shape", keras.Sequential([L.Dense(2, batch_input_shape=(8, 6))]))
    keras.backend.clear_session()
    unbuilt = keras.Sequential([L.Dense(3), L.Dense(2)])
    yield described("unbuilt", unbuilt)
    unbuilt.build((None, 5))
    yield described("built-by-shape", unbuilt)
    keras.backend.clear_session()
    called = keras.Sequential([L.Dense(3), L.Dense(2)])
    called(np.zeros((4, 5), np.float32))
    yield described("built-by-data", called)
    keras.backend.clear_session()
    model = keras.Sequential()
    model.add(L.Dense(3, input_shape=(5,), trainable=False))
    model.add(L.BatchNormalization())
    yield described("frozen", model)
    keras.backend.clear_session()
    try:
        keras.Sequential([L.Dense(3, name="same", input_shape=(2,)), L.Dense(3, name="same")])
    except ValueError as error:
        yield {"name": "duplicate-layer-names", "kind": "fails", "type": "ValueError", "message": str(error)}
    # Class names in snake case, each class with a counter of its own.
    keras.backend.clear_session()
    classes = [L.Dense, L.Dropout, L.Flatten, L.BatchNormalization, L.Activation, L.InputLayer]
    make = {L.Dense: (2,), L.Dropout: (0.1,), L.Activation: ("relu",)}
    yield {
        "name": "auto-names",
        "kind": "auto_names",
        "names": [[c.__name__, *(c(*make.get(c, ())).name for _ in range(3))] for c in classes],
    }


def layer_cases():
    keras.backend.clear_session()
    table = [
        (L.InputLayer, {"input_shape": (3,)}),
        (L.Dense, {"units": 4}),
        (L.Dense, {"units": 4, "activation": "relu", "use_bias": False, "name": "d", "trainable": False}),
        (L.Dense, {"units": 4, "input_shape": (3,)}),
        (L.Dense, {"units": 4, "kernel_initializer": "zeros", "bias_initializer": "ones"}),
        (L.Activation, {"activation": "relu"}),
        (L.Dropout, {"rate": 0.3}),
        (L.Dropout, {"rate": 0.3, "noise_shape": (None, 1), "seed": 4}),
        (L.Flatten, {}),
        (L.BatchNormalization, {}),
        (L.BatchNormalization, {"axis": 1, "momentum": 0.9, "epsilon": 0.01, "center": False, "scale": False}),
    ]
    for index, (cls, arguments) in enumerate(table):
        layer = cls(**arguments)
        yield {
            "name": f"layer-{index}-{cls.__name__}",
            "kind": "layer",
            "class_name": cls.__name__,
            "arguments": jsonable(arguments),
            "config": jsonable(layer.get_config()),
        }
    built = L.BatchNormalization()
    built.build((None, 4))
    yield {
        "name": "layer-built-BatchNormalization",
        "kind": "layer",
        "class_name": "BatchNormalization",
        "arguments": {},
        "config": jsonable(built.get_config()),
    }


def minimal_cases():
    """Old and hand-written configs have few keys."""
    for index, (class_name, config) in enumerate(
        [
            ("Dense", {"units": 4}),
            ("Dense", {"units": 4, "batch_input_shape": [None, 3], "name": "x"}),
            ("Dense", {"units": 4, "kernel_initializer": {"class_name": "HeNormal", "config": {"seed": None}}}),
            ("Dense", {"units": 4, "kernel_initializer": "HeNormal", "bias_initializer": "zeros"}),
            ("Dense", {"units": 4, "unknown": 1}),
            ("Dense", {}),
            ("Dense", {"units": 0}),
            ("Dense", {"units": -3}),
            ("Dense", {"units": 2.0}),
            ("Dense", {"units": 4, "activation": "nothing"}),
            ("Dense", {"units": 4, "kernel_initializer": "nothing"}),
            ("Dropout", {"rate": 1.0}),
            ("Dropout", {"rate": 1.5}),
            ("Dropout", {"rate": -0.1}),
            ("Dropout", {"rate": 0}),
            ("BatchNormalization", {}),
            ("Activation", {"activation": "linear"}),
            ("Flatten", {"data_format": "channels_last"}),
            ("Nothing", {}),
        ]
    ):
        keras.backend.clear_session()
        entry = {"name": f"minimal-{index}-{class_name}", "kind": "minimal", "class_name": class_name, "arguments": config}
        try:
            layer = L.deserialize({"class_name": class_name, "config": dict(config)})
            entry["config"] = jsonable(layer.get_config())
        except Exception as error:
            entry["fails"] = {"type": type(error).__name__, "message": str(error).splitlines()[0]}
        yield entry


def optimizer_cases():
    families = [("legacy", LEGACY)] + ([("new", NEW)] if NEW else [])
    for kind, family in families:
        for name, make in {
            "sgd": lambda f: f.SGD(),
            "sgd-momentum": lambda f: f.SGD(0.05, momentum=0.9, nesterov=True),
            "adam": lambda f: f.Adam(),
            "adam-amsgrad": lambda f: f.Adam(0.01, beta_1=0.8, amsgrad=True),
            "adam-clipnorm": lambda f: f.Adam(clipnorm=1.0),
        }.items():
            optimizer = make(family)
            yield {
                "name": f"optimizer-{kind}-{name}",
                "kind": "optimizer",
                "class_name": type(optimizer).__name__,
                "optimizer_name": optimizer._name if hasattr(optimizer, "_name") else optimizer.name,
                "config": jsonable(optimizer.get_config()),
            }
        for string in ("sgd", "adam", "SGD", "Adam", "ADAM"):
            optimizer = keras.optimizers.get(string)
            yield {
                "name": f"optimizer-{kind}-string-{string}",
                "kind": "optimizer_string",
                "string": string,
                "class": f"{type(optimizer).__name__}",
                "config": jsonable(optimizer.get_config()),
            }


def wrapped_cases():
    K, M = keras.losses, keras.metrics
    for cls, arguments in [
        (K.SparseCategoricalCrossentropy, {}),
        (K.SparseCategoricalCrossentropy, {"from_logits": True}),
        (K.CategoricalCrossentropy, {"label_smoothing": 0.1}),
        (K.BinaryCrossentropy, {}),
        (K.MeanSquaredError, {}),
    ]:
        yield {
            "name": f"loss-{cls.__name__}-{len(arguments)}",
            "kind": "loss",
            "class_name": cls.__name__,
            "arguments": arguments,
            "config": {k: v for k, v in jsonable(cls(**arguments).get_config()).items() if k != "fn"},
        }
    for cls in [
        M.SparseCategoricalAccuracy, M.CategoricalAccuracy, M.BinaryAccuracy, M.Accuracy, M.MeanSquaredError,
        M.SparseCategoricalCrossentropy, M.CategoricalCrossentropy, M.BinaryCrossentropy, M.Mean,
    ]:  # fmt: skip
        yield {
            "name": f"metric-{cls.__name__}",
            "kind": "metric",
            "class_name": cls.__name__,
            "config": {k: v for k, v in jsonable(cls().get_config()).items() if k != "fn"},
        }


def metrics_name_cases():
    M = keras.metrics
    for key, settings in {
        "none": {},
        "accuracy": {"metrics": ["accuracy"]},
        "acc": {"metrics": ["acc"]},
        "object": {"metrics": [M.SparseCategoricalAccuracy()]},
        "named-object": {"metrics": [M.SparseCategoricalAccuracy(name="hits")]},
        "several": {"metrics": ["accuracy", "sparse_categorical_crossentropy"]},
        "weighted": {"metrics": ["accuracy"], "weighted_metrics": ["accuracy"]},
        "weighted-only": {"weighted_metrics": ["accuracy"]},
        "weighted-object": {"weighted_metrics": [M.SparseCategoricalAccuracy()]},
        "function": {"metrics": [keras.metrics.sparse_categorical_accuracy]},
    }.items():
        keras.backend.clear_session()
        model = keras.Sequential([L.Dense(3, input_shape=(2,))])
        before = list(model.metrics_names)
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), **settings)
        compiled = list(model.metrics_names)
        history = model.fit(np.zeros((4, 2), np.float32), np.zeros(4, np.int32), verbose=0, validation_split=0.5)
        names = {k: v if all(isinstance(m, str) for m in v) else [m if isinstance(m, str) else getattr(m, "name", m.__name__ if hasattr(m, "__name__") else None) for m in v] for k, v in settings.items()}
        yield {
            "name": f"metrics-names-{key}",
            "kind": "names",
            "compile": names,
            "before": before,
            "after_compile": compiled,
            "after_fit": list(model.metrics_names),
            "history_keys": list(history.history),
        }


one_thread()
emit(
    "make_model_names.py",
    ABOUT,
    [
        *config_cases(),
        *layer_cases(),
        *minimal_cases(),
        *optimizer_cases(),
        *wrapped_cases(),
        *metrics_name_cases(),
    ],
)
