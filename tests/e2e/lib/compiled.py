# SPDX-License-Identifier: MIT
"""The drivers that must be compiled: once for each state of their sources, into build/, by whichever test comes first.

Several pytest processes may come first at once: each compiles into a folder of its own, and one of them is renamed."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from lib.log import REPOSITORY

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "drivers"
JAVA = sorted(SOURCES.glob("*.java"))
GO = sorted(SOURCES.glob("*.go"))


def _folder(name, sources):
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    return REPOSITORY / "build/drivers" / f"{name}-{digest}"


JAVA_FOLDER = _folder("java", JAVA)
GO_FOLDER = _folder("go", GO)


def compile_java():
    _compile(JAVA_FOLDER, lambda into: ["javac", "-d", into, *JAVA])


def compile_go():
    _compile(GO_FOLDER, lambda into: ["go", "build", "-o", f"{into}/", *GO])


def compile_drivers(name, language, sources):
    """Others, likewise: the folder with what was made of them."""
    folder = _folder(name, sources)
    compiler = ["javac", "-d"] if language == "java" else ["go", "build", "-o"]
    _compile(folder, lambda into: [*compiler, f"{into}/", *sources])
    return folder


def _compile(folder, command):
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    into = tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent)
    variables = {**os.environ, "GOCACHE": f"{into}.cache", "GO111MODULE": "off"}
    arguments = [str(part) for part in command(into)]
    assert shutil.which(arguments[0]), f"{arguments[0]} is not installed; scripts/test --all installs it"
    done = subprocess.run(arguments, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    shutil.rmtree(f"{into}.cache", ignore_errors=True)
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"
    try:
        os.rename(into, folder)
    except OSError:  # another process was faster
        shutil.rmtree(into)
