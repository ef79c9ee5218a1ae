package @package@;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An input or output: its names and shapes in Keras and in the net. The layout is "same", or the
 * net has the channels before the other axes and Keras has them last.
 */
final class TensorSpec {
  final String name;
  final String netName;
  final String layout;
  final String dtype;
  final int[] kerasShape;
  final int[] netShape;
  final boolean isBatched; // dimension 0 is the batch

  private TensorSpec(Facts facts, boolean isBatched, int batch) {
    name = facts.get("name").text();
    netName = facts.get("net_name").text();
    layout = facts.get("layout").text();
    dtype = facts.get("dtype").text();
    kerasShape = sizes(facts.get("keras_shape"));
    netShape = sizes(facts.get("net_shape"));
    this.isBatched = isBatched;
    Facts shape = facts.get("keras_shape");
    shape.expect(product(kerasShape, 0) == product(netShape, 0), "as many values as net_shape");
    shape.expect(layout.equals("same") || kerasShape.length > 2, "of rank 3 or more");
    shape.expect(
        !isBatched || kerasShape.length > 0 && kerasShape[0] == batch,
        "a shape that begins with the batch");
  }

  static List<TensorSpec> inputs(Facts list, int batch) {
    List<TensorSpec> found = new ArrayList<>();
    for (Facts one : list.list()) {
      found.add(new TensorSpec(one, true, batch));
    }
    return found;
  }

  static List<TensorSpec> outputs(Facts list, int batch) {
    List<TensorSpec> found = new ArrayList<>();
    for (Facts one : list.list()) {
      found.add(new TensorSpec(one, one.get("batched").flag(), batch));
    }
    return found;
  }

  /** Returns the shape of one sample in Keras. */
  int[] sampleShape() {
    return Arrays.copyOfRange(kerasShape, isBatched ? 1 : 0, kerasShape.length);
  }

  /** Returns how many numbers dimensions from {@code first} on hold. */
  static int product(int[] shape, int first) {
    long found = 1;
    for (int i = first; i < shape.length && found <= Integer.MAX_VALUE; i++) {
      found *= shape[i];
    }
    if (found > Integer.MAX_VALUE) {
      throw new BundleException(
          "manifest.json: a shape of " + Arrays.toString(shape) + " is more than an array holds.");
    }
    return (int) found;
  }

  private static int[] sizes(Facts facts) {
    int[] found = facts.integers();
    facts.expect(Arrays.stream(found).allMatch(size -> size > 0), "positive sizes");
    return found;
  }
}
