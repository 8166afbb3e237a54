"""The names of everything that Keras has of each kind: classes, and activation functions."""

import inspect

from common import emit, keras

ABOUT = (
    "One case a class of Keras (`kind`/`class`), of activations a function; `keras` names the versions that have it. Base "
    "classes and those that only exist for other packages are left out."
)
BASES = {
    "layers": (keras.layers, keras.layers.Layer),
    "losses": (keras.losses, keras.losses.Loss),
    "metrics": (keras.metrics, keras.metrics.Metric),
    "optimizers": (keras.optimizers, keras.optimizers.Optimizer),
    "schedules": (keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule),
    "initializers": (keras.initializers, keras.initializers.Initializer),
    "regularizers": (keras.regularizers, keras.regularizers.Regularizer),
    "constraints": (keras.constraints, keras.constraints.Constraint),
    "callbacks": (keras.callbacks, keras.callbacks.Callback),
}
ABSTRACT = {"AbstractRNNCell", "RNN", "Wrapper", "Sequential", "Model", "Functional", "DenseFeatures", "MeanMetricWrapper"}


def names():
    for kind, (module, base) in BASES.items():
        found = {
            value.__name__
            for _, value in inspect.getmembers(module, inspect.isclass)
            if issubclass(value, base) and value is not base and value.__name__ not in ABSTRACT
        }
        for name in sorted(found):
            yield kind, name
    for name, value in inspect.getmembers(keras.activations, callable):
        if name not in ("deserialize", "get", "serialize") and not inspect.isclass(value):
            yield "activations", name


emit("make_classes.py", ABOUT, [{"name": f"{k}/{n}", "kind": k, "class": n} for k, n in names()])
