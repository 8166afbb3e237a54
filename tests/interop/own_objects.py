"""Layers, a loss and a metric of one's own that the models of the exchange have."""

from common import keras, pattern, tf


class Scale(keras.layers.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, shape):
        self.gain = self.add_weight(name="gain", shape=[shape[-1]], initializer="ones")

    def call(self, x):
        return x * self.gain * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Noise(keras.layers.Layer):
    """Dropout, written out."""

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, x, training=False):
        if not training:
            return x
        kept = tf.random.uniform(tf.shape(x)) >= self.rate
        return x / (1 - self.rate) * tf.cast(kept, tf.float32)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


class Within(keras.layers.Layer):
    """A layer that has a layer."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.inner = keras.layers.Dense(units, activation="tanh")
        self.outer = Scale(0.5)

    def call(self, x):
        return self.outer(self.inner(x))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Table(keras.layers.Layer):
    """A matrix and a row that do not train: one captured, one within the function."""

    def build(self, shape):
        self.matrix = tf.constant(pattern((shape[-1], shape[-1]), 1.0))
        self.row = pattern((shape[-1],), 0.2)

    def call(self, x):
        return tf.matmul(x, self.matrix) + self.row


class Block(keras.layers.Layer):
    """Layers in attributes and in a list, one that is frozen, one with a penalty, one that differs in training."""

    def __init__(self, units, frozen=True, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.frozen = frozen
        self.inner = keras.layers.Dense(units, activation="tanh", kernel_regularizer="l2")
        self.dense = [keras.layers.Dense(units, trainable=not frozen), keras.layers.Dense(units)]
        self.norm = keras.layers.BatchNormalization()

    def call(self, x, training=False):
        x = self.inner(x)
        for each in self.dense:
            x = each(x)
        return self.norm(x, training=training)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "frozen": self.frozen}


class Centered(keras.layers.Layer):
    """Less a mean that training moves."""

    def build(self, shape):
        self.mean = self.add_weight(name="mean", shape=[shape[-1]], initializer="zeros", trainable=False)

    def call(self, x, training=False):
        if not training:
            return x - self.mean
        mean = tf.reduce_mean(x, axis=0)
        self.mean.assign(self.mean * 0.9 + mean * 0.1)
        return x - mean


def absolute(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_pred - tf.cast(y_true, tf.float32)), axis=-1)


def worst(y_true, y_pred):
    return tf.reduce_max(tf.abs(y_pred - tf.cast(y_true, tf.float32)), axis=-1)


OWN = {"Scale": Scale, "Noise": Noise, "Within": Within, "Centered": Centered, "Table": Table, "Block": Block}
FUNCTIONS = {"absolute": absolute, "worst": worst}
