"""Real TensorFlow checkpoints of tiny models, with what a reader must find in them.

Run with the Python of one environment: `make_checkpoints.py <directory>` fills <directory>/<case>/ with the files that
TensorFlow writes and an expected.json beside them.
"""

import contextlib
import os
import shutil
import sys
from unittest import mock

import numpy as np

from common import HERE, LABEL, LEGACY, NEW, array, dump, header, keras, one_thread, pattern, plain, tf

L = keras.layers
GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def dense_model():
    return keras.Sequential(
        [L.Dense(4, activation="relu", input_shape=(5,)), L.Dropout(0.2), L.Dense(3)]
    )


def bn_model():
    return keras.Sequential(
        [
            L.Flatten(input_shape=(5, 1)),
            L.Dense(4, use_bias=False),
            L.BatchNormalization(),
            L.Activation("relu"),
            L.Dense(3, activation="softmax"),
        ]
    )


def data(model):
    x = pattern((12,) + tuple(model.input_shape[1:]), 2.0)
    y = (np.arange(12) % 3).astype(np.int32)
    return x, y


def start(build, optimizer=None, seed=0):
    """A new model with formula weights; all names as in a fresh process."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = build()
    model.set_weights(
        [
            pattern(w.shape, 0.8, offset=17 * i + seed) + (1.0 if "variance" in v.name or "gamma" in v.name else 0.0)
            for i, (w, v) in enumerate(zip(model.get_weights(), model.weights))
        ]
    )
    if optimizer is not None:
        logits = build is dense_model
        model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=logits), ["accuracy"])
    return model


def train(model, epochs=1):
    x, y = data(model)
    model.fit(x, y, batch_size=5, epochs=epochs, shuffle=False, verbose=0)


@contextlib.contextmanager
def clock_at(seconds):
    """CheckpointManager writes timestamps: the same ones at every regeneration."""
    with mock.patch("time.time", lambda: seconds):
        yield


def object_graph(reader):
    from tensorflow.core.protobuf import trackable_object_graph_pb2 as pb

    graph = pb.TrackableObjectGraph()
    graph.ParseFromString(reader.get_tensor(GRAPH_KEY))
    nodes = []
    for node in graph.nodes:
        entry = {"children": [[c.local_name, c.node_id] for c in node.children]}
        if node.attributes:
            entry["attributes"] = [
                {"name": a.name, "full_name": a.full_name, "checkpoint_key": a.checkpoint_key}
                for a in node.attributes
            ]
        if node.slot_variables:
            entry["slot_variables"] = [
                [s.original_variable_node_id, s.slot_name, s.slot_variable_node_id] for s in node.slot_variables
            ]
        if node.HasField("has_checkpoint_values"):
            entry["has_checkpoint_values"] = node.has_checkpoint_values.value
        nodes.append(entry)
    return nodes


def finish(directory, prefix, model, case, functions):
    """Writes expected.json of the checkpoint <directory>/<prefix>."""
    reader = tf.train.load_checkpoint(os.path.join(directory, prefix))
    entries = []
    for key in sorted(reader.get_variable_to_shape_map()):
        if key == GRAPH_KEY:
            entries.append({"key": key, "dtype": "string", "shape": []})
        else:
            entries.append(dict(key=key, **array(reader.get_tensor(key))))
    x, _ = data(model)
    keras_optimizer = getattr(model, "optimizer", None)
    expected = {
        "case": case,
        "prefix": prefix,
        "files": sorted(f for f in os.listdir(directory) if f != "expected.json"),
        "latest_checkpoint": os.path.basename(tf.train.latest_checkpoint(directory) or "") or None,
        "model_config": {"class_name": "Sequential", "config": plain(model.get_config())},
        "optimizer": plain(keras.optimizers.serialize(keras_optimizer)) if keras_optimizer else None,
        # "train": fit ran, "test": evaluate or validation ran; each leaves an empty node in the object graph.
        "functions": functions,
        "weights": [dict(name=w.name.replace(":0", ""), **array(w.numpy())) for w in model.weights],
        "input": array(x),
        "prediction": array(model(x, training=False).numpy()),
        "entries": entries,
        "object_graph": object_graph(reader),
    }
    head = header("make_checkpoints.py", f"A checkpoint written by real TensorFlow ({LABEL}) and what is in it.")
    dump(os.path.join(directory, "expected.json"), head, [expected])


def save_weights(root, case, model, functions=()):
    directory = os.path.join(root, case)
    os.makedirs(directory)
    model.save_weights(os.path.join(directory, "cp.ckpt"))
    finish(directory, "cp.ckpt", model, case, list(functions))


def optimizers():
    """(name, factory) of every optimizer variant that this version can write."""
    families = [("legacy", LEGACY)] + ([("new", NEW)] if NEW else [])
    for kind, family in families:
        yield f"{kind}-sgd", lambda f=family: f.SGD(0.05)
        yield f"{kind}-momentum", lambda f=family: f.SGD(0.05, momentum=0.9)
        yield f"{kind}-adam", lambda f=family: f.Adam()
        yield f"{kind}-amsgrad", lambda f=family: f.Adam(amsgrad=True)


def main(root):
    one_thread()
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    save_weights(root, "weights-only", start(dense_model))
    save_weights(root, "weights-only-bn", start(bn_model))
    for name, factory in optimizers():
        model = start(dense_model, factory())
        train(model)
        save_weights(root, name, model, ["train"])
        if name.endswith("-adam"):
            save_weights(root, f"{name}-untrained", start(dense_model, factory()))
            model.evaluate(*data(model), verbose=0)
            save_weights(root, f"{name}-evaluated", model, ["train", "test"])
            model = start(bn_model, factory())
            train(model)
            save_weights(root, f"{name}-bn", model, ["train"])

            model = start(dense_model, factory())
            train(model)
            directory = os.path.join(root, f"{name}-checkpoint-save")
            os.makedirs(directory)
            path = tf.train.Checkpoint(model=model).save(os.path.join(directory, "ckpt"))
            finish(directory, os.path.basename(path), model, f"{name}-checkpoint-save", ["train"])

            directory = os.path.join(root, f"{name}-manager")
            with clock_at(1.6e9):
                manager = tf.train.CheckpointManager(tf.train.Checkpoint(model=model), directory, max_to_keep=2)
            for _ in range(3):
                train(model)
                with clock_at(1.6e9 + model.optimizer.iterations.numpy() / 4):
                    path = manager.save()
            finish(directory, os.path.basename(path), model, f"{name}-manager", ["train"])
    # Slots, but neither hyperparameters nor iterations: a model saved right after load_weights.
    model = start(dense_model, LEGACY.Adam(), seed=3)
    model.load_weights(os.path.join(root, "legacy-adam", "cp.ckpt"))
    save_weights(root, "legacy-adam-resaved", model)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "checkpoints", LABEL))
