"""Native TensorFlow's time for one training step of the tutorial's model, as a peer of the package's benchmark.

    <python of an environment> tests/bench/native_fit.py [threads]     (environments: tests/interop/envs.py)

The model is Dense(512, relu), Dropout(0.2), Dense(10) on 784 inputs, Adam, batches of 32, through `fit`. The result is
checked first: the formula's digits must be learned. Prints one line of JSON; `threads` 0 (the default) is TensorFlow's own
choice.
"""

import json
import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

try:
    import tf_keras as keras
except ImportError:
    from tensorflow import keras

BATCH = 32
STEPS = 200
EPOCHS = 7


class EpochTimes(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def main(threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.utils.set_random_seed(1)
    rng = np.random.RandomState(1)
    labels = rng.randint(0, 10, BATCH * STEPS).astype(np.int32)
    prototypes = rng.rand(10, 784)
    images = (0.7 * prototypes[labels] + 0.3 * rng.rand(BATCH * STEPS, 784)).astype(np.float32)
    model = keras.Sequential(
        [
            keras.layers.Dense(512, activation="relu", input_shape=(784,)),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, [keras.metrics.SparseCategoricalAccuracy()])
    times = EpochTimes()
    history = model.fit(images, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[times])
    accuracy = history.history["sparse_categorical_accuracy"][-1]
    if not accuracy > 0.99:
        raise SystemExit(f"The model did not learn: accuracy {accuracy}.")
    steps = [1000 * seconds / STEPS for seconds in times.seconds[2:]]  # two epochs to warm up
    result = {
        "tensorflow": tf.__version__,
        "threads": threads,
        "ms_per_step": round(statistics.median(steps), 3),
        "ms_per_step_range": [round(min(steps), 3), round(max(steps), 3)],
        "accuracy": accuracy,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
