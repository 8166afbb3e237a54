"""Whole models and weights as Keras writes them to HDF5 and to .keras archives: tf2.8's own Keras; tf-keras, Keras 3 and h5py
with tf2.21. Beside the files expected.json: for each what a reader must see, the prediction of the common input and the
losses of the next steps."""

import datetime
import json
import os
import sys
import time

sys.dont_write_bytecode = True
from common import LABEL, LEGACY, NEW, dump, header, keras, np, number, one_thread, pattern, tf  # noqa: E402

one_thread()
STEPS = 5
SAMPLES = 12
FEATURES = 4
X = pattern((SAMPLES, FEATURES), 2.0)
Y = (np.arange(SAMPLES) % 3).astype(np.int32)


class Clock(datetime.datetime):
    """Files are the same whenever they are made."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 25, 13, 19, 27)


datetime.datetime = Clock
time.localtime = lambda *_: time.gmtime(315532800)


def layers(kind, k):
    """The layers of a model in the words of Keras `k`."""
    layer = k.layers
    start = [layer.Input((FEATURES,))] if k is not keras else [layer.InputLayer(input_shape=(FEATURES,))]
    inner = [layer.Input((5,))] if k is not keras else [layer.InputLayer(input_shape=(5,))]
    if kind == "mlp":
        regularizer = k.regularizers.L2(0.01)
        return start + [
            layer.Dense(5, activation="relu", kernel_regularizer=regularizer),
            layer.BatchNormalization(),
            layer.Dropout(0.0),
            k.Sequential(inner + [layer.Dense(4), layer.BatchNormalization(), layer.PReLU()]),
            layer.Dense(4, use_bias=False, kernel_constraint=k.constraints.MaxNorm(3.0)),
            layer.LayerNormalization(),
            layer.Dense(3),
        ]
    if kind == "frozen":
        frozen = layer.Dense(4, trainable=False)
        return start + [layer.Dense(5), k.Sequential(inner + [layer.Dense(3), layer.BatchNormalization(), frozen]), layer.Dense(3)]
    if kind == "deferred":
        return [layer.Dense(5, activation="relu"), k.Sequential([layer.Dense(4)]), layer.Dense(3)]
    if kind == "tiny":
        return start + [layer.Dense(5, activation="relu"), layer.Dense(3)]
    normalization = layer.Normalization()
    normalization.adapt(X)
    return start + [
        layer.Rescaling(0.5, offset=0.125),
        normalization,
        layer.Reshape((2, 2)),
        layer.SpatialDropout1D(0.0),
        layer.Permute((2, 1)),
        layer.Flatten(),
        layer.LeakyReLU(0.25),
        layer.ELU(0.5),
        layer.ReLU(max_value=4.0, negative_slope=0.125, threshold=0.0),
        layer.GaussianNoise(0.0),
        layer.GaussianDropout(0.0),
        layer.AlphaDropout(0.0),
        layer.ActivityRegularization(l2=0.01),
        *([layer.UnitNormalization()] if hasattr(layer, "UnitNormalization") else []),
        layer.Activation("tanh"),
        layer.Dense(3, kernel_initializer=k.initializers.RandomNormal(stddev=0.5, seed=1)),
        layer.RepeatVector(1),
        layer.Flatten(),
        layer.Softmax(),
    ]


def set_policy(k, policy):
    k.backend.set_floatx("float64" if policy == "float64" else "float32")
    (keras.mixed_precision.set_global_policy if k is keras else k.config.set_dtype_policy)(policy)


def build(kind, k, optimizer, policy):
    k.backend.clear_session()
    set_policy(k, policy)
    model = k.Sequential(layers(kind, k))
    model.build((None, FEATURES))
    if kind != "zoo":
        weights = []
        for i, weight in enumerate(model.get_weights()):
            name = model.weights[i].path if hasattr(model.weights[i], "path") else model.weights[i].name
            offset = 1.0 if "gamma" in name or "variance" in name else 0.0
            weights.append(pattern(weight.shape, 0.8, offset=101 * i) + np.float32(offset))
        model.set_weights(weights)
    if optimizer is not None:
        logits = kind != "zoo"
        model.compile(optimizer, k.losses.SparseCategoricalCrossentropy(from_logits=logits), metrics=["accuracy"])
        model.fit(X, Y, batch_size=4, shuffle=False, verbose=0)
    return model


def loss(result):
    return number(np.ravel(result)[0])


def case(root, name, writer, kind, k, optimizer=None, policy="float32"):
    model = build(kind, k, optimizer, policy)
    save = model.save_weights if "weights" in name else model.save
    save(os.path.join(root, name))
    if name.endswith(".ckpt"):
        os.remove(os.path.join(root, "checkpoint"))
    config = None if optimizer is None else type(optimizer).__name__
    return {
        "name": name,
        "writer": writer,
        "optimizer": config,
        "layers": [type(each).__name__ for each in model.layers],
        "prediction": [number(v) for v in np.ravel(model.predict(X, verbose=0))],
        "losses": [] if optimizer is None else [loss(model.train_on_batch(X, Y)) for _ in range(STEPS)],
    }


def keras2(root):
    def made(name, kind, optimizer=None, policy="float32"):
        return case(root, name, LABEL, kind, keras, optimizer, policy)

    cases = [
        made("mlp-adam.h5", "mlp", (NEW or LEGACY).Adam(0.01)),
        made("tiny-adam.h5", "tiny", LEGACY.Adam(0.01)),
        made("deferred-sgd.h5", "deferred", LEGACY.SGD(0.05, momentum=0.5)),
        made("zoo-momentum.h5", "zoo", (NEW or LEGACY).SGD(0.05, momentum=0.9)),
        made("mlp-weights.h5", "mlp"),
        made("frozen-weights.h5", "frozen"),
    ]
    if NEW:
        cases += [
            made("mlp-legacy-adam.h5", "mlp", LEGACY.Adam(0.01)),
            made("mlp-adam.keras", "mlp", NEW.Adam(0.01)),
            made("zoo-rmsprop.keras", "zoo", NEW.RMSprop(0.01, momentum=0.5)),
            made("deferred-adagrad.keras", "deferred", NEW.Adagrad(0.05)),
            made("mlp.weights.h5", "mlp", NEW.Adam(0.01)),
        ]
    whole = ["adam.h5", "adam.keras"] if NEW else ["adam.h5"]
    names = [*whole, "weights.ckpt"]
    other_floats = [("mixed_float16", f"half-{each}") for each in names]
    other_floats += [("float64", f"double-{each}") for each in names]
    return cases + [made(name, "tiny", (NEW or LEGACY).Adam(0.01), policy) for policy, name in other_floats]


def keras3(root):
    import keras as k3
    from keras.src.saving import serialization_lib

    # Keras writes where objects are in memory; here in which order they came.
    seen = {}  # with the objects, so that no other takes their place in memory
    serialization_lib.id = lambda each: seen.setdefault(id(each), (len(seen), each))[0]

    def made(name, kind, optimizer=None, policy="float32"):
        return case(root, name, "keras" + k3.__version__, kind, k3, optimizer, policy)

    schedule = k3.optimizers.schedules.InverseTimeDecay(0.05, 3, 0.5)
    return [
        made("keras3-mlp-adam.h5", "mlp", k3.optimizers.Adam(0.01)),
        made("keras3-mlp-adam.keras", "mlp", k3.optimizers.Adam(0.01)),
        made("keras3-mlp-nadam.keras", "mlp", k3.optimizers.Nadam(0.01)),
        made("keras3-mlp-scheduled.keras", "mlp", k3.optimizers.SGD(schedule, momentum=0.5)),
        made("keras3-zoo-sgd.keras", "zoo", k3.optimizers.SGD(0.05)),
        made("keras3-deferred-adamw.keras", "deferred", k3.optimizers.AdamW(0.01)),
        made("keras3-deferred-adam.h5", "deferred", k3.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9)),
        made("keras3-mlp.weights.h5", "mlp", k3.optimizers.Adam(0.01)),
        made("keras3-frozen.weights.h5", "frozen"),
        made("keras3-half-adam.h5", "tiny", k3.optimizers.Adam(0.01), "mixed_float16"),
        made("keras3-half-adam.keras", "tiny", k3.optimizers.Adam(0.01), "mixed_float16"),
        made("keras3-bfloat-adam.keras", "tiny", k3.optimizers.Adam(0.01), "bfloat16"),
        made("keras3-double-adam.h5", "tiny", k3.optimizers.Adam(0.01), "float64"),
        made("keras3-double-adam.keras", "tiny", k3.optimizers.Adam(0.01), "float64"),
    ]


def odd(root):
    """Layouts that h5py can write and Keras seldom does, and files that nobody should believe."""
    import h5py

    source = os.path.join(root, "tiny-adam.h5")

    def copy(name, dataset, text=None, split=None):
        """The file with its datasets and texts made by other functions."""
        with h5py.File(source) as old, h5py.File(os.path.join(root, name), "w") as new:

            def attributes(of, to):
                for key, value in of.attrs.items():
                    if split and key == "layer_names":
                        for i, part in enumerate(np.array_split(value, split)):
                            to.attrs[f"{key}{i}"] = part.astype("S")
                    elif text and not isinstance(value, np.ndarray):
                        to.attrs[key] = text(value)
                    else:
                        to.attrs[key] = np.array(value, "S") if text and len(value) else value

            attributes(old, new)

            def visit(path, node):
                if isinstance(node, h5py.Dataset):
                    dataset(new, path, node[()])
                else:
                    attributes(node, new.require_group(path))

            old.visititems(visit)

    def packed(new, path, value):
        options = {} if value.ndim == 0 else {"compression": "gzip", "shuffle": True, "fletcher32": True}
        new.create_dataset(path, data=value, **options)

    copy("odd-packed.h5", packed, split=2)
    copy("odd-fixed-big-endian.h5", lambda new, path, v: new.create_dataset(path, data=v.astype(v.dtype.newbyteorder(">"))),
         text=lambda value: np.bytes_(value))
    copy("odd-float16.h5", lambda new, path, v: new.create_dataset(path, data=v.astype("f2" if v.dtype.kind == "f" else v.dtype)))
    copy("odd-float64.h5", lambda new, path, v: new.create_dataset(path, data=v.astype("f8" if v.dtype.kind == "f" else "i4")))

    def bad(name, change, plain=lambda new, path, v: new.create_dataset(path, data=v)):
        path = os.path.join(root, f"bad-{name}.h5")
        copy(f"bad-{name}.h5", plain)
        with h5py.File(path, "a") as file:
            group = file["model_weights/dense/dense"]
            del group["bias:0"]
            change(file, group)

    bad("soft-link", lambda file, group: group.__setitem__("bias:0", h5py.SoftLink("/model_weights/dense_1/dense_1/bias:0")))
    bad("external-link", lambda file, group: group.__setitem__("bias:0", h5py.ExternalLink("/etc/passwd", "/x")))
    bad("external-storage", lambda file, group: group.create_dataset("bias:0", (5,), "f4", external=[("/dev/zero", 0, 20)]))
    bad("filter", lambda file, group: group.create_dataset("bias:0", data=np.zeros(5, "f4"), compression="lzf"))
    bad("huge", lambda file, group: group.create_dataset("bias:0", (1 << 20, 1 << 20), "f4", chunks=(16, 16)))
    bad("negative", lambda file, group: group.create_dataset("bias:0", (1 << 31, 1 << 31, 4), "f4", chunks=(16, 16, 1)))
    bad("compound", lambda file, group: group.create_dataset("bias:0", (5,), np.dtype([("a", "f4"), ("b", "f4")])))
    bad("shape", lambda file, group: group.create_dataset("bias:0", data=np.zeros(6, "f4")))
    bad("group", lambda file, group: group.create_group("bias:0"))
    bad("missing", lambda file, group: None)

    def virtual(file, group):
        space = h5py.h5s.create_simple((5,))
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_virtual(space, b"/etc/passwd", b"x", space)
        properties.set_obj_track_times(False)
        h5py.h5d.create(group.id, b"bias:0", h5py.h5t.IEEE_F32LE, space, properties)

    bad("virtual", virtual)
    bad("config", lambda file, group: file.attrs.__setitem__("model_config", "{"))


if __name__ == "__main__":
    root = sys.argv[1]
    os.makedirs(root, exist_ok=True)
    cases = keras2(root) + (keras3(root) if NEW else [])
    if NEW:
        odd(root)
    about = "files as Keras wrote them: writer, optimizer, classes of layers, prediction of the common input, next losses"
    dump(os.path.join(root, "expected.json"), header("make_files.py", about), cases)
    assert json and tf
