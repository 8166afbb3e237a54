"""Trains a model from tabtrain on, on as many workers as TF_CONFIG names; without it, on this machine alone.

    python train.py DATA.npz SOURCE TARGET

SOURCE and TARGET are models (a SavedModel directory or `.h5`), or prefixes of checkpoints ending in `.ckpt`.
"""

import os
import sys
import tempfile

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # Keras 2 is what reads checkpoints and goes on from SavedModels

import numpy as np
import tensorflow as tf

BATCH = 20  # of all workers together
EPOCHS = 3


def create_model():
    """As in the tab. Only a checkpoint needs it; the other formats have the model in them."""
    model = tf.keras.Sequential([
        tf.keras.layers.Dense(16, activation="relu", input_shape=(8,)),
        tf.keras.layers.Dense(4),
    ])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf.keras.optimizers.Adam(0.01), loss)
    return model


data, source, target = sys.argv[1:]
strategy = tf.distribute.MultiWorkerMirroredStrategy()  # before anything else of TensorFlow

with strategy.scope():
    if source.endswith(".ckpt"):
        model = create_model()
        model.load_weights(source)
    else:
        model = tf.keras.models.load_model(source)  # compiled, with the optimizer's state

arrays = np.load(data)
dataset = tf.data.Dataset.from_tensor_slices((arrays["x"], arrays["y"])).batch(BATCH)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
history = model.fit(dataset.with_options(options), epochs=EPOCHS, verbose=0)
print("loss", *history.history["loss"], flush=True)

# Every worker saves, since they do it together; what the first one writes is kept.
if strategy.cluster_resolver.task_id:
    target = os.path.join(tempfile.mkdtemp(), os.path.basename(target))
if target.endswith(".ckpt"):
    model.save_weights(target)
else:
    model.save(target)
