"""What strangers' model files hold, found out before anything of them is loaded.

    archive     a .keras file as an archive: paths, sizes, links, copies, bombs
    hdf5        weights: links to other files, storage elsewhere, sizes that are not there
    dangers     what a config would make Keras do: run code, read files, call other libraries
    functions   which of TensorFlow's functions a Keras 2 file may name
    saved_model what a SavedModel's graphs do beside arithmetic

Nothing here runs, imports or follows anything that a file names. What is malformed on purpose is
always refused. What is merely dangerous (`Danger`) is refused until the user says `--unsafe`.
"""
