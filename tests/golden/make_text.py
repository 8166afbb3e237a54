"""Everything that Keras prints, to the character, and Python's str.format."""

import contextlib
import importlib
import io
import itertools
import logging

import numpy as np

from common import LABEL, emit, keras, number, one_thread, plain, pattern, tf

L = keras.layers
generic_utils = importlib.import_module(keras.utils.Progbar.__module__)
ABOUT = (
    "kind `summary` (2.8 alone): model.summary(line_length, show_trainable) of the model with that config; `frozen`: names of layers with "
    "trainable = False. kind `progbar`: keras.utils.Progbar made at time `start` of a clock, then one update per step at "
    "`time`; `written` is what went to stdout. kind `run`: fit, evaluate or predict on a clock that a callback advances by "
    "`seconds_per_batch` at each batch begin and by `seconds_per_test_batch` at each test or predict batch begin; stdout as "
    "written; `draws`: the logs that reached the bar. kind `checkpoint`: ModelCheckpoint driven hook by hook; what it printed, "
    "logged and saved. kind `format`: str.format of a template (`epoch` and `batch` are integers, all else floats)."
)


class Clock:
    """Stands in for the time module of Keras's progress bar."""

    def __init__(self, now=1000.0):
        self.now = now

    def time(self):
        return self.now


@contextlib.contextmanager
def clock():
    fake, real = Clock(), generic_utils.time
    generic_utils.time = fake
    try:
        yield fake
    finally:
        generic_utils.time = real


# ---- summary


def summary_models():
    yield "tutorial", [L.Dense(512, activation="relu", input_shape=(784,)), L.Dropout(0.2), L.Dense(10)], {}
    yield "normalized", [
        L.Flatten(input_shape=(28, 28)),
        L.Dense(64, use_bias=False),
        L.BatchNormalization(),
        L.Activation("relu"),
        L.Dense(10, activation="softmax"),
    ], {}
    yield "long-names", [
        L.Dense(8, input_shape=(4,), name="a_layer_with_a_name_that_is_much_too_long_for_its_column_of_the_table"),
        L.BatchNormalization(name="another_rather_long_name"),
        L.Dense(3, name="exactly_twenty_three_ch"),
        L.Dense(3, name="a_b"),
        L.Activation("relu", name="averyveryverylongname"),
    ], {}
    for length in range(16, 24):
        yield f"name-of-{length}", [L.Dense(3, input_shape=(2,), name="n" * length)], {}
    yield "frozen", [L.Dense(8, input_shape=(4,), name="fixed"), L.Dense(3)], {"frozen": ["fixed"]}
    yield "frozen-trainable-column", [L.Dense(8, input_shape=(4,), name="fixed"), L.BatchNormalization(), L.Dense(3)], {
        "frozen": ["fixed"],
        "show_trainable": True,
    }
    yield "input-layer", [L.InputLayer(input_shape=(6,), name="pixels"), L.Dense(2)], {}
    yield "input-layer-image", [L.InputLayer(input_shape=(28, 28, 1)), L.Flatten(), L.Dense(2)], {}
    for length in (40, 50, 80, 100, 120):
        yield f"line-length-{length}", [L.Dense(512, activation="relu", input_shape=(784,)), L.Dropout(0.2), L.Dense(10)], {
            "line_length": length
        }
    yield "long-names-line-length-50", [
        L.Dense(8, input_shape=(4,), name="a_layer_with_a_name_that_is_much_too_long_for_its_column_of_the_table"),
        L.BatchNormalization(name="another_rather_long_name"),
    ], {"line_length": 50}
    yield "long-shapes", [L.Flatten(input_shape=(1000000, 100, 10)), L.Dense(1)], {}
    yield "four-dimensions", [L.BatchNormalization(input_shape=(28, 28, 3)), L.Flatten(), L.Dense(1000)], {}
    yield "named-model", [L.Dense(3, input_shape=(2,))], {"name": "my_model"}
    yield "only-frozen", [L.Dense(3, input_shape=(2,), name="fixed")], {"frozen": ["fixed"]}
    yield "no-parameters", [L.Flatten(input_shape=(2, 3))], {}


def summary_cases():
    for name, layers, options in summary_models():
        layers = [type(layer).from_config(layer.get_config()) for layer in layers]
        keras.backend.clear_session()
        model = keras.Sequential(layers, name=options.get("name"))
        for layer in model.layers:
            layer.trainable = layer.name not in options.get("frozen", [])
        yield summary_case(name, model, options)
    keras.backend.clear_session()
    # Names are given in order of construction: a second model goes on counting.
    for number_of_model in (1, 2):
        model = keras.Sequential([L.Dense(4, input_shape=(3,)), L.Dropout(0.1), L.Dense(2)])
        yield summary_case(f"auto-names-model-{number_of_model}", model, {})
    unbuilt = keras.Sequential([L.Dense(4)])
    try:
        unbuilt.summary()
    except ValueError as error:
        yield {"name": "summary-unbuilt", "kind": "summary_fails", "type": "ValueError", "message": str(error)}


def summary_case(name, model, options):
    lines = []
    extra = {k: options[k] for k in ("line_length", "show_trainable") if k in options}
    model.summary(print_fn=lines.append, **extra)
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        model.summary(**extra)
    assert stdout.getvalue() == "\n".join(lines) + "\n"
    return {
        "name": f"summary-{name}",
        "kind": "summary",
        "model_config": {"class_name": "Sequential", "config": plain(model.get_config())},
        "frozen": options.get("frozen", []),
        "line_length": extra.get("line_length"),
        "show_trainable": extra.get("show_trainable", False),
        "text": "\n".join(lines),
    }


# ---- progress bar


def progbar_case(name, target, steps, verbose=1, stateful=("loss", "accuracy"), unit="step", width=30, interval=0.05):
    """steps: [(time since start, current, values, finalize or None)]"""
    stdout = io.StringIO()
    with clock() as fake, contextlib.redirect_stdout(stdout):
        bar = keras.utils.Progbar(
            target, width=width, verbose=verbose, interval=interval, stateful_metrics=list(stateful), unit_name=unit
        )
        out = []
        for at, current, values, finalize in steps:
            fake.now = 1000.0 + at
            before = len(stdout.getvalue())
            bar.update(current, values, finalize=finalize)
            out.append(
                {"time": at, "current": current, "values": [list(v) for v in values], "finalize": finalize,
                 "written": stdout.getvalue()[before:]}
            )  # fmt: skip
    return {
        "name": f"progbar-{name}",
        "kind": "progbar",
        "target": target,
        "verbose": verbose,
        "stateful_metrics": list(stateful),
        "unit_name": unit,
        "width": width,
        "interval": interval,
        "steps": out,
    }


def progbar_cases():
    loss = lambda i: [("loss", 2.0 / (i + 1)), ("accuracy", 1 - 0.9 / (i + 1))]
    run = lambda n, per, end=True: [(per * (i + 1), i + 1, loss(i), False) for i in range(n)] + (
        [(per * n + per / 2, n, loss(n), True)] if end else []
    )
    yield progbar_case("ten-slow", 10, run(10, 0.2))
    yield progbar_case("thirty-two", 32, run(32, 0.031))
    yield progbar_case("redraw-interval", 100, run(100, 0.004))
    yield progbar_case("one-step", 1, run(1, 0.25))
    yield progbar_case("three-digits", 313, run(40, 0.06, end=False))
    yield progbar_case("eta-minutes", 1000, run(4, 1.5, end=False))
    yield progbar_case("eta-hours", 100000, run(4, 0.9, end=False))
    yield progbar_case("eta-exact-minute", 62, [(1.0, 1, [], False), (2.0, 2, [], False), (3.0, 3, [], False)])
    yield progbar_case("microseconds", 20, run(20, 0.0004))
    yield progbar_case("seconds-per-step", 3, run(3, 2.6))
    yield progbar_case("no-time-passes", 3, run(3, 0.0))
    yield progbar_case("unknown-target", None, run(5, 0.1, end=False))
    yield progbar_case("no-values", 4, [(0.1 * i, i, [], None) for i in (1, 2, 3, 4)])
    yield progbar_case("finalize-none", 4, [(0.1 * i, i, loss(i), None) for i in (1, 2, 3, 4)])
    yield progbar_case("narrow", 10, run(10, 0.1), width=12)
    yield progbar_case("unit-sample", 10, run(10, 0.1), unit="sample")
    values = [0.0, 1e-3, 0.00101, -0.5, -1e-4, 1e-4, 123456.789, 1e10, float("nan"), float("inf")]
    for verbose in (1, 2):
        steps = [(0.1, 1, [(f"v{i}", v) for i, v in enumerate(values)], True)]
        case = progbar_case(f"values-verbose-{verbose}", 1, steps, verbose, stateful=[f"v{i}" for i in range(len(values))])
        case["steps"][0]["values"] = [[f"v{i}", number(v) if v != v or v in (float("inf"),) else v] for i, v in enumerate(values)]
        yield case
    yield progbar_case("averaged", 4, [(0.1 * i, i, [("plain", float(i))], None) for i in (1, 2, 4)], stateful=())
    yield progbar_case("values-appear-at-end", 4, [
        *((0.1 * i, i, loss(i), False) for i in (1, 2, 3, 4)),
        (0.5, 4, loss(4) + [("val_loss", 0.25), ("val_accuracy", 0.875)], True),
    ])  # fmt: skip
    yield progbar_case("shrinking-line", 4, [
        (0.1, 1, [("loss", 123456.5)], False),
        (0.2, 2, [("loss", 1.5)], False),
        (0.3, 4, [("loss", 0.5)], True),
    ])  # fmt: skip
    for name, n, per in [("fast", 5, 0.0002), ("ten-ms", 5, 0.01), ("slow", 5, 1.2), ("one", 1, 0.5)]:
        steps = [(per * (i + 1), i + 1, loss(i), False) for i in range(n - 1)] + [(per * n, n, loss(n), True)]
        yield progbar_case(f"verbose-2-{name}", n, steps, verbose=2)
        yield progbar_case(f"verbose-2-only-final-{name}", n, [(per * n, n, loss(n), True)], verbose=2)
    yield progbar_case("verbose-0", 4, [(0.1 * i, i, loss(i), None) for i in (1, 2, 3, 4)], verbose=0)


# ---- whole runs


class Ticker(keras.callbacks.Callback):
    def __init__(self, fake, per_batch, per_test_batch, draws):
        super().__init__()
        self.fake, self.per_batch, self.per_test_batch, self.draws = fake, per_batch, per_test_batch, draws

    def on_train_batch_begin(self, batch, logs=None):
        self.fake.now += self.per_batch

    def on_test_batch_begin(self, batch, logs=None):
        self.fake.now += self.per_test_batch

    on_predict_batch_begin = on_test_batch_begin

    def note(self, event, index, logs):
        self.draws.append([event, index, {k: float(v) for k, v in (logs or {}).items() if k != "outputs"}])

    def on_epoch_begin(self, epoch, logs=None):
        self.note("epoch_begin", epoch, logs)

    def on_train_batch_end(self, batch, logs=None):
        self.note("train_batch_end", batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self.note("epoch_end", epoch, logs)

    def on_test_batch_end(self, batch, logs=None):
        self.note("test_batch_end", batch, logs)

    def on_test_end(self, logs=None):
        self.note("test_end", None, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self.note("predict_batch_end", batch, logs)


def run_case(name, method, n=10, per_batch=0.07, per_test_batch=0.02, checkpoint=None, source="arrays", rates=None, **arguments):
    """source "function": batches from a generator function. rates: of a LearningRateScheduler, by epoch."""
    keras.backend.clear_session()
    model = keras.Sequential([L.Dense(3, input_shape=(4,))])
    model.set_weights([pattern((4, 3), 1.0), pattern((3,), 0.2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, ["accuracy"])
    model.save_weights = lambda *args, **kwargs: None
    x, y = pattern((16, 4), 4.0), ((np.arange(16) * 5) % 3).astype(np.int32)
    data = [x[:n]] if method == "predict" else [x[:n], y[:n]]
    settings = dict(arguments)
    if settings.pop("validation", False):
        settings["validation_data"] = (x[n:], y[n:])
    if method == "fit":
        settings["shuffle"] = False
    draws, stdout = [], io.StringIO()
    with clock() as fake, contextlib.redirect_stdout(stdout):
        callbacks = [Ticker(fake, per_batch, per_test_batch, draws)]
        if checkpoint:
            callbacks.append(keras.callbacks.ModelCheckpoint(save_weights_only=True, verbose=1, **checkpoint))
        if rates:
            callbacks.append(keras.callbacks.LearningRateScheduler(lambda epoch: rates[epoch], verbose=1))
        if source == "function":

            def batches():
                for i in range(0, n, 4):
                    yield tuple(part[i : i + 4] for part in data)

            signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in data)
            given = [tf.data.Dataset.from_generator(batches, output_signature=signature)]
        else:
            given = data
            settings["batch_size"] = 4
        getattr(model, method)(*given, callbacks=callbacks, **settings)
    return {
        "name": f"run-{name}",
        "kind": "run",
        "method": method,
        "samples": n,
        "batch_size": 4,
        "arguments": arguments,
        "source": source,
        "rates": rates,
        "checkpoint": checkpoint,
        "seconds_per_batch": per_batch,
        "seconds_per_test_batch": per_test_batch,
        "draws": draws,
        "stdout": stdout.getvalue(),
    }


def run_cases():
    for verbose in (1, 2, 0):
        yield run_case(f"fit-verbose-{verbose}", "fit", epochs=2, verbose=verbose)
        yield run_case(f"fit-one-epoch-verbose-{verbose}", "fit", epochs=1, verbose=verbose)
        yield run_case(f"fit-validation-verbose-{verbose}", "fit", epochs=2, validation=True, verbose=verbose)
        yield run_case(f"evaluate-verbose-{verbose}", "evaluate", verbose=verbose)
        yield run_case(f"predict-verbose-{verbose}", "predict", verbose=verbose)
    yield run_case("fit-initial-epoch", "fit", epochs=3, initial_epoch=1, verbose=1)
    yield run_case("fit-initial-epoch-last", "fit", epochs=2, initial_epoch=1, verbose=2)
    yield run_case("fit-steps-per-epoch", "fit", epochs=2, steps_per_epoch=2, verbose=1)
    yield run_case("fit-fast", "fit", per_batch=0.001, epochs=1, verbose=1)
    yield run_case("fit-default", "fit", epochs=1)
    yield run_case("evaluate-default", "evaluate")
    yield run_case("predict-default", "predict")
    for verbose in (1, 2):
        for method, epochs in (("fit", {"epochs": 2}), ("evaluate", {}), ("predict", {})):
            yield run_case(f"{method}-unknown-verbose-{verbose}", method, source="function", verbose=verbose, **epochs)
        yield run_case(f"fit-rates-verbose-{verbose}", "fit", epochs=2, validation=True, verbose=verbose, rates=[0.1, 0.0123456789])
        yield run_case(f"fit-checkpoint-verbose-{verbose}", "fit", epochs=2, validation=True, verbose=verbose,
                       checkpoint={"filepath": "training/cp-{epoch:04d}.ckpt"})  # fmt: skip
        yield run_case(f"fit-checkpoint-best-verbose-{verbose}", "fit", epochs=3, validation=True, verbose=verbose,
                       checkpoint={"filepath": "training/best.ckpt", "save_best_only": True})  # fmt: skip
        yield run_case(f"fit-checkpoint-batches-verbose-{verbose}", "fit", epochs=2, verbose=verbose,
                       checkpoint={"filepath": "training/cp-{epoch:02d}-{batch:02d}.ckpt", "save_freq": 2})  # fmt: skip


# ---- ModelCheckpoint


class SavingModel:
    """Stands in for a model: notes what is saved."""

    distribute_strategy = tf.distribute.get_strategy()

    def __init__(self):
        self.saved = []

    def save_weights(self, path, **_):
        self.saved.append(path)

    save = save_weights


class Messages(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def checkpoint_case(name, epochs, batches=0, **arguments):
    """epochs: list of the logs of each epoch end; batches: batches per epoch, whose logs are {loss: 1/(step+1)}."""
    handler = Messages()
    logger = tf.get_logger()
    logger.addHandler(handler)
    stdout = io.StringIO()
    entry = {"name": f"checkpoint-{name}", "kind": "checkpoint", "arguments": dict(arguments), "events": []}
    model = SavingModel()
    try:
        callback = keras.callbacks.ModelCheckpoint(save_weights_only=True, **arguments)
    except Exception as error:
        logger.removeHandler(handler)
        return dict(entry, fails={"type": type(error).__name__, "message": str(error)})
    entry["constructor_warnings"] = list(handler.lines)
    callback.set_model(model)

    def hook(method, index, logs):
        seen = len(stdout.getvalue()), len(handler.lines), len(model.saved)
        event = {"hook": method, "index": index, "logs": logs}
        with contextlib.redirect_stdout(stdout):
            try:
                getattr(callback, f"on_{method}")(index, logs)
            except Exception as error:
                event["fails"] = {"type": type(error).__name__, "message": str(error)}
        event["written"] = stdout.getvalue()[seen[0] :]
        event["warnings"] = handler.lines[seen[1] :]
        event["saved"] = model.saved[seen[2] :]
        entry["events"].append(event)

    step = itertools.count(1)
    callback.on_train_begin()
    for epoch, logs in enumerate(epochs):
        hook("epoch_begin", epoch, {})
        for batch in range(batches):
            hook("train_batch_end", batch, {"loss": 1.0 / next(step)})
        hook("epoch_end", epoch, logs)
    logger.removeHandler(handler)
    return entry


def checkpoint_cases():
    logs = lambda *values: [{"loss": v + 0.125, "val_loss": v, "val_accuracy": 1 - v, "accuracy": 0.5} for v in values]
    nan = float("nan")
    path = "training_1/cp-{epoch:04d}.ckpt"
    yield checkpoint_case("every-epoch", logs(1.0, 0.5, 0.75), filepath=path, verbose=1)
    yield checkpoint_case("silent", logs(1.0, 0.5), filepath=path)
    yield checkpoint_case("best-only", logs(1.0, 0.5, 0.5, 0.75, 0.123456789), filepath="best.ckpt", verbose=1, save_best_only=True)
    yield checkpoint_case("best-only-silent", logs(1.0, 0.5, 0.75), filepath="best.ckpt", save_best_only=True)
    yield checkpoint_case(
        "best-accuracy", logs(0.75, 0.5, 0.625), filepath="{epoch}-{val_accuracy:.3f}", verbose=1, save_best_only=True, monitor="val_accuracy"
    )
    yield checkpoint_case("mode-max", logs(0.5, 0.75), filepath="a", verbose=1, save_best_only=True, mode="max")
    yield checkpoint_case("mode-min", logs(0.5, 0.25), filepath="a", verbose=1, save_best_only=True, mode="min", monitor="val_accuracy")
    yield checkpoint_case("mode-unknown", logs(0.5, 0.75), filepath="a", verbose=1, save_best_only=True, mode="best")
    yield checkpoint_case("threshold", logs(1.0, 0.25), filepath="a", verbose=1, save_best_only=True, initial_value_threshold=0.5)
    yield checkpoint_case("missing-monitor", [{"loss": 1.0}], filepath="a", verbose=1, save_best_only=True)
    yield checkpoint_case("missing-key", [{"loss": 1.0}], filepath="a-{val_loss:.2f}", verbose=1)
    yield checkpoint_case("bad-specification", [{"loss": 1.0}], filepath="a-{loss:d}", verbose=1)
    yield checkpoint_case("large-and-small", logs(123456.789, 1e-7), filepath="a", verbose=1, save_best_only=True)
    yield checkpoint_case("batches-7-of-10", logs(1.0, 1.0, 1.0), 10, filepath="e{epoch}-b{batch}", verbose=1, save_freq=7)
    yield checkpoint_case("batches-2-of-3", logs(1.0, 1.0), 3, filepath="e{epoch:02d}-b{batch:02d}-{loss:.3f}", verbose=1, save_freq=2)
    yield checkpoint_case("batches-1", logs(1.0, 1.0), 3, filepath="e{epoch}-b{batch}", save_freq=1)
    yield checkpoint_case("batches-more-than-epoch", logs(1.0, 1.0, 1.0), 3, filepath="e{epoch}-b{batch}", verbose=1, save_freq=5)
    yield checkpoint_case("batches-best-loss", logs(1.0), 6, filepath="b{batch}", verbose=1, save_freq=2, save_best_only=True, monitor="loss")
    yield checkpoint_case("one-batch-epochs", logs(1.0, 1.0, 1.0, 1.0), 1, filepath="e{epoch}-b{batch}", verbose=1, save_freq=2)
    yield checkpoint_case("batch-in-epoch-path", logs(1.0), filepath="e{epoch}-b{batch}", verbose=1)
    yield checkpoint_case("save-freq-unknown", logs(1.0), filepath="a", save_freq="batch")
    yield checkpoint_case("save-freq-float", logs(1.0), filepath="a", save_freq=2.5)
    best_nan = checkpoint_case("best-nan", [{"val_loss": nan}, {"val_loss": 0.5}], filepath="a", verbose=1, save_best_only=True)
    for event in best_nan["events"]:
        event["logs"] = {k: number(v) for k, v in event["logs"].items()}
    yield best_nan


# ---- str.format


def format_cases():
    widened = float(np.float32(0.346))
    values = {"epoch": 7, "batch": 12, "loss": 0.123456789, "val_loss": widened, "big": 1234567.891, "neg": -2.5, "one": 1.0,
              "tiny": 1.5e-7, "zero": 0.0, "half": 0.125, "huge": 1e22, "accuracy": 0.9750000238418579}  # fmt: skip
    templates = """
        plain.ckpt|{epoch}|{epoch:04d}|{epoch:>5}|{epoch:<5}|{epoch:^5}|{epoch:*^7}|{epoch:5}|{epoch:05}|{epoch:+d}|{epoch: d}
        {epoch:x}|{epoch:#x}|{epoch:X}|{epoch:b}|{epoch:#b}|{epoch:o}|{epoch:08b}|{epoch:,}|{epoch:_}|{epoch:n}|{epoch:c}
        {epoch:.2f}|{epoch:e}|{epoch:g}|{epoch:%}|{epoch!r}|{epoch!s}|{epoch!a}|{epoch!r:>5}|{epoch:s}|{epoch!s:s}|{epoch:.2d}|{epoch:=+5d}
        {epoch:-<6d}|{epoch:0>4}|{epoch:04}|{epoch:<04d}|{batch:d}|{batch:03d}|cp-{epoch:04d}-{batch:02d}.ckpt
        {loss}|{loss:.2f}|{loss:.0f}|{loss:f}|{loss:F}|{loss:.3e}|{loss:E}|{loss:g}|{loss:.3g}|{loss:G}|{loss:%}|{loss:.1%}
        {loss:+.2f}|{loss: .2f}|{loss:-.2f}|{loss:8.3f}|{loss:08.3f}|{loss:<8.3f}|{loss:^9.3f}|{loss:>9.3f}|{loss:*>9.3f}|{loss:=9.3f}|{loss:+09.3f}
        {loss:n}|{loss:.4n}|{loss!r}|{loss!s}|{loss!s:.4}|{loss!r:>14}|{loss:}|{loss:10}|{loss:<10}|{loss:.3}|{loss:#.3g}|{loss:#.0f}
        {val_loss}|{val_loss:.2f}|{val_loss:08.3f}|{val_loss:.10f}|{val_loss:.17g}|{val_loss!r}
        {big}|{big:,.2f}|{big:_.1f}|{big:,}|{big:e}|{big:g}|{big:.3g}|{big:012,.1f}|{big:.0f}|{big:#g}
        {neg}|{neg:.2f}|{neg:08.2f}|{neg:+.1f}|{neg:=8.1f}|{neg:>8.1f}|{neg:%}|{neg:.0f}|{neg:e}
        {one}|{one:g}|{one:.1f}|{one:.0f}|{one:n}|{one:10}|{one:.3}|{tiny}|{tiny:g}|{tiny:.2f}|{tiny:.2e}|{tiny:%}|{zero}|{zero:g}|{zero:e}|{zero:.1%}|{zero:+}
        {half:.2f}|{half:.1f}|{half:.0f}|{half:.3f}|{huge}|{huge:g}|{huge:.0f}|{huge:,}|{huge:.2e}|{accuracy}|{accuracy:.2%}|{accuracy:.3f}
        {{literal}}|{{{epoch}}}|a{{b}}c{epoch}|{{|}}|{epoch:{batch}}|{loss:.{epoch}f}|{loss:{batch}.3f}|{epoch:0{batch}d}
        ü{epoch:é>4}ñ|{epoch:→^9}|{loss:.1f}%|100%{epoch}
        {|}|{epoch|epoch}|{epoch:|{epoch!}|{epoch!x}|{epoch!rr}|{epoch!r:d}|{}|{0}|{1}|{missing}|{missing:.2f}|{epoch.real}|{epoch.missing}|{epoch[0]}|{loss.real:.1f}
        {epoch:.2z}|{epoch:q}|{loss:d}|{loss:x}|{loss:s}|{loss:c}|{loss:b}|{loss:.}|{loss:.f}|{epoch:4 d}|{epoch:dd}|{loss:,_}|{loss:,n}|{ epoch }|{epoch }|{epoch:99999999999999999999d}|{loss:.99999999999999999999f}
        {Epoch}|{val-loss}|{val_loss :.2f}|{epoch:{missing}}|{epoch:{batch}|{epoch:}|}{epoch}|{{epoch}|{epoch}}|{epoch!r}{loss!r}
    """
    seen = set()
    for line in templates.strip().splitlines():
        line = line.strip()
        # '|' separates templates; the ones that hold an unbalanced brace are written as they are.
        for template in line.split("|"):
            if template in seen or not template:
                continue
            seen.add(template)
            entry = {"name": f"format-{template}", "kind": "format", "template": template, "values": values}
            if "values" not in entry or len(seen) > 1:
                entry["values"] = {k: v for k, v in values.items() if k in template}
            try:
                entry["result"] = template.format(**values)
            except Exception as error:
                entry["fails"] = {"type": type(error).__name__, "message": str(error)}
            yield entry


one_thread()
emit(
    "make_text.py",
    ABOUT,
    [*(summary_cases() if LABEL == "tf2.8" else []), *progbar_cases(), *run_cases(), *checkpoint_cases(), *format_cases()],
)
