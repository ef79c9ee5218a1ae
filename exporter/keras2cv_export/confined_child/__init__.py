"""Open a stranger's model for a Python program, in a child process that has given its rights away.

    export("cat.keras", ...) -choosing-> a path? -asking-> child -answering-> report
                                         a live model, your own code: in this process

The command line owns its process, and takes the rights of that. A user's program keeps its own:
Keras and TensorFlow open the file in a child that can write into the unfinished bundle and into a
temporary folder, and nowhere else. The parent gives the bundle its name. What the child hands back
is read as data (`plain_values`), never unpickled.
"""

from .asking import check_in_child, export_in_child
from .choosing import knows_any, needs_child
from .failure import Failure, error_of, failure_of
from .meeting import cannot_be_opened, meet, search_path
from .plain_values import read_values, write_values

__all__ = [
    "Failure",
    "cannot_be_opened",
    "check_in_child",
    "error_of",
    "export_in_child",
    "failure_of",
    "knows_any",
    "meet",
    "needs_child",
    "read_values",
    "search_path",
    "write_values",
]
