"""Learning rate schedules: the rate after so many steps, around every corner that a formula has."""

from common import emit, keras, number, one_thread, plain, tf

ABOUT = "`rates`: the schedule's value after `steps` steps."
STEPS = [0, 1, 2, 5, 9, 10, 11, 19, 20, 21, 29, 30, 31, 49, 50, 51, 69, 70, 71, 99, 100, 101, 149, 150, 151, 1000, 12345]
STEPS += [1000000]


def main():
    one_thread()
    s = keras.optimizers.schedules
    made = {
        "exponential": s.ExponentialDecay(0.1, 30, 0.7),
        "exponential-staircase": s.ExponentialDecay(0.1, 10, 0.96, staircase=True, name="mine"),
        "exponential-growing": s.ExponentialDecay(1e-3, 1000, 1.5),
        "piecewise": s.PiecewiseConstantDecay([10, 30, 100], [1.0, 0.5, 0.1, 0.01]),
        "piecewise-one": s.PiecewiseConstantDecay([20], [0.01, 0.0]),
        "polynomial": s.PolynomialDecay(0.1, 50),
        "polynomial-power": s.PolynomialDecay(0.1, 70, 0.01, power=0.5),
        "polynomial-cycle": s.PolynomialDecay(0.1, 10, 0.02, power=2.0, cycle=True),
        "polynomial-rising": s.PolynomialDecay(0.01, 100, 0.1),
        "inverse-time": s.InverseTimeDecay(0.1, 10, 0.5),
        "inverse-time-staircase": s.InverseTimeDecay(0.1, 20, 2.0, staircase=True),
        "cosine": s.CosineDecay(0.1, 100),
        "cosine-alpha": s.CosineDecay(0.1, 70, alpha=0.2),
        "restarts": s.CosineDecayRestarts(0.1, 10),
        "restarts-lower": s.CosineDecayRestarts(0.1, 10, t_mul=1.5, m_mul=0.5, alpha=0.1),
        "restarts-equal": s.CosineDecayRestarts(0.1, 50, t_mul=1.0, m_mul=0.9),
    }
    if not tf.__version__.startswith("2.8."):
        made["cosine-warmup"] = s.CosineDecay(0.01, 100, 0.1, warmup_target=0.2, warmup_steps=20)
        made["cosine-warmup-at-once"] = s.CosineDecay(0.01, 50, warmup_target=0.2, warmup_steps=0)
    cases = []
    for name, schedule in made.items():
        config = plain(schedule.get_config())
        if config.get("warmup_target", 0) is None:  # as 2.8, which does not know the two
            del config["warmup_target"], config["warmup_steps"]
        rates = [number(schedule(tf.constant(i, tf.int64))) for i in STEPS]
        schedule_json = {"class_name": type(schedule).__name__, "config": config}
        cases.append({"name": name, "schedule": schedule_json, "steps": STEPS, "rates": rates})
    emit("make_schedules.py", ABOUT, cases)


main()
