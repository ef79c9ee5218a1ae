"""An ONNX file that another exporter wrote, opened as a model.

    path -reading-> the file's graph -plain-> inputs and outputs that are arrays of numbers
    path -onnx_runtime-> its answers, by ONNX Runtime in a child process
    function_calls: a graph of very many nodes, or of functions that call themselves, is refused
    answers.npz -given_answers-> its answers, as the user has them

`load/from_onnx.py` makes the model of these. Nothing is converted here: `importing` makes the
graph that the passes take.
"""
