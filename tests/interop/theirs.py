"""The TensorFlow side of the exchange, run with the Python of one environment.

    theirs.py write PLAN DIRECTORY    makes every case of the plan and saves it, with what a reader must see
    theirs.py read PLAN DIRECTORY     loads what the other side saved there and checks it

PLAN is the JSON that run.mjs writes. A case's directory holds the checkpoint and expected.json: `prefix`, `variables` as
tf.train.list_variables lists them, `prediction` of the common input, and `losses` of the next ten training steps.
Each check prints one line: `ok - name` or `not ok - name: why`.
"""

import filecmp
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
sys.dont_write_bytecode = True
from aspects import assert_weights, weights_of  # noqa: E402
from common import LABEL, LEGACY, NEW, keras, np, one_thread, pattern, tf  # noqa: E402

STEPS = 10
BATCH = 5
SAMPLES = 20


def data():
    return pattern((SAMPLES, 5), 2.0), (np.arange(SAMPLES) % 3).astype(np.int32)


def layer(description):
    """A layer of a plan, or a model as a layer."""
    name, settings = description
    if name == "Sequential":
        return keras.Sequential([layer(each) for each in settings["layers"]])
    if LABEL == "keras3" and name == "LeakyReLU":
        settings = {"negative_slope": settings["alpha"]}
    return getattr(keras.layers, name)(**settings)


def build(plan, case, optimizer=True, seed=0):
    """The case's model with formula weights (other ones per seed), compiled unless the case has no optimizer."""
    keras.backend.clear_session()
    model = keras.Sequential([layer(each) for each in plan["models"][case["model"]]])
    weights = []
    for i, variable in enumerate(model.weights):
        offset = 1.0 if "gamma" in variable.name or "variance" in variable.name else 0.0
        weights.append(pattern(variable.shape, 0.8, offset=101 * i + 13 * seed) + np.float32(offset))
    model.set_weights(weights)
    if optimizer and case["optimizer"]:
        if case["generation"] == "new" and NEW is None:
            compile_with(model, LEGACY.Adam())  # its state is not to be compared
            return model
        family = NEW if case["generation"] == "new" else LEGACY
        settings = dict(case["optimizer"]["config"])
        schedule = case["optimizer"].get("schedule")
        if schedule:
            made = getattr(keras.optimizers.schedules, schedule["className"])
            settings["learning_rate"] = made(**schedule["config"])
        compile_with(model, getattr(family, case["optimizer"]["className"])(**settings), is_eager(case))
    return model


def is_eager(case):
    return case["generation"] == "new" and case["optimizer"].get("eagerWhenNew", False)


def compile_with(model, optimizer, eager=False):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, run_eagerly=eager)


def fit(model):
    x, y = data()
    model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)


def step(model, i):
    x, y = data()
    at = BATCH * (i % (SAMPLES // BATCH))
    return float(model.train_on_batch(x[at : at + BATCH], y[at : at + BATCH]))


def variables(prefix):
    listed = []
    for name, shape in tf.train.list_variables(prefix):
        dtype = tf.train.load_checkpoint(prefix).get_variable_to_dtype_map()[name].name
        listed.append({"name": name, "dtype": dtype, "shape": list(shape)})
    return listed


# ---- writing


def save(case, model, directory):
    if case["writer"] == "save_weights":
        model.save_weights(os.path.join(directory, "cp.ckpt"))
    elif case["writer"] == "checkpoint":
        tf.train.Checkpoint(model=model).save(os.path.join(directory, "ckpt"))
    else:
        manager = tf.train.CheckpointManager(tf.train.Checkpoint(model=model), directory, max_to_keep=2)
        for _ in range(2):
            manager.save()
            fit(model)
        manager.save()
    return os.path.basename(tf.train.latest_checkpoint(directory))


def write(plan, root):
    for case in plan["write"]:
        directory = os.path.join(root, case["name"])
        os.makedirs(directory)
        model = build(plan, case)
        if case["trained"]:
            fit(model)
        prefix = save(case, model, directory)
        expected = {
            "prefix": prefix,
            "variables": variables(os.path.join(directory, prefix)),
            "weights": weights_of(model),
            "prediction": model(data()[0], training=False).numpy().ravel().astype(float).tolist(),
            "losses": [step(model, i) for i in range(STEPS)] if case["optimizer"] else [],
        }
        with open(os.path.join(directory, "expected.json"), "w") as file:
            json.dump(expected, file)


# ---- reading


class Checks:
    def __init__(self):
        self.prefix = ""

    def __call__(self, name, body, cell=None):
        """`cell` is `format aspect,aspect`: what of the matrix this checks."""
        tag = f" [{cell}]" if cell else ""
        try:
            body()
        except Exception as error:  # an assertion or whatever TensorFlow raises: the check failed
            why = (str(error).strip() or type(error).__name__).replace("\n", " ")[:400]
            print(f"not ok{tag} - {self.prefix}{name}: {why}", flush=True)
        else:
            print(f"ok{tag} - {self.prefix}{name}", flush=True)


def assert_equal(a, b):
    assert a == b, f"expected {b}, got {a}"


def assert_prediction(model, expected):
    got = model(data()[0], training=False).numpy().ravel()
    assert got.shape == (len(expected),), f"expected {len(expected)} values, got {got.shape}"
    worst = np.abs(got.astype(np.float64) - np.array(expected)).max()
    assert worst <= 1e-6, f"predictions differ by {worst}"


def assert_losses(got, expected, tolerance=1e-5):
    assert len(expected) == STEPS, f"expected {STEPS} losses, got {len(expected)}"
    for i, (a, b) in enumerate(zip(got, expected)):
        assert abs(a - b) <= tolerance * abs(b), f"loss of step {i + 1}: expected {b}, got {a}"


def assert_same_bytes(prefix, again, whole):
    """Equal files, or (not `whole`) equal data up to the object graph, the last tensor in the file."""
    if whole:
        for suffix in (".index", ".data-00000-of-00001"):
            assert filecmp.cmp(prefix + suffix, again + suffix, shallow=False), f"{suffix} differs"
        return
    sizes = 0
    reader = tf.train.load_checkpoint(prefix)
    for name in reader.get_variable_to_shape_map():
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH":
            sizes += reader.get_tensor(name).nbytes
    ours, theirs = (open(p + ".data-00000-of-00001", "rb").read()[:sizes] for p in (prefix, again))
    assert len(ours) == sizes and ours == theirs, "the tensors' bytes differ"


def read_case(check, plan, case, directory):
    with open(os.path.join(directory, "expected.json")) as file:
        expected = json.load(file)
    prefix = os.path.join(directory, expected["prefix"])
    check.prefix = f"{LABEL} reads ours, {case['name']}: "
    check("latest_checkpoint", lambda: assert_equal(tf.train.latest_checkpoint(directory), prefix))
    check("list_variables", lambda: assert_equal(variables(prefix), expected["variables"]))

    # OptimizerV2 leaves a newer optimizer's state in the file; only the weights are to be compared then.
    foreign = case["generation"] == "new" and NEW is None
    model = build(plan, case, seed=1)
    status = []

    def load():
        status.append(model.load_weights(prefix))
        if foreign:
            status[0].expect_partial()

    check("load_weights", load)
    if not status:
        return
    check("weights", lambda: assert_weights(model, expected["weights"]), "checkpoint weights")
    check("predictions", lambda: assert_prediction(model, expected["prediction"]), "checkpoint weights")
    if not foreign:
        check("assert_existing_objects_matched", lambda: status[0].assert_existing_objects_matched())
    if not case["trained"] and not foreign:
        check("assert_consumed", lambda: status[0].assert_consumed())
    if case["optimizer"] and not foreign:
        if is_eager(case):
            # Nadam counts its updates in a number that no file holds; with another one it goes wrong after loading.
            model.optimizer.build(model.trainable_variables)
            model.optimizer._u_product_counter = int(model.optimizer.iterations) + 1
        losses = [step(model, 0)]
        if case["trained"]:
            check("assert_consumed after one step", lambda: status[0].assert_consumed())
        losses += [step(model, i) for i in range(1, STEPS)]
        check("next ten steps", lambda: assert_losses(losses, expected["losses"]), "checkpoint steps")
    if not case["optimizer"]:
        compiled = build(plan, case, seed=2)
        compile_with(compiled, LEGACY.SGD())
        check("assert_consumed, compiled", lambda: compiled.load_weights(prefix).assert_consumed())
        bare = build(plan, case, seed=3)
        check("Checkpoint.read assert_consumed", lambda: tf.train.Checkpoint(bare).read(prefix).assert_consumed())
        check("predictions after Checkpoint.read", lambda: assert_prediction(bare, expected["prediction"]))
    elif not foreign:
        second = build(plan, case, seed=3)
        if case["trained"]:
            fit(second)
        second.load_weights(prefix)
        with tempfile.TemporaryDirectory() as scratch:
            again = os.path.join(scratch, "cp.ckpt")
            second.save_weights(again)
            whole = NEW is not None and not is_eager(case)
            name = "files are the bytes that TensorFlow writes" if whole else "tensors are the bytes that TensorFlow writes"
            check(name, lambda: assert_same_bytes(prefix, again, whole=whole), "checkpoint weights,optimizer")


def read(plan, root):
    check = Checks()
    for case in plan["read"]:
        read_case(check, plan, case, os.path.join(root, case["name"]))


def main(write, read):
    """Runs the action of the command line on its plan and directory."""
    one_thread()
    with open(sys.argv[2]) as file:
        plan = json.load(file)
    {"write": write, "read": read}[sys.argv[1]](plan, sys.argv[3])


if __name__ == "__main__":
    main(write, read)
