"""The training loop: order of hooks with their logs, which samples each batch holds, history."""

import logging
import warnings

import numpy as np

from common import array, emit, keras, number, one_thread, pattern, tf

L = keras.layers
ABOUT = (
    "Small fits of the same model (`model`, formula weights in `weights`, SGD with learning rate 0.1, sparse categorical "
    "cross-entropy from logits, metric and weighted metric as given) on samples 0..n-1 of `data`. `events` in order: [hook, "
    "index or null, logs or null] for every callback hook, and ['train_step' | 'test_step' | 'predict_step', sample ids] when "
    "the loop runs a batch. Without shuffling unless said. `source`: arrays, a generator, a tf.data dataset of known size, or "
    "a function that is called anew for each pass (`function`: of unknown size; `sequence`: a keras.utils.Sequence). `warnings`: first lines of what was logged. `stop`: where a "
    "callback set model.stop_training = True."
)
HOOKS = [
    *(f"on_{w}_{e}" for w in ("train", "test", "predict") for e in ("begin", "end")),
    *(f"on_{w}_batch_{e}" for w in ("train", "test", "predict") for e in ("begin", "end")),
    "on_epoch_begin",
    "on_epoch_end",
]
SAMPLES = 16


def inputs():
    """Column 0 carries the sample's id."""
    x = pattern((SAMPLES, 4), 4.0)
    x[:, 0] = np.arange(SAMPLES, dtype=np.float32) / 8
    return x


LABELS = ((np.arange(SAMPLES) * 5) % 3).astype(np.int32)


def ids(batch):
    return [int(round(float(v) * 8)) for v in batch[:, 0]]


class Recorded(keras.Sequential):
    """Sequential that notes which samples each batch holds."""

    events = None

    def train_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        self.events.append(["train_step", ids(x.numpy())])
        return super().train_step(data)

    def test_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        self.events.append(["test_step", ids(x.numpy())])
        return super().test_step(data)

    def predict_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        self.events.append(["predict_step", ids(x.numpy())])
        return super().predict_step(data)


def plain_logs(logs):
    if logs is None:
        return None
    if "outputs" in logs:
        return {"outputs": list(np.asarray(logs["outputs"]).shape)}
    return {k: number(v) for k, v in logs.items()}


def make_callback(events, label=None, stop=None):
    """stop: (hook, index) at which the callback ends training."""

    class Recorder(keras.callbacks.Callback):
        pass

    def hook(name):
        indexed = "batch" in name or "epoch" in name

        def method(self, *args, **kwargs):
            index = args[0] if indexed else None
            logs = kwargs.get("logs", args[-1] if len(args) > indexed else None)
            key = name[3:] if label is None else f"{label}.{name[3:]}"
            events.append([key, index, plain_logs(logs)])
            if stop and stop[0] == name[3:] and stop[1] == index:
                self.model.stop_training = True

        return method

    for name in HOOKS:
        setattr(Recorder, name, hook(name))
    return Recorder()


class Warnings(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage().strip().splitlines()[0])


def build(metrics=("accuracy",), weighted_metrics=None):
    keras.backend.clear_session()
    model = Recorded([L.Dense(3, input_shape=(4,))])
    model.set_weights([pattern((4, 3), 1.0), pattern((3,), 0.2)])
    model.compile(
        keras.optimizers.SGD(0.1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=list(metrics),
        weighted_metrics=weighted_metrics,
        run_eagerly=True,
    )
    model.events = []
    return model


def unknown_dataset(*parts, batch_size=4):
    """A dataset of unknown size, which calls its generator function for each pass."""

    def batches():
        for i in range(0, len(parts[0]), batch_size):
            yield tuple(part[i : i + batch_size] for part in parts)

    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in parts)
    return tf.data.Dataset.from_generator(batches, output_signature=signature)


class Slices(keras.utils.Sequence):
    def __init__(self, x, y, batch_size):
        self.parts = [(x[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(x), batch_size)]

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, i):
        return self.parts[i]


def json_arguments(arguments):
    out = {}
    for key, value in arguments.items():
        if key in ("sample_weight",):
            out[key] = None if value is None else array(np.asarray(value, np.float32))["values"]
        elif key == "validation_data" and isinstance(value, tf.data.Dataset):
            out[key] = {"samples": [i for x, *_ in value for i in ids(x.numpy())], "sample_weight": None, "source": "function"}
        elif key == "validation_data":
            out[key] = {"samples": ids(value[0]), "sample_weight": array(np.asarray(value[2], np.float32))["values"] if len(value) > 2 else None}
        elif key == "class_weight":
            out[key] = {str(k): v for k, v in value.items()}
        else:
            out[key] = value
    return out


def scenario(name, n=10, source="arrays", stop=None, labels=None, keep_events=True, compiled=None, method="fit", **arguments):
    compiled = compiled or {}
    model = build(**compiled)
    handler = Warnings()
    logger = tf.get_logger()
    logger.addHandler(handler)
    callbacks = [make_callback(model.events, label, stop) for label in (labels or [None])]
    x, y = inputs()[:n], LABELS[:n]
    arguments = dict(arguments)
    batch_size = arguments.get("batch_size", 32)
    settings = dict(arguments)
    if source == "generator":
        settings.pop("batch_size")
        first = ((x[i : i + batch_size], y[i : i + batch_size]) for i in range(0, n, batch_size))
        if method == "predict":
            first = (x[i : i + batch_size] for i in range(0, n, batch_size))
    elif source == "endless_generator":
        settings.pop("batch_size")

        def endless():
            while True:
                for i in range(0, n, batch_size):
                    yield x[i : i + batch_size], y[i : i + batch_size]

        first = endless()
    elif source == "dataset":
        settings.pop("batch_size")
        first = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
    elif source == "function":
        settings.pop("batch_size")
        parts = [x] if method == "predict" else [x, y]
        if "sample_weight" in settings:
            parts.append(np.asarray(settings.pop("sample_weight"), np.float32))
        first = unknown_dataset(*parts, batch_size=batch_size)
    elif source == "sequence":
        settings.pop("batch_size")
        first = Slices(x, y, batch_size)
    else:
        first = None
    data = [first] if first is not None else ([x] if method == "predict" else [x, y])
    if method == "fit":
        settings.setdefault("shuffle", False)
    entry = {
        "name": name,
        "kind": method,
        "samples": n,
        "source": source,
        "arguments": json_arguments(arguments),
        "compile": {"metrics": ["accuracy"], "weighted_metrics": None, **compiled},
    }
    if stop:
        entry["stop"] = list(stop)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = getattr(model, method)(*data, verbose=0, callbacks=callbacks, **settings)
        except Exception as error:
            entry["fails"] = {"type": type(error).__name__, "message": str(error).strip().splitlines()[-1].strip()}
            result = None
    logger.removeHandler(handler)
    if keep_events:
        entry["events"] = model.events
    lines = handler.lines + [str(w.message).strip().splitlines()[0] for w in caught]
    entry["warnings"] = [line for line in lines if "ran out of data" in line]
    if method == "fit" and result is not None:
        entry["history"] = {k: [number(v) for v in values] for k, values in result.history.items()}
        entry["epochs_run"] = result.epoch
    elif method == "evaluate" and result is not None:
        entry["result"] = [number(v) for v in np.atleast_1d(result)]
        entry["metrics_names"] = model.metrics_names
    elif result is not None:
        entry["result_shape"] = list(result.shape)
    entry["final_weights"] = [array(w)["values"] for w in model.get_weights()]
    return entry


def cases():
    x, y = inputs(), LABELS
    validation = (x[10:], y[10:])
    weight = [0.5, 1, 2, 0, 1.5, 1, 1, 3, 0.25, 1]
    yield {
        "name": "data",
        "kind": "data",
        "x": array(x),
        "y": array(y),
        "model": {
            "class_name": "Sequential",
            "config": {"layers": [{"class_name": "Dense", "config": {"units": 3, "batch_input_shape": [None, 4]}}]},
        },
        "weights": [array(pattern((4, 3), 1.0)), array(pattern((3,), 0.2))],
    }
    common = dict(batch_size=4)
    yield scenario("plain", epochs=2, **common)
    yield scenario("validation", epochs=2, validation_data=validation, **common)
    yield scenario("two-callbacks", epochs=1, labels=["first", "second"], validation_data=validation, **common)
    yield scenario("validation-frequency-2", epochs=4, validation_data=validation, validation_freq=2, **common)
    yield scenario("validation-frequency-list", epochs=4, validation_data=validation, validation_freq=[1, 4], **common)
    yield scenario("validation-frequency-initial-epoch", epochs=4, initial_epoch=1, validation_data=validation, validation_freq=2, **common)
    yield scenario("initial-epoch", epochs=4, initial_epoch=2, **common)
    yield scenario("initial-epoch-at-end", epochs=2, initial_epoch=2, **common)
    yield scenario("one-batch", n=3, epochs=2)
    for source in ("arrays", "dataset"):
        yield scenario(f"steps-per-epoch-fewer-{source}", source=source, epochs=3, steps_per_epoch=2, **common)
        yield scenario(f"steps-per-epoch-all-{source}", source=source, epochs=2, steps_per_epoch=3, **common)
        yield scenario(f"steps-per-epoch-more-{source}", source=source, epochs=2, steps_per_epoch=5, **common)
        yield scenario(f"steps-per-epoch-more-one-epoch-{source}", source=source, epochs=1, steps_per_epoch=5, **common)
        yield scenario(f"steps-per-epoch-more-three-epochs-{source}", source=source, epochs=3, steps_per_epoch=4, **common)
    yield scenario("steps-per-epoch-more-initial-epoch", epochs=4, initial_epoch=2, steps_per_epoch=5, **common)
    yield scenario("steps-per-epoch-more-validation", epochs=2, steps_per_epoch=8, validation_data=validation, **common)
    yield scenario("generator", source="generator", epochs=1, **common)
    yield scenario("generator-two-epochs", source="generator", epochs=2, **common)
    yield scenario("generator-steps", source="generator", epochs=2, steps_per_epoch=2, **common)
    yield scenario("endless-generator-steps", source="endless_generator", epochs=3, steps_per_epoch=2, **common)
    yield scenario("dataset-validation", source="dataset", epochs=2, validation_data=validation, **common)
    for fraction in (0.25, 0.3, 0.5):
        yield scenario(f"validation-split-{fraction}", epochs=1, validation_split=fraction, **common)
    yield scenario("validation-split-sample-weight", epochs=1, validation_split=0.3, sample_weight=np.array(weight), **common)
    yield scenario("validation-split-too-small", n=2, epochs=1, validation_split=0.2, **common)
    yield scenario("validation-batch-size", epochs=1, validation_data=validation, validation_batch_size=5, **common)
    yield scenario("validation-steps", epochs=2, validation_data=validation, validation_steps=1, **common)
    yield scenario("validation-steps-more", epochs=1, validation_data=validation, validation_steps=5, **common)
    for stop in [
        ("train_begin", None), ("epoch_begin", 0), ("epoch_begin", 1), ("train_batch_begin", 1), ("train_batch_end", 0),
        ("train_batch_end", 2), ("test_begin", None), ("test_batch_end", 0), ("epoch_end", 0),
    ]:  # fmt: skip
        key = stop[0].replace("_", "-") + ("" if stop[1] is None else f"-{stop[1]}")
        yield scenario(f"stop-at-{key}", stop=stop, epochs=3, validation_data=validation, **common)
    both = dict(metrics=["accuracy", "sparse_categorical_crossentropy"], weighted_metrics=["accuracy"])
    classes = {0: 1.0, 1: 3.0, 2: 0.5}
    for key, extra in {
        "sample-weight": dict(sample_weight=np.array(weight)),
        "class-weight": dict(class_weight=classes),
        "sample-and-class-weight": dict(sample_weight=np.array(weight), class_weight=classes),
        "class-weight-missing-class": dict(class_weight={0: 1.0, 2: 0.5}),
        "sample-weight-validation": dict(
            sample_weight=np.array(weight), validation_data=(*validation, np.array([1, 2, 0.5, 0, 1, 3], np.float32))
        ),
    }.items():
        yield scenario(f"{key}", epochs=2, **common, **extra)
        yield scenario(f"{key}-weighted-metrics", epochs=2, compiled=both, keep_events=False, **common, **extra)
    function = dict(source="function", **common)
    yield scenario("function", epochs=2, **function)
    yield scenario("function-stop", stop=("train_batch_end", 0), epochs=2, **function)
    yield scenario("function-class-weight", epochs=2, class_weight=classes, **function)
    yield scenario("function-sample-weight", epochs=2, sample_weight=np.array(weight), **function)
    yield scenario("function-validation-split", epochs=1, validation_split=0.3, **function)
    yield scenario("function-validation-frequency-list", epochs=4, validation_data=validation, validation_freq=[1, 4], **function)
    for source in ("function", "arrays"):
        ours = dict(common, source=source)
        yield scenario(f"{source}-validation-function", epochs=2, validation_data=unknown_dataset(*validation), **ours)
        yield scenario(f"{source}-validation-function-frequency-2", epochs=4, validation_data=unknown_dataset(*validation), validation_freq=2, **ours)
        yield scenario(f"{source}-validation-function-steps", epochs=2, validation_data=unknown_dataset(*validation), validation_steps=1, **ours)
        yield scenario(f"{source}-validation-function-steps-more", epochs=1, validation_data=unknown_dataset(*validation), validation_steps=5, **ours)
    yield scenario("sequence-steps-fewer", source="sequence", epochs=2, steps_per_epoch=2, **common)
    yield scenario("sequence-steps-more", source="sequence", epochs=2, steps_per_epoch=5, **common)
    yield scenario("validation-batch-size-steps", epochs=1, validation_data=validation, validation_batch_size=2, validation_steps=2, **common)
    yield scenario("validation-split-batch-size-frequency", epochs=3, validation_split=0.5, validation_batch_size=2, validation_freq=[3], **common)
    for method in ("evaluate", "predict"):
        yield scenario(f"{method}-function", method=method, **function)
        yield scenario(f"{method}-function-steps", method=method, steps=2, **function)
        yield scenario(f"{method}-function-steps-more", method=method, steps=5, **function)
        yield scenario(f"{method}-generator", method=method, source="generator", **common)
    yield scenario("evaluate", method="evaluate", **common)
    yield scenario("evaluate-steps", method="evaluate", steps=2, **common)
    yield scenario("evaluate-steps-more", method="evaluate", steps=5, **common)
    yield scenario("evaluate-sample-weight", method="evaluate", sample_weight=np.array(weight), compiled=both, **common)
    yield scenario("evaluate-dataset", method="evaluate", source="dataset", **common)
    yield scenario("predict", method="predict", **common)
    yield scenario("predict-steps", method="predict", steps=2, **common)
    yield scenario("predict-default-batch", method="predict")
    yield from on_batch()


def on_batch():
    x, y = inputs(), LABELS
    model = build()
    steps = []
    for kind, settings in [
        ("train_on_batch", {}),
        ("train_on_batch", {"sample_weight": np.array([1, 0, 2, 0.5], np.float32)}),
        ("train_on_batch", {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}}),
        ("train_on_batch", {"reset_metrics": False}),
        ("test_on_batch", {}),
        ("test_on_batch", {"sample_weight": np.array([1, 0, 2, 0.5], np.float32)}),
        ("test_on_batch", {"reset_metrics": False}),
    ]:
        at = 4 * (len(steps) % 3)
        result = getattr(model, kind)(x[at : at + 4], y[at : at + 4], **settings)
        steps.append({"call": kind, "first_sample": at, "arguments": json_arguments(settings), "result": [number(v) for v in result]})
    prediction = array(model.predict_on_batch(x[:4]))
    yield {
        "name": "on-batch",
        "kind": "on_batch",
        "calls": steps,
        "predict_on_batch": prediction,
        "final_weights": [array(w)["values"] for w in model.get_weights()],
    }


one_thread()
emit("make_loop.py", ABOUT, list(cases()))
