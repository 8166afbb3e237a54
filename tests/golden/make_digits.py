"""Small classifiers of MNIST's digits, trained and saved by Keras, with what Keras's `evaluate` says of them: what a person
opens in the page."""

import os
import sys

sys.dont_write_bytecode = True
from common import LABEL, LEGACY, dump, header, keras, np, number, one_thread, tf  # noqa: E402

one_thread()


def digits(name, count):
    def read(kind, magic):
        with open(os.path.join(os.environ["TABTRAIN_MNIST"], f"{name}-{kind}-ubyte"), "rb") as file:
            return np.frombuffer(file.read(), np.uint8, offset=magic)

    images = read("images-idx3", 16).reshape(-1, 28, 28)[:count]
    return images, read("labels-idx1", 8)[:count].astype(np.int32)


def save(root, file, first, optimizer, loss, scale, softmax):
    keras.backend.clear_session()
    tf.random.set_seed(1)
    last = keras.layers.Dense(10, activation="softmax" if softmax else None)
    model = keras.Sequential([*first, keras.layers.Flatten(), last])
    model.compile(optimizer, loss, metrics=["accuracy"])
    targets = (lambda y: np.eye(10, dtype=np.float32)[y]) if "sparse" not in str(loss).lower() else (lambda y: y)
    images, labels = digits("train", 2000)
    model.fit(images * scale, targets(labels), epochs=2, shuffle=False, verbose=0)
    model.save(os.path.join(root, file))
    images, labels = digits("t10k", 10000)
    return {"name": file, "evaluate": [number(v) for v in model.evaluate(images * scale, targets(labels), verbose=0)]}


if __name__ == "__main__":
    root = sys.argv[1]
    os.makedirs(root, exist_ok=True)
    shape = (28, 28)
    scaled = np.float32(1 / 255)
    start = keras.layers.InputLayer(input_shape=shape)
    # 2.8: probabilities and one-hot targets. 2.21: a model that scales by itself, logits, class numbers.
    if LABEL == "tf2.8":
        cases = [save(root, "softmax-adam.h5", [start], LEGACY.Adam(0.002), "categorical_crossentropy", scaled, True)]
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        rescaling = keras.layers.Rescaling(1 / 255)
        cases = [save(root, "rescaling-momentum.h5", [start, rescaling], LEGACY.SGD(0.02, momentum=0.9), loss, np.float32(1), False)]
    about = "classifiers of MNIST's digits as Keras saved them; loss and accuracy on the 10,000 test digits"
    dump(os.path.join(root, "expected.json"), header("make_digits.py", about), cases)
