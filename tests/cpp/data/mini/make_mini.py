"""Writes the checkpoints in this directory. Values are formulas that the C++ test repeats."""

import os

import numpy as np

import mini_checkpoint as mini

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = [(4, 5), (5,), (5, 3), (3,)]


def values(start):
    """Element i of a tensor is start + i / 8, exact in float32."""
    return [(start + np.arange(np.prod(s)) / 8).astype(np.float32).reshape(s) for s in SHAPES]


def main():
    weights, m, v = values(1), values(-2), values(16)
    cases = {
        "weights": mini.tutorial(weights),
        "unbuilt": mini.tutorial(weights, "unbuilt"),
        "legacy": mini.tutorial(weights, lambda vs: mini.legacy_adam(vs, 1600, m, v), self_edge=True),
        "new": mini.tutorial(weights, lambda vs: mini.new_adam(vs, 1600, m, v), self_edge=True),
        # What a reader must cope with: no hypers and no counter; no lists.
        "slots-only": mini.tutorial(weights, lambda vs: mini.legacy_adam(vs, None, m, v, hypers=False)),
        "positions-only": mini.tutorial(weights, lambda vs: mini.new_adam(vs, 1600, m, v, full=False)),
    }
    for name, root in cases.items():
        mini.write_checkpoint(os.path.join(HERE, name), root, has_values=True)


if __name__ == "__main__":
    main()
