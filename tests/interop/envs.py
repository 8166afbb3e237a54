"""Makes the Python environments with real TensorFlow that the golden generators and the interop tests use.

    python3 tests/interop/envs.py tf2.8      prints the path of a Python that has TensorFlow 2.8
    python3 tests/interop/envs.py            makes all and prints "<name> <python>" lines

Only the standard library is used. An environment lives outside the checkout, in
${TABTRAIN_CACHE:-${XDG_CACHE_HOME:-~/.cache}/tabtrain}/venvs/<name>-<hash of its pins and its Python>, so any number of
clones share one download. It counts as made when its `complete` file is there, which is written last; a lock that the
system drops when its holder dies keeps two processes from making the same one. What cannot be made is an error with a
sentence on stderr and exit code 1.
"""

import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# name -> Python versions that its pinned wheels exist for (best first), and what proves that it works.
ENVIRONMENTS = {
    "tf2.8": {
        "pythons": ["3.10"],
        "requirements": "requirements-tf2.8.txt",
        "check": "import tensorflow as tf; assert tf.__version__ == '2.8.4', tf.__version__",
    },
    "tf2.10": {
        "pythons": ["3.10"],
        "requirements": "requirements-tf2.10.txt",
        "check": "import tensorflow as tf; assert tf.__version__ == '2.10.1', tf.__version__",
    },
    "tf2.12": {
        "pythons": ["3.11"],
        "requirements": "requirements-tf2.12.txt",
        "check": "import tensorflow as tf; assert tf.__version__ == '2.12.1', tf.__version__",
    },
    "tf2.15": {
        "pythons": ["3.11"],
        "requirements": "requirements-tf2.15.txt",
        "check": "import tensorflow as tf; assert tf.__version__ == '2.15.1', tf.__version__",
    },
    "tf2.21": {
        "pythons": ["3.11", "3.12"],
        "requirements": "requirements-tf2.21.txt",
        "check": "import tensorflow as tf, tf_keras, keras; "
        "assert (tf.__version__, tf_keras.__version__, keras.__version__) == "
        "('2.21.0', '2.21.0', '3.15.1')",
    },
}


class UnavailableError(Exception):
    """An environment cannot be had; the message is one sentence for the user."""


def cache_root():
    own = os.environ.get("TABTRAIN_CACHE")
    if own:
        return os.path.abspath(own)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "tabtrain")


def python_candidates(version):
    """Paths that may be Python `version`: on PATH, from pyenv, from the system, from uv."""
    yield os.path.realpath(sys.executable)
    on_path = shutil.which("python" + version)
    if on_path:
        yield on_path
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    yield from sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python{version}"), reverse=True)
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR") or os.path.expanduser("~/.local/share/uv/python")
    yield from sorted(glob.glob(f"{uv}/cpython-{version}.*/bin/python{version}"), reverse=True)
    yield f"/usr/bin/python{version}"
    yield f"/usr/local/bin/python{version}"


def probe(python):
    """Returns the full version of `python` if it runs and can make environments, else None."""
    code = "import ensurepip, platform, venv; print(platform.python_version())"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def find_pythons(name):
    """(path, version) of every Python found that the environment can be made with, the best first."""
    found = {}
    for version in ENVIRONMENTS[name]["pythons"]:
        for candidate in python_candidates(version):
            probed = probe(candidate)
            if probed and probed.startswith(version + "."):
                found.setdefault(probed, candidate)
    if found:
        return [(path, version) for version, path in found.items()]
    wanted = " or ".join("Python " + v for v in ENVIRONMENTS[name]["pythons"])
    raise UnavailableError(
        f"The {name} environment needs {wanted} with the venv module and found none on PATH, under "
        f"~/.pyenv/versions or in /usr/bin: install one, for example with "
        f"`pyenv install {ENVIRONMENTS[name]['pythons'][0]}`."
    )


def run(arguments, name):
    """Runs one command of the making, its output to stderr only if it fails."""
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise UnavailableError(
            f"The {name} environment could not be made: `{' '.join(arguments[:6])} ...` ended with "
            f"code {done.returncode}:\n{tail}"
        )


def ensure(name):
    """Returns the path of the Python of environment `name`, making the environment if needed."""
    if name not in ENVIRONMENTS:
        raise UnavailableError(f"No environment is named {name}: choose from {', '.join(ENVIRONMENTS)}.")
    spec = ENVIRONMENTS[name]
    requirements = os.path.join(HERE, spec["requirements"])
    with open(requirements, "rb") as file:
        pins = file.read()
    venvs = os.path.join(cache_root(), "venvs")
    pythons = find_pythons(name)
    targets = []
    for _, version in pythons:
        key = hashlib.sha256(pins + version.encode()).hexdigest()[:12]
        targets.append(os.path.join(venvs, f"{name}-{key}"))
        if os.path.exists(os.path.join(targets[-1], "complete")):
            return os.path.join(targets[-1], "bin", "python")
    (base, version), target = pythons[0], targets[0]
    python = os.path.join(target, "bin", "python")
    complete = os.path.join(target, "complete")
    os.makedirs(venvs, exist_ok=True)
    with open(target + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(complete):  # made by another process while this one waited
            return python
        print(f"Making the {name} environment in {target} ...", file=sys.stderr, flush=True)
        shutil.rmtree(target, ignore_errors=True)
        run([base, "-m", "venv", target], name)
        pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-q"]
        run(pip + ["--no-deps", "--only-binary", ":all:", "-r", requirements], name)
        run([python, "-c", spec["check"]], name)
        with open(complete + ".new", "w") as file:
            file.write(f"{version}\n")
        os.replace(complete + ".new", complete)
    return python


def main(names):
    try:
        for name in names or ENVIRONMENTS:
            python = ensure(name)
            print(python if names else f"{name} {python}")
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
