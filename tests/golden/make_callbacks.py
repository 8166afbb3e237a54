"""Callbacks that watch the logs: what they do with given logs, to the byte."""

import contextlib
import io
import logging
import math
import os

import numpy as np

from common import array, emit, keras, one_thread, pattern, tf

L = keras.layers
ABOUT = (
    "fit of one Dense(1) on 4 samples (SGD with learning rate 0.1, mean squared error; `x`, `y`, `weights` in the case `data`). A first "
    "callback overwrites the logs of epoch i with `logs[i]`; then come those of `callbacks`, each [class, arguments]; `schedule` of a "
    "LearningRateScheduler lists its answers by epoch. `epochs_run`, `history`, `rates` (after each epoch), `stdout`, `warnings`, `state` "
    "of the last callback; `restored`: the epoch at whose end the model had its final weights; `csv`: the file after each `runs`, each "
    "[initial_epoch, epochs]. Floats are doubles."
)


def plain(value):
    value = float(value)
    return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")


class GivenLogs(keras.callbacks.Callback):
    def __init__(self, logs):
        super().__init__()
        self.given = logs

    def on_epoch_end(self, epoch, logs=None):
        logs.clear()
        logs.update(self.given[epoch])


class Watcher(keras.callbacks.Callback):
    """Notes rate and weights as each epoch leaves them; behind the others."""

    def __init__(self):
        super().__init__()
        self.rates, self.weights = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(plain(keras.backend.get_value(self.model.optimizer.lr)))
        self.weights.append(self.model.get_weights())


class Messages(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


X, Y, WEIGHTS = pattern((4, 2), 1.0), pattern((4, 1), 2.0), [pattern((2, 1), 1.0), pattern((1,), 0.1)]


def build():
    keras.backend.clear_session()
    model = keras.Sequential([L.Dense(1, input_shape=(2,))])
    model.set_weights(WEIGHTS)
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    return model


def make(name, arguments):
    arguments = dict(arguments)
    if "schedule" in arguments:
        answers = arguments["schedule"]
        arguments["schedule"] = lambda epoch, lr: answers[epoch] if isinstance(answers, list) else lr * answers
    return getattr(keras.callbacks, name)(**arguments)


STATE = {
    "EarlyStopping": ("wait", "best", "best_epoch", "stopped_epoch"),
    "ReduceLROnPlateau": ("wait", "best", "cooldown_counter"),
}


def case(name, logs, *callbacks, runs=None, file=None, before=None):
    if not callable(getattr(logs, "items", None)) and not isinstance(logs[0], dict):
        logs = [{"loss": v} for v in logs]
    runs = runs or [[0, len(logs)]]
    model, watcher, stdout, handler = build(), Watcher(), io.StringIO(), Messages()
    tf.get_logger().addHandler(handler)
    made = [make(*each) for each in callbacks]
    if before is not None:
        with open(file, "w", newline="") as out:
            out.write(before)
    files, histories = [], []
    try:
        for initial_epoch, epochs in runs:
            settings = dict(batch_size=4, initial_epoch=initial_epoch, epochs=epochs, shuffle=False, verbose=0)
            with contextlib.redirect_stdout(stdout):
                histories.append(model.fit(X, Y, callbacks=[GivenLogs(logs), *made, watcher], **settings))
            if file:
                with open(file, newline="") as written:
                    files.append(written.read())
    except KeyError as error:  # of 2.8's CSVLogger
        return {"name": name, "kind": "fails", "message": str(error)}
    finally:
        tf.get_logger().removeHandler(handler)
        if file and os.path.exists(file):
            os.remove(file)
    last = callbacks[-1][0]
    same = [i for i, w in enumerate(watcher.weights) if all(np.array_equal(a, b) for a, b in zip(w, model.get_weights()))]
    return {
        "name": name,
        "kind": "fit",
        "logs": [{k: plain(v) for k, v in each.items()} for each in logs],
        "callbacks": [list(each) for each in callbacks],
        "runs": runs,
        "before": before,
        "epochs_run": histories[-1].epoch,
        "history": {k: [plain(v) for v in values] for k, values in histories[-1].history.items()},
        "rates": watcher.rates,
        "stdout": stdout.getvalue(),
        "warnings": handler.lines,
        "state": {k: plain(getattr(made[-1], k)) for k in STATE.get(last, ())},
        "restored": same[-1] if same else None,
        "csv": files,
    }


def early(**arguments):
    return "EarlyStopping", dict(monitor="loss", verbose=1, **arguments)


def plateau(**arguments):
    return "ReduceLROnPlateau", dict(monitor="loss", verbose=1, **arguments)


def cases():
    yield {"name": "data", "kind": "data", "x": array(X), "y": array(Y), "weights": [array(w) for w in WEIGHTS]}
    nan, inf = math.nan, math.inf
    falling, valley = [4.0, 3.0, 2.0, 1.0, 0.5], [4.0, 2.0, 3.0, 2.5, 2.0, 1.5]
    acc = [{"loss": 1.0, "accuracy": v} for v in (0.1, 0.5, 0.4, 0.5, 0.6, 0.2)]

    yield case("stop-default", valley, early())
    yield case("stop-never", falling, early(restore_best_weights=True))
    yield case("stop-at-first", [1.0, 1.0, 1.0], early())
    for patience in (1, 2, 3):
        yield case(f"stop-patience-{patience}", valley, early(patience=patience))
        yield case(f"stop-patience-{patience}-restore", valley, early(patience=patience, restore_best_weights=True))
    yield case("stop-min-delta", [1.0, 0.95, 0.9, 0.8, 0.79, 0.78], early(min_delta=0.1, patience=2))
    yield case("stop-min-delta-negative", [1.0, 0.95, 0.9, 0.8, 0.79, 0.78], early(min_delta=-0.1, patience=2))
    yield case("stop-min-delta-equal", [1.0, 0.75, 0.5, 0.25], early(min_delta=0.25, patience=1))
    yield case("stop-baseline", [1.0, 0.9, 0.8, 0.7, 0.6], early(baseline=0.65, patience=3, restore_best_weights=True))
    yield case("stop-baseline-zero", [1.0, 0.9, 0.8, -0.7, 0.6], early(baseline=0.0, patience=2))
    yield case("stop-baseline-met", [0.6, 0.9, 0.8, 0.5, 0.4], early(baseline=0.65, patience=3))
    yield case("stop-max-auto", acc, ("EarlyStopping", dict(monitor="accuracy", verbose=1, restore_best_weights=True, patience=2)))
    yield case("stop-max", valley, early(mode="max", patience=2))
    yield case("stop-min-accuracy", acc, ("EarlyStopping", dict(monitor="accuracy", mode="min", verbose=1, patience=2)))
    yield case("stop-auc", [{"auc": v} for v in (0.1, 0.2, 0.1)], ("EarlyStopping", dict(monitor="auc", verbose=1)))
    yield case("stop-nan", [nan, nan, 1.0, 2.0], early(patience=2, restore_best_weights=True))
    yield case("stop-infinite", [inf, inf, 1.0, 2.0], early(patience=3, restore_best_weights=True))
    yield case("stop-missing", falling[:2], ("EarlyStopping", dict(verbose=1, restore_best_weights=True)))
    yield case("stop-sometimes-missing", [{"loss": 1.0, "val_loss": 1.0}, {"loss": 1.0}, {"loss": 1.0, "val_loss": 2.0}, {"loss": 0.0}],
               ("EarlyStopping", dict(verbose=1)))  # fmt: skip
    yield case("stop-twice", valley, early(patience=1, restore_best_weights=True), runs=[[0, 6], [1, 6]])
    if "2.8" not in tf.__version__[:3]:
        yield case("stop-start-from-epoch", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
                   early(start_from_epoch=2, patience=2, restore_best_weights=True))  # fmt: skip

    yield case("rate-default", [1.0] * 12, plateau())
    for patience in (0, 1, 2):
        yield case(f"rate-patience-{patience}", [1.0, 0.5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.4], plateau(patience=patience))
    yield case("rate-cooldown", [1.0] * 9, plateau(patience=1, cooldown=2, factor=0.5))
    yield case("rate-min", [1.0] * 6, plateau(patience=1, factor=0.3, min_lr=0.02))
    yield case("rate-min-equal", [1.0] * 4, plateau(patience=1, min_lr=0.1))
    yield case("rate-min-delta", [1.0, 0.99995, 0.9999, 0.9, 0.89], plateau(patience=1))
    yield case("rate-min-delta-large", [1.0, 0.8, 0.6, 0.4], plateau(patience=1, min_delta=0.3))
    yield case("rate-max-auto", acc, ("ReduceLROnPlateau", dict(monitor="accuracy", verbose=1, patience=1)))
    yield case("rate-max", [1.0, 1.0, 2.0, 1.0], plateau(mode="max", patience=1))
    yield case("rate-tiny", [1.0] * 9, plateau(patience=1, factor=1e-6))
    yield case("rate-zero-factor", [1.0] * 3, plateau(patience=1, factor=0.0))
    yield case("rate-missing", [1.0, 1.0], ("ReduceLROnPlateau", dict(verbose=1)))
    yield case("rate-nan", [nan, nan, nan], plateau(patience=1))
    yield case("rate-monitors-rate", [1.0] * 4, ("ReduceLROnPlateau", dict(monitor="lr", patience=1, verbose=1)))
    yield case("rate-twice", [1.0] * 4, plateau(patience=1), runs=[[0, 3], [1, 4]])

    schedule = lambda answers, **more: ("LearningRateScheduler", dict(schedule=answers, verbose=1, **more))  # noqa: E731
    yield case("schedule", [1.0] * 5, schedule([0.1, 0.05, 1e-5, 0.123456789, 0.0]))
    yield case("schedule-factor", [1.0] * 4, schedule(0.9))
    yield case("schedule-and-plateau", [1.0] * 5, schedule(0.5), plateau(patience=2))
    yield case("plateau-and-schedule", [1.0] * 5, plateau(patience=2), schedule(0.5))

    file = "log.csv"
    csv = lambda **more: ("CSVLogger", dict(filename=file, **more))  # noqa: E731
    odd = [
        {"loss": float(np.float32(0.1)), "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.0},
        {"loss": 1e-5, "accuracy": 123456789.0, "val_loss": 1e16, "val_accuracy": -0.0},
        {"loss": nan, "accuracy": inf, "val_loss": -inf, "val_accuracy": 3.4028234663852886e38},
        {"loss": 1 / 3, "accuracy": 1e-45, "val_loss": 0.0001, "val_accuracy": 0.00001},
    ]
    yield case("csv", odd, csv(), file=file)
    yield case("csv-separator", odd, csv(separator=";"), file=file)
    yield case("csv-separator-tab", odd, csv(separator="\t"), file=file)
    yield case("csv-separator-quotes", odd, csv(separator="e"), file=file)
    yield case("csv-no-validation", [1.0, 0.5], csv(), file=file)
    yield case("csv-validation-later", [{"loss": 1.0}, {"loss": 0.5, "val_loss": 0.25}, {"loss": 0.125}], csv(), file=file)
    yield case("csv-validation-at-times", [{"loss": 1.0, "val_loss": 2.0}, {"loss": 0.5}, {"loss": 0.125, "more": 1.0}], csv(), file=file)
    yield case("csv-replace", [1.0, 0.5], csv(), file=file, before="old\r\n")
    yield case("csv-append", [1.0, 0.5], csv(append=True), file=file, before="epoch,loss,val_loss\r\n0,1.0,NA\r\n")
    yield case("csv-append-new", [1.0, 0.5], csv(append=True), file=file)
    yield case("csv-append-empty", [1.0, 0.5], csv(append=True), file=file, before="")
    yield case("csv-append-twice", [1.0, 0.5, 0.25], csv(append=True), file=file, runs=[[0, 2], [2, 3]])
    yield case("csv-twice", [1.0, 0.5, 0.25], csv(), file=file, runs=[[0, 2], [2, 3]])
    yield case("csv-rate", [1.0] * 4, plateau(patience=1), csv(), file=file)
    yield case("csv-before-rate", [1.0] * 3, csv(), plateau(patience=1), file=file)
    yield case("csv-stop", [1.0, 2.0, 3.0], early(), csv(), file=file)
    yield from nan_cases()


def nan_cases():
    """TerminateOnNaN: `bad` is what sample 5 of 8 holds, in batches of 2."""
    for name, bad in {"nan": math.nan, "infinite": math.inf, "large": 1e30, "fine": 1.0}.items():
        model, stdout = build(), io.StringIO()
        x, y = np.tile(X, (2, 1)), np.tile(Y, (2, 1))
        y[5] = bad
        batches = []
        note = keras.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: batches.append(batch))
        with contextlib.redirect_stdout(stdout):
            history = model.fit(x, y, 2, 2, 0, callbacks=[keras.callbacks.TerminateOnNaN(), note], shuffle=False)
        yield {
            "name": f"terminate-{name}",
            "kind": "terminate",
            "bad": plain(bad),
            "batches": batches,
            "epochs_run": history.epoch,
            "stdout": stdout.getvalue(),
        }


one_thread()
emit("make_callbacks.py", ABOUT, list(cases()))
