"""From what a user gives (pictures, frames, arrays, paths) to the blobs of a run."""
