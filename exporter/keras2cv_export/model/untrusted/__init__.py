"""Find the dangers in strangers' model files before anything of them is loaded.

    archive     a .keras file as an archive: paths, sizes, links, copies, bombs
    hdf5        weights: links to other files, storage elsewhere, sizes that are not there
    dangers     things that a config would make Keras do: run code, read files, call other libraries
    functions   which of TensorFlow's functions a Keras 2 file may name
    operations  which of TensorFlow's operations compute, and what the others do
    saved_folder the files of a SavedModel, given to TensorFlow as they were read
    confined    a process that opens a model without the right to write files

Nothing here runs, imports or follows anything that a file names. A file malformed on purpose is
always refused. A merely dangerous one (`Danger`) is refused unless the user gives `--unsafe`.
"""
