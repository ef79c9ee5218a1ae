"""Say which of TensorFlow's operations a model may hold, and what the others do.

What computes is listed in `computing_ops.py`; everything else is refused. The patterns here only
find the words for a refusal: a name that none of them knows is refused as well. A test goes
through every operation that the installed TensorFlow registers, and checks that each is either
listed as computing, or refused with one of these reasons.
"""

from __future__ import annotations

import re
from typing import Final

from .computing_ops import COMPUTING_OPS

UNKNOWN: Final = "is none that is known to compute and to do nothing else"

# Ops that take a file's name, or write one; DecodeProtoV2 reads the file of its descriptors.
_READS: Final = (
    r"ReadFile|MatchingFiles|\w+Reader|Reader\w+|ReadVariableFromFile|RecordInput|Skipgram|NegTrain|"
    r"(DTensor)?Restore(Slice|V2)?|LoadAndRemapMatrix|GenerateVocabRemapping|ImmutableConst|"
    r"FixedUnigramCandidateSampler|DecodeProto|EncodeProto|InitializeTableFromTextFile|"
    r"TensorSliceDataset|ImportEvent|(Experimental)?(CSV|TextLine|TFRecord|FixedLengthRecord|LMDB|"
    r"MatchingFiles|Sql)Dataset|LoadDataset|ListSnapshotChunksDataset|SnapshotChunkDataset|"
    r"Snapshot(Nested)?DatasetReader"
)
_WRITES: Final = (
    r"WriteFile|Save(Slices|V2)?|MergeV2Checkpoints|Sharded(Filename|Filespec)|DistributedSave|"
    r"SaveDataset|SnapshotDataset|CacheDataset|(Experimental)?DatasetToTFRecord|"
    r"CreateSummary(File|Db)Writer|Write\w*Summary|SummaryWriter|FileSystemSetConfiguration|"
    r"Debug(Identity|NanCount|NumericSummary)|DumpTensor|CalibrationStatisticsSaver|"
    r"CustomAggregator"
)
_CALLS: Final = r"PyFunc(Stateless)?|EagerPyFunc|PyFunction"
_TALKS: Final = (
    r"_?(Host)?Send|_?(Host)?Recv|RemoteCall|Rpc\w*|DeleteRpcFutureResource|DataServiceDataset|"
    r"RegisterDataset|Collective\w+|_?Nccl\w+|DTensor\w+|CopyToMesh\w*|Relayout\w*|CrossReplicaSum|"
    r"AllToAll|WorkerHeartbeat|\w*SessionTensor|\w*SessionHandle"
)
_ENDS: Final = r"Abort|Sleep(Identity)?Op"
_INTERPRETS: Final = (
    r"DatasetFromGraph|DatasetToGraph|RemoteFusedGraphExecute|TRTEngineOp|\w*TRT\w*Resource\w*|"
    r"Xla(CallModule|CustomCall|HostCompute|Launch|ClusterOutput)|_Xla\w+|MlirPassthroughOp|"
    r"SymbolicTiledCall|ParseTensor|(De)?[sS]erialize\w+|CompositeTensorVariant\w+|"
    r"(Unc|C)ompressElement|DecodeCompressed"
)
_PIPES: Final = r"\w*Dataset\w*|\w*Iterator\w*|Optional\w+|\w*MemoryCache|\w*SeedGenerator"
_PIPES_TOO: Final = (
    r"\w*ThreadPoolHandle|StatsAggregator\w*|ExperimentalStatsAggregator\w*|GetOptions|"
    r"GetElementAtIndex|DummyIterationCounter|ComputeBatchSize|WindowOp"
)
_WAITS: Final = (
    r"\w*Queue|Queue\w+|Barrier\w*|(Ordered)?(Map)?(Stage|Unstage)\w*|"
    r"(Ordered)?Map(Clear|IncompleteSize|Peek|Size)|\w*Accumulator\w*|\w*Mutex\w*|Batch|"
    r"BatchFunction|Unbatch(Grad)?|GetDeadline"
)
_RECORDS: Final = (
    r"(Flush|Close)SummaryWriter|Debug\w+|Copy(Host)?|Snapshot|Timestamp|CheckPinned|SyncDevice"
)
_DEVICES: Final = (
    r"\w*TPU\w*|\w*Tpu\w*|Xla(Recv|Send|Sparse|AllReduce|ReduceScatter|SpmdFull|SpmdShard|SetBound|"
    r"SetDynamic|RemoveDynamic|ReplicaId|ConcatND|SplitND)\w*|\w*Xla(Split|Concat)ND|Infeed\w+|"
    r"Outfeed\w+|Prelinearize\w*|\w*Dedup\w+|\w*CooTensors?|\w*CsrWrapped\w+|GetMinibatch\w+|"
    r"StoreMinibatch\w+|GlobalIterId|UpdateTaskId\w+|StochasticCastToInt|HostConst|_\w+|"
    r"GetStatsFromListOf\w+|DevicePlacementOp|DecodeJxl|AudioMicrofrontend|IsResourceHandle\w+|"
    r"MakeWeakResourceHandle|(Destroy)?TemporaryVariable|IsTensorFloat32Enabled"
)
_OTHER_MODELS: Final = r"\w*BoostedTrees\w+|Sdca\w+|Risc\w+|K(MC2|means)\w+|NearestNeighbors|Fact"

_DOES: Final = tuple(
    (re.compile(rf"(?:{names})(?:V\d+)?"), does)
    for names, does in (
        (_READS, "reads files"),
        (_WRITES, "writes files"),
        (_CALLS, "calls Python functions"),
        (_TALKS, "talks to other machines"),
        (_ENDS, "ends the process, or lets it sleep"),
        (_INTERPRETS, "interprets bytes as a graph or an object"),
        (_PIPES, "runs a pipeline of data"),
        (_PIPES_TOO, "runs a pipeline of data"),
        (_WAITS, "waits for other threads"),
        (_RECORDS, "records what a run does"),
        (_DEVICES, "serves devices, and no model"),
        (_OTHER_MODELS, "belongs to another kind of model than Keras'"),
    )
)


def does_more(op: str) -> str | None:
    """Return why a model may not hold the operation `op`, such as "reads files"; None if it may."""
    if op in COMPUTING_OPS:
        return None
    return next((does for pattern, does in _DOES if pattern.fullmatch(op)), UNKNOWN)
