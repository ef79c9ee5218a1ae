"""List TensorFlow's operations that do more than arithmetic, and their side effects.

The list goes by name. A test goes through every operation that the installed TensorFlow has
registered, and checks that each one with a file, path or address among its arguments is listed.
"""

from __future__ import annotations

import re
from typing import Final

# Ops that take a file's name, or write one; DecodeProtoV2 reads the file of its descriptors.
_READS: Final = (
    r"ReadFile|MatchingFiles|WholeFileReader|TextLineReader|TFRecordReader|LMDBReader|"
    r"FixedLengthRecordReader|IdentityReader|BigQueryReader|RecordInput|Restore(Slice|V2)?|"
    r"LoadAndRemapMatrix|GenerateVocabRemapping|FixedUnigramCandidateSampler|DecodeProto|EncodeProto|"
    r"InitializeTableFromTextFile|TensorSliceDataset|ImportEvent|ReadVariableFromFile|"
    r"(Experimental)?(CSV|TextLine|TFRecord|FixedLengthRecord|LMDB|MatchingFiles|Sql)Dataset|"
    r"LoadDataset|ListSnapshotChunksDataset|SnapshotChunkDataset|Snapshot(Nested)?DatasetReader"
)
_WRITES: Final = (
    r"WriteFile|Save(Slices|V2)?|MergeV2Checkpoints|DistributedSave|SaveDataset|SnapshotDataset|"
    r"CacheDataset|(Experimental)?DatasetToTFRecord|CreateSummary(File|Db)Writer|"
    r"Write\w*Summary|SummaryWriter|FileSystemSetConfiguration|"
    r"Debug(Identity|NanCount|NumericSummary)|DumpTensor"
)
_CALLS: Final = r"PyFunc(Stateless)?|EagerPyFunc|PyFunction"
_TALKS: Final = (
    r"_?(Host)?Send|_?(Host)?Recv|RemoteCall|Rpc\w*|DataServiceDataset|RegisterDataset|"
    r"Collective\w+"
)
_ENDS: Final = r"Abort"

_DOES: Final = tuple(
    (re.compile(rf"(?:{names})(?:V\d+)?"), does)
    for names, does in (
        (_READS, "reads files"),
        (_WRITES, "writes files"),
        (_CALLS, "calls Python functions"),
        (_TALKS, "talks to other machines"),
        (_ENDS, "ends the process"),
    )
)


def does_more(op: str) -> str | None:
    """Return the side effect of the operation `op`, such as "reads files", or None."""
    return next((does for pattern, does in _DOES if pattern.fullmatch(op)), None)
