"""`--weights`: kernels stored in half precision or as bytes."""
