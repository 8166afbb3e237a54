"""What the golden generators share: the Keras under test, float formatting, the header, determinism."""

import json
import os
import sys
from importlib.metadata import version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Plain Eigen kernels in both versions: oneDNN's blocking differs from machine to machine.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

# TensorFlow up to 2.15 has a Keras 2 of its own, and from 2.11 on two generations of optimizers.
MINOR = int(tf.__version__.split(".")[1])
if os.environ.get("TABTRAIN_KERAS") == "3":
    import keras

    LABEL = "keras3"
elif MINOR <= 15:
    from tensorflow import keras

    LABEL = f"tf2.{MINOR}"
else:
    import tf_keras as keras

    LABEL = f"tf2.{MINOR}"
NAME = "tf_keras" if keras.__name__ == "tf_keras" else "keras"
VERSIONS = {"tensorflow": tf.__version__, NAME: version(NAME), "numpy": np.__version__}
if LABEL == "keras3":
    LEGACY, NEW = None, keras.optimizers
elif MINOR <= 10:
    LEGACY, NEW = keras.optimizers, None
else:
    LEGACY, NEW = keras.optimizers.legacy, keras.optimizers

HERE = os.path.dirname(os.path.abspath(__file__))


def one_thread():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def number(x):
    """A JSON value from which the float32 `x` is read back exactly, in as few digits as that takes."""
    x32 = np.float32(x)
    if np.isnan(x32):
        return "NaN"
    if np.isinf(x32):
        return "Infinity" if x32 > 0 else "-Infinity"
    value = float(np.format_float_scientific(x32, unique=True))
    assert np.float32(value) == x32
    return int(value) if value == int(value) and abs(value) < 1e6 and str(value) != "-0.0" else value


def array(a):
    """{shape, dtype, values} of anything array-like; float values keep full float32 precision."""
    a = np.asarray(a)
    if a.dtype.kind == "f":
        values = [number(x) for x in a.astype(np.float32).ravel()]
        name = "float32"
    else:
        values = [int(x) for x in a.ravel()]
        name = a.dtype.name
    return {"shape": list(a.shape), "dtype": name, "values": values}


def header(generator, about):
    return {
        "about": about,
        "generator": f"tests/golden/{generator}",
        "regenerate": "python3 tests/golden/make.py",
        "versions": {LABEL: dict(VERSIONS, python="%d.%d" % sys.version_info[:2])},
    }


def weight_list(names, arrays):
    return [dict(name=n, **array(a)) for n, a in zip(names, arrays)]


def short_name(variable):
    """`dense/kernel:0` -> `kernel`."""
    return variable.name.split("/")[-1].split(":")[0]


def random_array(rng, shape, scale=1.0, digits=3):
    """Normal values of few decimal digits, so that the JSON stays small."""
    return np.round(rng.randn(*shape) * scale, digits).astype(np.float32)


def emit(generator, about, cases):
    """The end of every generator: writes {header, cases} of this version to the path in argv[1].
    Each case has a unique `name`, by which make.py merges the versions."""
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)
    dump(sys.argv[1], header(generator, about), cases)


def plain(value):
    """A config as Keras 2.8 writes it to JSON: numpy scalars, tuples and shapes become plain values, and the extra keys of
    newer serialisation (`module`, `registered_name`, `build_config`, an input's `optional`) go."""
    if isinstance(value, dict):
        newer = ("module", "registered_name", "build_config") if "class_name" in value else ("optional",)
        return {k: plain(v) for k, v in value.items() if k not in newer}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, tf.TensorShape):
        return value.as_list()
    return value


# What Keras 2.8 does not write, by class, at its defaults.
IOU = {"sparse_y_true": True, "sparse_y_pred": True}
NEWER = {
    "AUC": {"num_labels": None, "from_logits": False},
    "BinaryFocalCrossentropy": {"apply_class_balancing": False, "alpha": 0.25},
    "IoU": IOU,
    "MeanIoU": IOU,
    "OneHotIoU": {"sparse_y_pred": False},
    "OneHotMeanIoU": {"sparse_y_pred": False},
}


def wrapper_config(wrapped):
    """Config of a loss or metric without the keys that only newer versions have, at their defaults."""
    newer = {"ignore_class": None, "axis": -1, **NEWER.get(type(wrapped).__name__, {})}
    config = plain(wrapped.get_config())
    config = {k: v for k, v in config.items() if k != "fn" and not (k in newer and v == newer[k])}
    if type(wrapped).__name__ == "OneHotIoU":  # in the order of Keras 2.8
        config = {k: config[k] for k in sorted(config, key=lambda k: k not in ("name", "dtype"))}
    return config


def dump(path, head, cases, key="cases"):
    """Writes {header, <key>: [...]} with one case per line, so that a change reads well in a diff."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    compact = dict(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"header":' + json.dumps(head, **compact) + f',\n"{key}":[\n')
        file.write(",\n".join(json.dumps(c, **compact) for c in cases))
        file.write("\n]}\n")


def pattern(shape, scale=1.0, step=7919, offset=0):
    """Deterministic values in [-scale/2, scale/2): float32(((i*step + offset) % 1009)/1009 - 0.5) * scale,
    the division and subtraction in double, the product in float32."""
    i = np.arange(int(np.prod(shape)), dtype=np.int64)
    unit = (((i * step + offset) % 1009) / 1009.0 - 0.5).astype(np.float32)
    return (unit * np.float32(scale)).reshape(shape)
