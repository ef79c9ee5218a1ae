"""Every operation of TensorFlow is listed as computing, or refused for a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

from keras2cv_export.model.untrusted.computing_ops import COMPUTING_OPS
from keras2cv_export.model.untrusted.operations import UNKNOWN, does_more

# TensorFlow registers the operations of its own tests, which have no kernels, in every process.
_OF_TESTS = re.compile(
    r"A|B|Attr\w*|Binary|Unary|ComplexStruct|ConstructionFails|Conv|CopyOp|DefaultAttrs|"
    r"DtypeWithDefaultOp|FiveFloatOutputs|Float(Input|Output)\w*|Foo\d|Func(List)?Attr|"
    r"GraphDefVersion|InPolymorphicTwice|Int(64Output|Attr|Input|Output)\w*|KernelLabel\w*|"
    r"List(Input|Output)|MixedStruct|N(In|Ints|Polymorphic)\w+|Namespace>TestStringOutput|None|Old|"
    r"OpWith\w+|OutT\w*|Polymorphic\w*|Ref(In|Out)\w*|RequiresOlderGraphVersion|Reserved\w+|"
    r"Resource(Create|Initialized|Using)Op|Restrict|Simple(Struct)?|StringListAttr|"
    r"StubResourceHandleOp|Test(Attr|StringOutput)|Two(Float|Int|Refs)\w+|TypeList\w*"
)
_NAMES_A_PLACE = re.compile(
    r"file(names?)?|filename.*|.*_path|path|prefix|.*director(y|ies)|address|.*url.*|patterns?|"
    r"file_pattern|logdir|db_uri|destination_prefix|checkpoint_prefixes|vocab_file|.*_vocab_file|"
    r"descriptor_source|shard_dir|chunk_file|memory_region_name|debug_ops_spec"
)
_OF_TEXTS = {"RegexFullMatch", "RegexReplace", "StaticRegexFullMatch", "StaticRegexReplace"}


def registered() -> list[Any]:
    """Return every operation that the installed TensorFlow registers."""
    listed = op_def_pb2.OpList()
    listed.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    return list(listed.op)


def test_every_operation_is_listed_or_refused_for_a_reason() -> None:
    """A new TensorFlow that can do more makes this fail, and nobody else's file pass."""
    names = {op.name for op in registered()}
    assert len(names) > 1500
    assert {
        name for name in names if does_more(name) == UNKNOWN and not _OF_TESTS.fullmatch(name)
    } == set()


def test_every_computing_operation_is_one_of_tensorflow() -> None:
    """The list holds no names that a file could fill."""
    assert {op.name for op in registered()} >= COMPUTING_OPS


def test_no_computing_operation_takes_a_place() -> None:
    """None has a file, a path or an address among its arguments, or a program in bytes."""
    places = {
        op.name
        for op in registered()
        if any(_NAMES_A_PLACE.fullmatch(a.name) for a in [*op.input_arg, *op.attr])
    }
    assert len(places) > 60
    assert places & COMPUTING_OPS == _OF_TEXTS


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PyFunc",
            "EagerPyFunc",
            "Abort",
            "WriteImageSummary",
            "Send",
            "TRTEngineOp",
            "NewIn2030",
        ),
        *("RestoreShape", "SaveTheWhales", "RemoteFusedGraphExecute", "conv2d", "Conv2D ", ""),
    ],
)
def test_operations_that_are_not_listed_are_refused(name: str) -> None:
    """Whether TensorFlow knows them or not."""
    assert does_more(name) is not None


@pytest.mark.parametrize("name", ["Conv2D", "ReadVariableOp", "TensorArrayWriteV3", "While"])
def test_operations_that_compute_are_let_be(name: str) -> None:
    """They are parts of models."""
    assert does_more(name) is None
