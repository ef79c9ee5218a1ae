package @package@;

import java.util.ArrayList;
import java.util.List;

/** One output for one sample: the shape is Keras', without the batch; values are in C order. */
public final class Tensor {
  /** The output's name in Keras. */
  public final String name;

  /** The type of its numbers in Keras, such as "float32". */
  public final String dtype;

  private final int[] shape;
  private final float[] values;

  Tensor(String name, String dtype, int[] shape, float[] values) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.values = values;
  }

  /** Returns the sizes of one sample. */
  public int[] shape() {
    return shape.clone();
  }

  /** Returns the numbers, in C order. */
  public float[] values() {
    return values.clone();
  }

  static Tensor find(List<Tensor> outputs, String name) {
    for (Tensor one : outputs) {
      if (one.name.equals(name)) {
        return one;
      }
    }
    throw new BundleException(
        "manifest.json: the task reads " + name + ", which is not an output. Export the bundle "
            + "again.");
  }

  /** Returns the numbers as nested lists. */
  String toJson() {
    return nested(0, 0);
  }

  private String nested(int axis, int first) {
    if (axis == shape.length) {
      return dtype.equals("bool") ? String.valueOf(values[first] != 0) : Json.number(values[first]);
    }
    int step = TensorSpec.product(shape, axis + 1);
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < shape[axis]; i++) {
      parts.add(nested(axis + 1, first + i * step));
    }
    return Json.list(parts);
  }
}
