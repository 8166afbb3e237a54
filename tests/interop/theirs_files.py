"""Keras's side of the exchange of whole models and of weights in HDF5 and archives. As theirs.py; with TABTRAIN_KERAS=3 in
the environment it is Keras 3."""

import json
import os
import sys

sys.dont_write_bytecode = True
import aspects  # noqa: E402
from theirs import LABEL, STEPS, Checks, assert_losses, build, data, fit, main, step  # noqa: E402
from common import keras, np  # noqa: E402


def assert_prediction(case, model, expected):
    """Of each value 1e-6 of what it is, or of one. In 'nested' two normalizations in a row magnify the rounding of
    either side, each 7e-7 at most from what float64 gives, so that they may be 1.07e-6 from each other."""
    got = model(data()[0], training=False).numpy().ravel().astype(np.float64)
    assert got.shape == (len(expected),), f"expected {len(expected)} values, got {got.shape}"
    worst = (np.abs(got - expected) / np.maximum(1, np.abs(expected))).max()
    assert worst <= (2e-6 if case["model"] == "nested" else 1e-6), f"predictions differ by {worst}"


def is_weights(case):
    return case["file"].startswith("w.")


def save(model, case, path):
    if is_weights(case):
        model.save_weights(path)
    elif path.endswith(".keras") and LABEL == "tf2.12":
        model.save(path, save_format="keras_v3")  # otherwise HDF5 under that name
    else:
        model.save(path)


def write(plan, root):
    for case in plan["write"]:
        directory = os.path.join(root, case["name"])
        os.makedirs(directory)
        model = build(plan, case)
        if case["trained"]:
            fit(model)
        save(model, case, os.path.join(directory, case["file"]))
        expected = {
            "prediction": model(data()[0], training=False).numpy().ravel().astype(float).tolist(),
            "weights": aspects.weights_of(model),
            "evaluated": aspects.evaluated(model, *data()) if case["optimizer"] else None,
            "state": aspects.state_of(model) if case["trained"] else None,
            "losses": [step(model, i) for i in range(STEPS)] if case["steps"] else [],
        }
        with open(os.path.join(directory, "expected.json"), "w") as file:
            json.dump(expected, file)


def read(plan, root):
    check = Checks()
    for case in plan["read"]:
        directory = os.path.join(root, case["name"])
        path = os.path.join(directory, case["file"])
        with open(os.path.join(directory, "expected.json")) as file:
            expected = json.load(file)
        check.prefix = f"{LABEL} reads ours, {case['name']}: "
        loaded = []

        def load():
            if not is_weights(case):
                loaded.append(keras.models.load_model(path))
                return
            model = build(plan, case, seed=1)
            if case["optimizer"]:
                # As the tutorial does: Keras 2 then asks for the metrics too.
                model.evaluate(*data(), verbose=0)
                model.optimizer.build(model.trainable_variables)
            model.load_weights(path)
            loaded.append(model)

        def tell(name, body, aspect):
            check(name, body, f"{case['format']} {aspect}")

        tell("loads", load, "weights" if is_weights(case) else "architecture,weights")
        if not loaded:
            continue
        model = loaded[0]
        if not is_weights(case):
            tell("architecture", lambda: aspects.assert_architecture(model, plan["models"][case["model"]]), "architecture")
            chosen = case["optimizer"]
            compiled = (chosen["className"], chosen["config"], chosen.get("schedule"))
            tell("compile", lambda: aspects.assert_compiled(model, *compiled), "compile")
        tell("weights", lambda: aspects.assert_weights(model, expected["weights"]), "weights")
        tell("predictions", lambda: assert_prediction(case, model, expected["prediction"]), "weights")
        if case["state"]:
            tell("optimizer", lambda: aspects.assert_state(model, expected["state"]), "optimizer")
        if case["steps"]:
            tell("next ten steps", lambda: assert_losses([step(model, i) for i in range(STEPS)], expected["losses"]), "steps")


if __name__ == "__main__":
    main(write, read)
