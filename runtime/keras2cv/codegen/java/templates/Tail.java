package @package@;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** What the model does after the net, by TensorFlow's arithmetic: the steps of the manifest. */
final class Tail {
  private static final Map<String, DoubleBinaryOperator> NUMBERS =
      Map.of(
          "add", (a, b) -> a + b,
          "subtract", (a, b) -> a - b,
          "multiply", (a, b) -> a * b,
          "divide", (a, b) -> a / b,
          "minimum", (a, b) -> Double.isNaN(a) || a < b ? a : b,
          "maximum", (a, b) -> Double.isNaN(a) || a > b ? a : b);
  private static final Map<String, DoubleBinaryOperator> QUESTIONS =
      Map.of(
          "equal", (a, b) -> as(a == b),
          "not_equal", (a, b) -> as(a != b),
          "less", (a, b) -> as(a < b),
          "less_equal", (a, b) -> as(a <= b),
          "greater", (a, b) -> as(a > b),
          "greater_equal", (a, b) -> as(a >= b),
          "and", (a, b) -> as(a != 0 && b != 0),
          "or", (a, b) -> as(a != 0 || b != 0));

  private Tail() {}

  /**
   * Any array of the tail. Doubles hold every float32 and int32; results are rounded to the type,
   * which for one operation on float32 gives what float32 arithmetic gives.
   */
  static final class Array {
    final String dtype;
    final int[] shape;
    final double[] values; // in C order

    Array(String dtype, int[] shape, double[] values) {
      this.dtype = dtype;
      this.shape = shape;
      this.values = values;
    }
  }

  /** Does the steps one after another, each adding its results to the arrays. */
  static void finish(Map<String, Array> arrays, List<Facts> steps) {
    for (Facts step : steps) {
      List<Array> inputs = new ArrayList<>();
      for (String name : step.get("inputs").texts()) {
        step.get("inputs").expect(arrays.containsKey(name), "made by steps before");
        inputs.add(arrays.get(name));
      }
      List<Array> made = run(step.get("op").text(), step, inputs);
      List<String> names = step.get("outputs").texts();
      step.get("outputs").expect(names.size() == made.size(), made.size() + " names");
      for (int i = 0; i < names.size(); i++) {
        arrays.put(names.get(i), made.get(i));
      }
    }
  }

  /** Returns the names of all arrays that the steps make. */
  static Set<String> namesMade(List<Facts> steps) {
    Set<String> found = new HashSet<>();
    for (Facts step : steps) {
      found.addAll(step.get("outputs").texts());
    }
    return found;
  }

  private static List<Array> run(String op, Facts step, List<Array> in) {
    if (op.equals("constant")) {
      double[] values = step.get("values").numbers();
      Array flat = new Array(step.get("dtype").text(), new int[] {values.length}, values);
      return List.of(reshape(flat, step.get("shape").integers()));
    }
    require(!in.isEmpty(), op);
    Array x = in.get(0);
    switch (op) {
      case "top_k":
        return topK(x, step.get("k").integer());
      case "reshape":
        return List.of(reshape(x, step.get("shape").integers()));
      case "slice":
        return List.of(slice(x, step));
      case "concat":
        return List.of(concat(in, step.get("axis").integer()));
      case "stack":
        return List.of(stack(in, step.get("axis").integer()));
      case "transpose":
        return List.of(transpose(x, step.get("shape").integers()));
      case "cast":
        String dtype = step.get("dtype").text();
        return List.of(each(x, dtype, value -> rounded(value, dtype)));
      case "not":
        return List.of(each(x, "bool", value -> as(value == 0)));
      default:
        require(in.size() == (op.equals("where") ? 3 : 2), op);
        return ofSeveral(op, step, in);
    }
  }

  private static List<Array> ofSeveral(String op, Facts step, List<Array> in) {
    Array x = in.get(0);
    Array y = in.get(1);
    switch (op) {
      case "nms":
        return nms(x, y, new NmsRule(step.get("nms")));
      case "combined_nms":
        return combinedNms(x, y, new NmsRule(step.get("nms")));
      case "gather":
        int batchDims = step.get("batch_dims").integer();
        return List.of(gather(x, y, step.get("axis").integer(), batchDims));
      case "where":
        return List.of(select(x, y, in.get(2)));
      default:
        return List.of(ofTwo(op, x, y));
    }
  }

  private static Array ofTwo(String op, Array x, Array y) {
    boolean isWhole = x.dtype.contains("int");
    if (op.equals("floor_divide")) { // a division by zero is 0 for whole numbers
      return elementwise(x, y, x.dtype, (a, b) -> b == 0 && isWhole ? 0 : Math.floor(a / b));
    }
    if (op.equals("modulo")) {
      return elementwise(
          x, y, x.dtype, (a, b) -> b == 0 && isWhole ? 0 : a - b * Math.floor(a / b));
    }
    if (NUMBERS.containsKey(op)) {
      return elementwise(x, y, x.dtype, NUMBERS.get(op));
    }
    if (QUESTIONS.containsKey(op)) {
      return elementwise(x, y, "bool", QUESTIONS.get(op));
    }
    throw new BundleException(
        "manifest.json: tail: there is no step " + op + ". Generate the program again.");
  }

  private static double as(boolean answer) {
    return answer ? 1 : 0;
  }

  private static double rounded(double value, String dtype) {
    switch (dtype) {
      case "float32":
        return (float) value;
      case "float64":
        return value;
      case "bool":
        return as(value != 0);
      default:
        return (value < 0 ? Math.ceil(value) : Math.floor(value)) + 0.0; // no -0
    }
  }

  private static void require(boolean fits, String op) {
    if (!fits) {
      throw new BundleException(
          "manifest.json: tail: " + op + " does not fit its inputs. Export the bundle again.");
    }
  }

  private static int product(int[] shape) {
    return TensorSpec.product(shape, 0);
  }

  // Positions -------------------------------------------------------------------------------------

  /** Counts through the positions of an array, the last axis fastest. */
  private static void eachPosition(int[] shape, Consumer<int[]> visit) {
    int[] at = new int[shape.length];
    for (int left = product(shape); left > 0; left--) {
      visit.accept(at);
      for (int axis = shape.length - 1; axis >= 0 && ++at[axis] == shape[axis]; axis--) {
        at[axis] = 0;
      }
    }
  }

  /** Returns where the value at a position lies; an axis of one element is read again and again. */
  private static int offset(int[] shape, int[] at) {
    int found = 0;
    int lead = at.length - shape.length;
    for (int axis = 0; axis < shape.length; axis++) {
      found = found * shape[axis] + (shape[axis] == 1 ? 0 : at[lead + axis]);
    }
    return found;
  }

  /** Returns the shape of element-wise operations, as NumPy has it. */
  private static int[] broadcast(int[] a, int[] b) {
    int[] found = new int[Math.max(a.length, b.length)];
    Arrays.fill(found, 1);
    for (int[] part : new int[][] {a, b}) {
      for (int i = 1; i <= part.length; i++) {
        int size = found[found.length - i];
        int other = part[part.length - i];
        require(size == 1 || other == 1 || size == other, "broadcasting");
        found[found.length - i] = size == 1 ? other : size;
      }
    }
    return found;
  }

  /** Collects numbers in C order. */
  private static final class Values {
    private final double[] values;
    private int count;

    Values(int[] shape) {
      values = new double[product(shape)];
    }

    void add(double value) {
      values[count++] = value;
    }

    void addRun(double[] source, int first, int size) {
      System.arraycopy(source, first, values, count, size);
      count += size;
    }

    Array as(String dtype, int[] shape) {
      return new Array(dtype, shape, values);
    }
  }

  private static Array each(
      Array x, String dtype, DoubleUnaryOperator function) {
    return new Array(dtype, x.shape, Arrays.stream(x.values).map(function).toArray());
  }

  private static Array elementwise(
      Array x, Array y, String dtype, DoubleBinaryOperator function) {
    require(x.dtype.equals(y.dtype), "an operation on two types");
    int[] shape = broadcast(x.shape, y.shape);
    Values found = new Values(shape);
    eachPosition(
        shape,
        at -> {
          double a = x.values[offset(x.shape, at)];
          double b = y.values[offset(y.shape, at)];
          found.add(rounded(function.applyAsDouble(a, b), dtype));
        });
    return found.as(dtype, shape);
  }

  private static Array select(Array condition, Array x, Array y) {
    int[] shape = broadcast(condition.shape, broadcast(x.shape, y.shape));
    Values found = new Values(shape);
    eachPosition(
        shape,
        at -> {
          Array chosen = condition.values[offset(condition.shape, at)] != 0 ? x : y;
          found.add(chosen.values[offset(chosen.shape, at)]);
        });
    return found.as(x.dtype, shape);
  }

  // Non-maximum suppression -----------------------------------------------------------------------

  private static final class NmsRule {
    final int maxBoxes;
    final int maxTotal;
    final float iou;
    final float score; // boxes with a higher score are candidates
    final boolean padsPerClass;
    final boolean clips;

    NmsRule(Facts facts) {
      boolean isCombined = facts.has("max_total");
      maxBoxes = facts.get("max_boxes").integer();
      iou = (float) facts.get("iou").number();
      score =
          facts.has("score") ? (float) facts.get("score").number() : Float.NEGATIVE_INFINITY;
      maxTotal = isCombined ? facts.get("max_total").integer() : 0;
      padsPerClass = isCombined && facts.get("pad_per_class").flag();
      clips = isCombined && facts.get("clip").flag();
    }
  }

  /** Two opposite corners, y and x, in any order. */
  private static final class Corners {
    final float top;
    final float left;
    final float bottom;
    final float right;

    Corners(double[] yxyx, int at) {
      top = (float) Math.min(yxyx[at], yxyx[at + 2]);
      left = (float) Math.min(yxyx[at + 1], yxyx[at + 3]);
      bottom = (float) Math.max(yxyx[at], yxyx[at + 2]);
      right = (float) Math.max(yxyx[at + 1], yxyx[at + 3]);
    }

    float area() {
      return (bottom - top) * (right - left);
    }

    /** A box without an area overlaps nothing. */
    boolean overlaps(Corners other, float iou) {
      if (!(area() > 0) || !(other.area() > 0)) {
        return false;
      }
      float height = Math.max(Math.min(bottom, other.bottom) - Math.max(top, other.top), 0.0f);
      float width = Math.max(Math.min(right, other.right) - Math.max(left, other.left), 0.0f);
      return height * width / (area() + other.area() - height * width) > iou;
    }
  }

  private static final long MOST_COMPARED = 1L << 30; // pairs of boxes of one class: some seconds

  /** Returns the boxes of one class that are kept, best first; of equal scores the lower index. */
  private static List<Integer> keep(Corners[] boxes, double[] scores, NmsRule rule) {
    Integer[] candidates =
        IntStream.range(0, scores.length)
            .filter(i -> (float) scores[i] > rule.score)
            .boxed()
            .sorted((a, b) -> Float.compare((float) scores[b] + 0.0f, (float) scores[a] + 0.0f))
            .toArray(Integer[]::new);
    int count = candidates.length;
    require(
        (long) count * Math.min(count, rule.maxBoxes) <= MOST_COMPARED,
        "the suppression of " + count + " boxes");
    List<Integer> kept = new ArrayList<>();
    for (int box : candidates) {
      if (kept.size() == rule.maxBoxes) {
        break;
      }
      if (kept.stream().noneMatch(better -> boxes[box].overlaps(boxes[better], rule.iou))) {
        kept.add(box);
      }
    }
    return kept;
  }

  /** NonMaxSuppressionV4 and V5, padded: indices, scores and how many there are. */
  private static List<Array> nms(Array boxes, Array scores, NmsRule rule) {
    require(boxes.values.length == 4 * scores.values.length, "nms");
    Corners[] corners = new Corners[scores.values.length];
    Arrays.setAll(corners, i -> new Corners(boxes.values, 4 * i));
    List<Integer> kept = keep(corners, scores.values, rule);
    int[] shape = {rule.maxBoxes};
    Array indices = new Array("int32", shape, new double[rule.maxBoxes]);
    Array best = new Array("float32", shape, new double[rule.maxBoxes]);
    for (int i = 0; i < kept.size(); i++) {
      indices.values[i] = kept.get(i);
      best.values[i] = scores.values[kept.get(i)];
    }
    return List.of(indices, best, new Array("int32", new int[0], new double[] {kept.size()}));
  }

  /**
   * CombinedNonMaxSuppression: each class by itself, and the best of all of them. Boxes (N, M, q,
   * 4), q being 1 or C, and scores (N, M, C) become boxes, scores, classes, counts.
   */
  private static List<Array> combinedNms(Array boxes, Array scores, NmsRule rule) {
    require(boxes.shape.length == 4 && scores.shape.length == 3, "combined_nms");
    int samples = scores.shape[0];
    int classes = scores.shape[2];
    int sets = boxes.shape[2];
    boolean fits = boxes.values.length == samples * scores.shape[1] * sets * 4;
    require(fits && (sets == 1 || sets == classes), "combined_nms");
    long most = rule.padsPerClass ? (long) rule.maxBoxes * classes : Long.MAX_VALUE;
    int size = (int) Math.min(rule.maxTotal, most);
    Array found = zeros("float32", samples, size, 4);
    Array best = zeros("float32", samples, size);
    Array numbers = zeros("float32", samples, size);
    Array counts = zeros("int32", samples);
    for (int sample = 0; sample < samples; sample++) {
      List<double[]> kept = keptOf(sample, boxes, scores, rule); // place, score, class
      kept = kept.subList(0, Math.min(kept.size(), size));
      counts.values[sample] = kept.size();
      for (int i = 0; i < kept.size(); i++) {
        int at = sample * size + i;
        best.values[at] = kept.get(i)[1];
        numbers.values[at] = kept.get(i)[2];
        for (int edge = 0; edge < 4; edge++) {
          double value = boxes.values[(int) kept.get(i)[0] + edge];
          found.values[at * 4 + edge] = rule.clips ? Math.min(Math.max(value, 0.0), 1.0) : value;
        }
      }
    }
    return List.of(found, best, numbers, counts);
  }

  /** Returns a sample's boxes that are kept, best first: where each lies, its score and class. */
  private static List<double[]> keptOf(int sample, Array boxes, Array scores, NmsRule rule) {
    int count = scores.shape[1];
    int classes = scores.shape[2];
    int sets = boxes.shape[2];
    List<double[]> found = new ArrayList<>();
    for (int label = 0; label < classes; label++) {
      int set = sets > 1 ? label : 0;
      Corners[] corners = new Corners[count];
      double[] values = new double[count];
      int[] places = new int[count];
      for (int box = 0; box < count; box++) {
        places[box] = ((sample * count + box) * sets + set) * 4;
        corners[box] = new Corners(boxes.values, places[box]);
        values[box] = scores.values[(sample * count + box) * classes + label];
      }
      for (int box : keep(corners, values, rule)) {
        found.add(new double[] {places[box], values[box], label});
      }
    }
    found.sort((a, b) -> Double.compare(b[1] + 0.0, a[1] + 0.0)); // -0 is 0
    return found;
  }

  private static Array zeros(String dtype, int... shape) {
    return new Array(dtype, shape, new double[product(shape)]);
  }

  // Moving values about ---------------------------------------------------------------------------

  private static Array reshape(Array x, int[] shape) {
    require(product(shape) == x.values.length, "reshape");
    return new Array(x.dtype, shape, x.values);
  }

  /** y[i] = x[begin + i * strides]. */
  private static Array slice(Array x, Facts step) {
    int[] begin = step.get("begin").integers();
    int[] strides = step.get("strides").integers();
    int[] shape = step.get("shape").integers();
    int rank = x.shape.length;
    require(begin.length == rank && strides.length == rank && shape.length == rank, "slice");
    int[] from = new int[rank];
    Values found = new Values(shape);
    eachPosition(
        shape,
        at -> {
          for (int axis = 0; axis < rank; axis++) {
            from[axis] = begin[axis] + at[axis] * strides[axis];
            require(from[axis] >= 0 && from[axis] < x.shape[axis], "slice");
          }
          found.add(x.values[offset(x.shape, from)]);
        });
    return found.as(x.dtype, shape);
  }

  private static Array concat(List<Array> parts, int signedAxis) {
    Array first = parts.get(0);
    int rank = first.shape.length;
    require(signedAxis >= -rank && signedAxis < rank, "concat");
    int axis = signedAxis < 0 ? signedAxis + rank : signedAxis;
    int[] shape = first.shape.clone();
    shape[axis] = 0;
    int inner = TensorSpec.product(shape, axis + 1);
    int outer = product(Arrays.copyOf(first.shape, axis));
    for (Array part : parts) {
      require(part.shape.length == rank, "concat");
      require(part.values.length == outer * inner * part.shape[axis], "concat");
      shape[axis] += part.shape[axis];
    }
    Values found = new Values(shape);
    for (int i = 0; i < outer; i++) {
      for (Array part : parts) {
        int run = inner * part.shape[axis];
        found.addRun(part.values, i * run, run);
      }
    }
    return found.as(first.dtype, shape);
  }

  private static Array stack(List<Array> parts, int signedAxis) {
    int rank = parts.get(0).shape.length;
    require(signedAxis >= -rank - 1 && signedAxis <= rank, "stack");
    int axis = signedAxis < 0 ? signedAxis + rank + 1 : signedAxis;
    List<Array> longer = new ArrayList<>();
    for (Array part : parts) {
      require(part.shape.length == rank, "stack");
      int[] shape = joined(part(part.shape, 0, axis), new int[] {1}, part(part.shape, axis, rank));
      longer.add(reshape(part, shape));
    }
    return concat(longer, axis);
  }

  private static int[] part(int[] shape, int first, int last) {
    return Arrays.copyOfRange(shape, first, last);
  }

  private static int[] joined(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  /** y[lead, before, rest, after] = x[lead, before, indices[lead, rest], after], as tf.gather. */
  private static Array gather(Array x, Array indices, int axis, int batchDims) {
    int rank = x.shape.length;
    boolean isInside = 0 <= batchDims && batchDims <= axis && axis < rank;
    require(isInside && batchDims <= indices.shape.length, "gather");
    int[] lead = part(x.shape, 0, batchDims);
    int[] before = part(x.shape, batchDims, axis);
    int[] after = part(x.shape, axis + 1, rank);
    int[] rest = part(indices.shape, batchDims, indices.shape.length);
    require(Arrays.equals(part(indices.shape, 0, batchDims), lead), "gather");
    int[] shape = joined(lead, before, rest, after);
    int inner = product(after);
    int outer = product(before);
    int count = product(rest);
    Values found = new Values(shape);
    for (int i = 0; i < product(lead) * outer; i++) {
      for (int j = 0; j < count; j++) {
        double index = indices.values[i / outer * count + j];
        require(index >= 0 && index < x.shape[axis], "gather");
        found.addRun(x.values, (i * x.shape[axis] + (int) index) * inner, inner);
      }
    }
    return found.as(x.dtype, shape);
  }

  /** y's axis i is x's axis order[i]. */
  private static Array transpose(Array x, int[] order) {
    require(order.length == x.shape.length, "transpose");
    require(Arrays.stream(order).allMatch(i -> i >= 0 && i < order.length), "transpose");
    int[] shape = Arrays.stream(order).map(i -> x.shape[i]).toArray();
    int[] from = new int[order.length];
    Values found = new Values(shape);
    eachPosition(
        shape,
        at -> {
          for (int i = 0; i < order.length; i++) {
            from[order[i]] = at[i];
          }
          found.add(x.values[offset(x.shape, from)]);
        });
    return found.as(x.dtype, shape);
  }

  /** The k largest of the last axis, and where they were; of equals the lower index first. */
  private static List<Array> topK(Array x, int k) {
    require(x.shape.length > 0 && k <= x.shape[x.shape.length - 1], "top_k");
    int size = x.shape[x.shape.length - 1];
    int[] shape = x.shape.clone();
    shape[shape.length - 1] = k;
    Values values = new Values(shape);
    Values indices = new Values(shape);
    for (int i = 0; i < x.values.length; i += size) {
      int start = i;
      IntStream.range(0, size)
          .boxed()
          .sorted((a, b) -> Double.compare(x.values[start + b] + 0.0, x.values[start + a] + 0.0))
          .limit(k)
          .forEach(
              place -> {
                values.add(x.values[start + place]);
                indices.add(place);
              });
    }
    return List.of(values.as(x.dtype, shape), indices.as("int32", shape));
  }
}
