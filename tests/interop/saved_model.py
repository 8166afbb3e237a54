"""TensorFlow's side of the exchange of whole models, run with the Python of one environment.

    saved_model.py write PLAN DIRECTORY    saves every model of the plan with Keras, with what a reader must see
    saved_model.py read PLAN DIRECTORY     loads what the package saved there in every way that TensorFlow has

PLAN is the JSON that run.mjs writes. Each check prints one line: `ok - name` or `not ok - name: why`.
"""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import aspects  # noqa: E402
from theirs import (BATCH, LABEL, LEGACY, NEW, SAMPLES, STEPS, Checks, assert_equal, assert_losses,  # noqa: E402
                    assert_prediction, data, keras, main, np, tf)
from common import pattern  # noqa: E402
from own_objects import FUNCTIONS, OWN, absolute, worst  # noqa: E402

RANDOM = ("dropout", "noise")


def layer(description):
    name, settings = description
    if name == "Sequential":
        return keras.Sequential([layer(each) for each in settings["layers"]])
    if name == "Normalization" and not settings:
        adapted = keras.layers.Normalization()
        adapted.adapt(data()[0])
        return adapted
    return (OWN[name] if name in OWN else getattr(keras.layers, name))(**settings)


def compile_as(model, case):
    name, settings = case["optimizer"]
    family = LEGACY if case["legacy"] or NEW is None else NEW
    optimizer = getattr(family, name)(**settings)
    if case["model"] == "custom":
        model.compile(optimizer, absolute, metrics=[worst])
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, metrics=["accuracy"])


def targets(case):
    y = data()[1]
    return y.reshape(-1, 1).astype(np.float32) if case["model"] == "custom" else y


def next_losses(model, case):
    x, y = data()[0], targets(case)
    losses = []
    for i in range(STEPS):
        at = BATCH * (i % (SAMPLES // BATCH))
        logs = model.train_on_batch(x[at : at + BATCH], y[at : at + BATCH], return_dict=True)
        losses.append(float(logs["loss"]))
        model.reset_metrics()
    return losses


def write(plan, root):
    x, y = data()
    for case in plan["theirs"]:
        directory = os.path.join(root, case["name"])
        os.makedirs(directory)
        keras.backend.clear_session()
        model = keras.Sequential([layer(each) for each in plan["models"][case["model"]]])
        model(x)
        weights = []
        for i, variable in enumerate(model.weights):
            shift = 1.0 if any(part in variable.name for part in ("gamma", "variance", "gain")) else 0.0
            weights.append(pattern(variable.shape, 0.8, offset=101 * i) + np.float32(shift))
        if case["model"] != "adapted":  # which keeps its mean in a constant as well
            model.set_weights(weights)
        if case["optimizer"]:
            compile_as(model, case)
            model.fit(x, targets(case), batch_size=BATCH, shuffle=False, verbose=0, epochs=2)
        model.save(os.path.join(directory, "model"), save_format="tf")
        expected = {
            "prediction": model(x, training=False).numpy().ravel().astype(float).tolist(),
            "weights": aspects.weights_of(model),
            "evaluated": aspects.evaluated(model, x, y) if case["optimizer"] and case["model"] != "custom" else None,
            "state": aspects.state_of(model) if case["optimizer"] else None,
            "losses": next_losses(model, case) if case["optimizer"] and case["model"] not in RANDOM else [],
        }
        with open(os.path.join(directory, "expected.json"), "w") as file:
            json.dump(expected, file)


# ---- reading


def close(got, expected, within=1e-6):
    got = np.asarray(got).ravel().astype(np.float64)
    assert got.shape == (len(expected),), f"expected {len(expected)} values, got {got.shape}"
    worst_case = np.abs(got - np.array(expected)).max()
    assert worst_case <= within, f"differs by {worst_case}"


def same_optimizer(model, path, expected):
    """The optimizer after load_model has what the writer had, and all that is in the file."""
    aspects.assert_state(model, expected)
    reader = tf.train.load_checkpoint(os.path.join(path, "variables", "variables"))
    stored = {k: reader.get_tensor(k) for k in reader.get_variable_to_shape_map() if "optimizer" in k.lower()}
    optimizer = model.optimizer
    key = "optimizer/iter/" if "optimizer/iter/.ATTRIBUTES/VARIABLE_VALUE" in stored else "optimizer/_iterations/"
    assert_equal(int(optimizer.iterations), int(stored[key + ".ATTRIBUTES/VARIABLE_VALUE"]))
    variables = optimizer.variables() if callable(optimizer.variables) else optimizer.variables
    mine = sorted((v.numpy() for v in variables if v.dtype == tf.float32 and len(v.shape) > 0), key=lambda a: a.tobytes())
    theirs = sorted((v for v in stored.values() if getattr(v, "ndim", 0) > 0), key=lambda a: a.tobytes())
    assert_equal(len(mine), len(theirs))
    assert all(np.array_equal(a, b) for a, b in zip(mine, theirs)), "slots differ"


def session(path):
    with tf.Graph().as_default(), tf.compat.v1.Session() as running:
        meta = tf.compat.v1.saved_model.load(running, ["serve"], path)
        signature = meta.signature_def["serving_default"]
        (given,), (result,) = signature.inputs.values(), signature.outputs.values()
        return running.run(result.name, {given.name: data()[0]})


def cli(path, scratch):
    tool = os.path.join(os.path.dirname(sys.executable), "saved_model_cli")
    common = ["--dir", path, "--tag_set", "serve", "--signature_def", "serving_default"]
    shown = subprocess.run([sys.executable, tool, "show"] + common, capture_output=True, text=True)
    assert "shape: (-1, 5)" in shown.stdout and "tensorflow/serving/predict" in shown.stdout, shown.stderr[-300:]
    name = shown.stdout.split("inputs['")[1].split("'")[0]
    given = os.path.join(scratch, "x.npy")
    np.save(given, data()[0])
    args = ["run"] + common + ["--inputs", f"{name}={given}", "--outdir", scratch, "--overwrite"]
    ran = subprocess.run([sys.executable, tool] + args, capture_output=True, text=True)
    outputs = [each for each in os.listdir(scratch) if each.endswith(".npy") and each != "x.npy"]
    assert len(outputs) == 1, ran.stderr[-300:]
    return np.load(os.path.join(scratch, outputs[0]))


def lite(path):
    converter = tf.lite.TFLiteConverter.from_saved_model(path)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    x = data()[0]
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def trackable(path, case, expected):
    loaded = tf.saved_model.load(path)
    x = tf.constant(data()[0])
    (result,) = loaded.signatures["serving_default"](x).values()
    close(result, expected["prediction"])
    close(loaded(x), expected["prediction"])
    close(loaded(x, training=False), expected["prediction"])
    trained = np.asarray(loaded(x, training=True)).ravel()
    differs = np.abs(trained - np.array(expected["prediction"])).max()
    if case["model"] in RANDOM + ("normalized", "nested", "catalogue", "moving", "block", "thawed"):
        assert differs > 1e-4, "training=True is as training=False"
    else:
        assert differs <= 1e-6, differs


def compiled(model, case):
    name, settings = case["optimizer"]
    aspects.assert_compiled(model, name, settings)
    metrics = tf.nest.flatten(model.compiled_metrics._user_metrics)
    assert_equal([each if isinstance(each, str) else each.name for each in metrics], ["accuracy"])


def read_case(check, plan, case, directory):
    with open(os.path.join(directory, "expected.json")) as file:
        expected = json.load(file)
    path = os.path.join(directory, "model")
    check.prefix = f"{LABEL} reads our SavedModel, {case['name']}: "
    own = [each[0] for each in plan["models"][case["model"]] if each[0] in OWN]
    # With the class, Keras thaws what a layer froze in itself, in its own files as well.
    has_class = own and case["model"] != "block"
    for given in ([False, True] if has_class else [False]):
        how = ", with the class" if given else ""
        objects = {**FUNCTIONS, **(OWN if given else {})}
        made = []
        loading = lambda: made.append(keras.models.load_model(path, custom_objects=objects))  # noqa: E731
        check("load_model" + how, loading, "saved_model architecture,weights")
        if not made:
            continue
        model = made[0]
        check("weights" + how, lambda: aspects.assert_weights(model, expected["weights"]), "saved_model weights")
        check("predictions" + how, lambda: assert_prediction(model, expected["prediction"]), "saved_model weights")
        if own:
            assert (type(model.layers[1]) is OWN[own[0]]) == given
        if given or not own:
            described = plan["models"][case["model"]]
            check("architecture" + how, lambda: aspects.assert_architecture(model, described), "saved_model architecture")
        if not case["optimizer"]:
            continue
        if case["model"] != "custom":
            check("compile" + how, lambda: compiled(model, case), "saved_model compile")
        check("optimizer" + how, lambda: same_optimizer(model, path, expected["state"]), "saved_model optimizer")
        if expected["losses"]:
            steps = lambda: assert_losses(next_losses(model, case), expected["losses"])  # noqa: E731
            check("next ten steps" + how, steps, "saved_model steps")

        def saved_again():
            with tempfile.TemporaryDirectory() as scratch:
                model.save(scratch, save_format="tf")
                again = keras.models.load_model(scratch, custom_objects=objects)
                assert_prediction(again, model(data()[0], training=False).numpy().ravel().astype(float).tolist())

        check("saved again" + how, saved_again)
    check("tf.saved_model.load", lambda: trackable(path, case, expected))
    check("session", lambda: close(session(path), expected["prediction"]))
    check("TensorFlow Lite", lambda: close(lite(path), expected["prediction"], 1e-5))
    if case["model"] in ("custom", "catalogue") or case["name"] == "tutorial-adam-legacy":
        with tempfile.TemporaryDirectory() as scratch:
            check("saved_model_cli", lambda: close(cli(path, scratch), expected["prediction"]))
    if LABEL == "tf2.21":
        import keras as keras3

        def tfsm():
            (result,) = keras3.layers.TFSMLayer(path, call_endpoint="serving_default")(data()[0]).values()
            close(result, expected["prediction"])

        check("TFSMLayer of Keras 3", tfsm, "saved_model weights keras3")


def read(plan, root):
    check = Checks()
    for case in plan["ours"] + plan["returned"]:
        read_case(check, plan, case, os.path.join(root, case["name"]))


if __name__ == "__main__":
    main(write, read)
