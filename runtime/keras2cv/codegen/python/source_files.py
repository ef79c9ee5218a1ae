"""A Python program: `predict.py`, and beside it the part of the runtime that the bundle needs.

The part is a package of its own, `cvbundle`: the runtime's modules as they are. The name has as
many letters as `keras2cv`, so that no line of a copy gets another length.
"""

from __future__ import annotations

from typing import Final

from keras2cv._version import VERSION
from keras2cv.bundle.manifest import Manifest
from keras2cv.codegen.language import Words
from keras2cv.codegen.python.runtime_modules import copy_of, modules_of, path_of
from keras2cv.codegen.template import fill, read_template
from keras2cv.codegen.traits import traits_of

PACKAGE: Final = "cvbundle"
_ROOTS: Final = (
    *("net.opencv", "loading", "streams.answers", "streams.fitting", "streams.sources"),
    "visible_text",
    "isolation.bootstrap",  # run by its path, and imported by nothing
)
_HEADER: Final = f"# Of keras2cv {VERSION}, Apache-2.0; written by `keras2cv codegen`."


def source_files(manifest: Manifest, words: Words) -> dict[str, str]:
    """Return file name -> text of the program for bundles that are like that of `manifest`."""
    traits, left_out = traits_of(manifest), _left_out(manifest)
    modules = modules_of([*_ROOTS, f"tasks.{manifest.task.kind}.kind"], left_out)
    package = {name: copy_of(name, PACKAGE, _HEADER) for name in modules}
    package |= dict.fromkeys(left_out, read_template("python", "left_out.py.in"))
    return {
        "predict.py": fill(read_template("python", "predict.py.in"), traits, words),
        f"{PACKAGE}/__init__.py": fill(read_template("python", "package.py.in"), traits, words),
        **{f"{PACKAGE}/{path_of(name)}": package[name] for name in sorted(package)},
    }


def _left_out(manifest: Manifest) -> frozenset[str]:
    """Return the modules that a function of the runtime imports for other bundles than this."""
    pictures = manifest.pictures
    libraries = {rules.interpolation.partition("-")[0] for rules in pictures}
    needed = {
        "preparing.front_values": manifest.front is not None,
        "numpy_tail.finish": manifest.tail is not None,
        "pixels.resize.pillow": bool(libraries & {"pil", "pil13"}),
        "pixels.resize.tf_image": "tf" in libraries,
        "streams.side_by_side": bool(pictures) and len(manifest.inputs) > 1,
        "streams.tables": not pictures or len(manifest.inputs) > 1,
        "streams.videos": bool(pictures),
        "streams.windows": any(rules.clip is not None for rules in pictures),
    }
    return frozenset(name for name, is_needed in needed.items() if not is_needed)
