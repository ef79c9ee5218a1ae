"""Let the readers' own coverage guide a fuzzer (atheris), in an environment of its own.

    python -m campaigns.guided --seconds 600
    python -m campaigns.guided --only onnx,frozen --seconds 60 --crashes DIR

`targets` has a function per reader, which takes bytes, and `child` runs one of them under atheris.
Half of the changes are libFuzzer's, to bytes; the other half are those of `campaigns.fuzz`, which
keep the format. An input that ends in anything but a result or an error of ours is kept as a file.
"""
