"""Make of another exporter's ONNX graph one that the passes take: the forms of `to_onnx`.

    the file's graph -sizes-> every size known -adapting-> opset 13 and core ops -> the passes

`forms/` has a function per op whose form changed between opset 7 and today, `ml/` one per op of
classical models (ai.onnx.ml). What neither knows stays in the graph, and `importer_support` says
whether OpenCV runs it.

`import_in_child` does this in a child process that may write to one folder only (`import_child`),
since ONNX's shape inference is C++ that believes a file. `constant_cost` bounds what it computes.
"""
