"""Models that nobody of this project wrote: collections and trained files from the registry.

    python -m campaigns.zoo                      all models, and docs/zoo.md at the end
    python -m campaigns.zoo --only 'kimm/*'      some; add --page to write the page all the same
    python -m campaigns.zoo --shard 1/4          every fourth model, on another machine
    python -m campaigns.zoo --merge R --no-run   add its results.jsonl, and write the page

Each collection's packages are installed in an environment that borrows this one's TensorFlow. There
the model is built small, given calibrated weights if it has none, and saved; Keras' answers to two
smooth pictures are kept. Then `keras2cv export` gets the file, as a user would do it, and the
bundle runs on each OpenCV; Keras' own ONNX export runs beside it. Results are stored as they come:
the same command goes on after an interruption.
"""
