"""Real Keras checkpoints of a small trained model, one for each optimizer beyond those in tests/golden.

    python make_optimizers.py DIRECTORY

With TensorFlow 2.8.4 it writes DIRECTORY/legacy-*, with TensorFlow 2.21.0 and tf-keras 2.21.0 DIRECTORY/new-*.
The model: Dense(4), BatchNormalization, Dropout, Dense(2); one epoch of 3 batches. The tests know this model.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

LEGACY = tf.__version__.startswith("2.8.")
if LEGACY:
    keras = tf.keras
else:
    import tf_keras as keras


def optimizers():
    o = keras.optimizers
    cases = {
        "sgd": lambda: o.SGD(0.01),
        "momentum": lambda: o.SGD(0.01, momentum=0.9, nesterov=True),
        "adam": lambda: o.Adam(),
        "amsgrad": lambda: o.Adam(amsgrad=True),
        "rmsprop": lambda: o.RMSprop(),
        "rmsprop-centered": lambda: o.RMSprop(momentum=0.9, centered=True),
        "nadam": lambda: o.Nadam(),
        "adagrad": lambda: o.Adagrad(),
        "adadelta": lambda: o.Adadelta(),
        "adamax": lambda: o.Adamax(),
        "ftrl": lambda: o.Ftrl(),
    }
    if not LEGACY:
        cases["adamw"] = lambda: o.AdamW()
        cases["lion"] = lambda: o.Lion()
    return cases


def main(directory):
    os.makedirs(directory, exist_ok=True)
    x = np.linspace(-1, 1, 36, dtype=np.float32).reshape(12, 3)
    y = np.arange(12) % 2
    layers = keras.layers
    for name, optimizer in optimizers().items():
        keras.backend.clear_session()
        keras.utils.set_random_seed(7)
        model = keras.Sequential(
            [
                layers.Dense(4, activation="relu", input_shape=(3,)),
                layers.BatchNormalization(),
                layers.Dropout(0.2),
                layers.Dense(2),
            ]
        )
        model.compile(optimizer(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x, y, batch_size=4, epochs=1, verbose=0)
        model.save_weights(os.path.join(directory, ("legacy-" if LEGACY else "new-") + name))
    os.remove(os.path.join(directory, "checkpoint"))


if __name__ == "__main__":
    main(sys.argv[1])
