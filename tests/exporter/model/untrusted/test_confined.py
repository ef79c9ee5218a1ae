"""The command line opens a model without the right to write files, whatever the checks missed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from keras2cv.isolation import confinement
from support.writing_resource import WritingResource

PROOF = "it_ran.txt"
# The look into the graphs is switched off: TensorFlow runs what it would have refused.
_BLIND = """
import sys
from keras2cv_export.model.load import from_saved_model
from_saved_model.graph_dangers = lambda graphs: []
from keras2cv.cli import main
sys.exit(main())
"""


@pytest.mark.skipif(confinement.version() == 0, reason="this kernel has no Landlock")
@pytest.mark.parametrize("verb", ["inspect", "export"])
def test_what_runs_while_loading_writes_nothing(tmp_path: Path, verb: str) -> None:
    """Neither beside the model, nor beside the bundle, nor in the place of temporary files."""
    proof = tmp_path / PROOF
    model = tf.Module()
    model.resource = WritingResource(proof)
    assert model.resource.resource_handle is not None
    spec = tf.TensorSpec((1, 3), tf.float32, name="x")
    model.run = tf.function(lambda x: {"y": x * 2.0}, input_signature=[spec])
    tf.saved_model.save(model, str(tmp_path / "cat"), signatures=model.run)
    proof.unlink(missing_ok=True)
    command = [sys.executable, "-c", _BLIND, verb, "cat"]
    if verb == "export":
        command += ["-o", "cat.cv", "--preprocess", "none"]
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert ran.returncode == 2
    assert "TensorFlow cannot load this SavedModel" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cat"]
