"""Writes seed inputs for the config fuzzer: config_fuzzer_seeds.py DIRECTORY

They are configs that Keras wrote, out of tests/golden, in the form that config_fuzz_target.h gives: each layer, initializer
and regularizer in a small model, and each loss, metric, optimizer and schedule in what `compile` takes.
"""

import glob
import json
import os
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LONGEST = 2048  # longer ones, which say nothing new, make a slow start


def cases(name):
    with open(os.path.join(TESTS, "golden", name), encoding="utf-8") as file:
        return json.load(file)["cases"]


def model(layer):
    dense = {"class_name": "Dense", "config": {"units": 2, "name": "d"}}
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [layer, dense]}}


def dense(**config):
    return {"class_name": "Dense", "config": {"units": 3, "batch_input_shape": [None, 4], **config}}


def models():
    for case in cases("layers.json"):
        layer = json.loads(json.dumps(case["layer"]))
        layer["config"]["batch_input_shape"] = [None] + case["input"]["shape"][1:]
        yield model(layer)
    for case in cases("initializers.json"):
        yield model(dense(kernel_initializer=case["initializer"]))
    for case in cases("regularizers.json"):
        kind = "kernel_regularizer" if case["kind"] == "regularizer" else "kernel_constraint"
        yield model(dense(**{kind: case["object"]}))
    yield model(model(dense()))


def compiles():
    for case in cases("losses.json"):
        yield {"optimizer": "sgd", "loss": case["loss"], "metrics": []}
    for case in cases("metrics.json"):
        if "metric" in case:
            yield {"optimizer": "adam", "loss": "mse", "metrics": [case["metric"]]}
    for case in cases("schedules.json"):
        optimizer = {"class_name": "SGD", "config": {"learning_rate": case["schedule"]}}
        yield {"optimizer": optimizer, "loss": "mse", "metrics": ["mae"], "loss_weights": [0.5]}
    for path in sorted(glob.glob(os.path.join(TESTS, "golden/trajectories/*/*.json"))):
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        optimizer = found.get("optimizer") or found.get("cases", [{}])[0].get("optimizer")
        if optimizer:
            yield {"optimizer": optimizer, "loss": "mse", "metrics": [], "weighted_metrics": ["mae"]}


def main(directory):
    os.makedirs(directory, exist_ok=True)
    texts = set()
    for mode, objects in ((0, models()), (1, compiles())):
        for each in objects:
            text = json.dumps(each, separators=(",", ":")).encode()
            if len(text) <= LONGEST:
                texts.add(bytes([mode]) + text)
    for number, text in enumerate(sorted(texts)):
        with open(os.path.join(directory, "seed-%04d" % number), "wb") as file:
            file.write(text)
    print(len(texts), "seeds")


if __name__ == "__main__":
    main(sys.argv[1])
