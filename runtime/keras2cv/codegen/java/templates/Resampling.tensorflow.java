package @package@;

import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.opencv.core.Mat;
import org.opencv.core.Rect;
import org.opencv.core.Size;

/**
 * From an image to another size as tf.image.resize does it: along the height, then along the width.
 * Source: scale_and_translate_op.cc, resize_bicubic_op.cc, resize_area_op.cc of TensorFlow.
 */
final class Resampling {
  private static final Map<String, DoubleUnaryOperator> FILTERS =
      Map.of(
          "bilinear", x -> Math.max(1.0 - Math.abs(x), 0.0),
          "bicubic", Resampling::cubic,
          "lanczos3", x -> Math.abs(x) < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0,
          "lanczos5", x -> Math.abs(x) < 5.0 ? sinc(x) * sinc(x / 5.0) : 0.0,
          "gaussian", x -> Math.abs(x) < 1.5 ? Math.exp(-2.0 * x * x) : 0.0,
          "mitchellcubic", Resampling::mitchell);
  private static final Map<String, Double> RADII =
      Map.of(
          "bilinear", 1.0, "bicubic", 2.0, "lanczos3", 3.0, "lanczos5", 5.0, "gaussian", 1.5,
          "mitchellcubic", 2.0);

  private Resampling() {}

  static boolean isMeant(String interpolation) {
    return interpolation.startsWith("tf-")
        && !interpolation.equals("tf-bilinear")
        && !interpolation.equals("tf-nearest");
  }

  /** Brings a part of an image to a size in float32: tf.image.resize(part, size, ...). */
  static Mat resize(Mat image, Rect part, Size size, String interpolation) {
    int channels = image.channels();
    Taps[] down = taps(interpolation, part.height, (int) size.height);
    Taps[] across = taps(interpolation, part.width, (int) size.width);
    float[] values = Network.floats(image.submat(part));
    float[] rows = filter(values, down, 1, part.width * channels);
    float[] found = filter(rows, across, down.length, channels);
    return Resizing.image32(found, size, channels);
  }

  private static double sinc(double x) {
    return x == 0.0 ? 1.0 : Math.sin(Math.PI * x) / (Math.PI * x);
  }

  /** Keys' cubic, with a = -0.5; that of INTER_CUBIC is -0.75. */
  private static double cubic(double signed) {
    double x = Math.abs(signed);
    if (x < 1.0) {
      return (1.5 * x - 2.5) * x * x + 1.0;
    }
    return x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5 : 0.0;
  }

  private static double mitchell(double signed) {
    double x = Math.abs(signed);
    if (x < 1.0) {
      return (7.0 / 6.0 * x - 2.0) * x * x + 8.0 / 9.0;
    }
    return x < 2.0 ? ((-7.0 / 18.0 * x + 2.0) * x - 10.0 / 3.0) * x + 16.0 / 9.0 : 0.0;
  }

  /** The source pixels that a target pixel is made of, from {@code first} on, and their weights. */
  private static final class Taps {
    final int first;
    final float[] weights;

    Taps(int first, float[] weights) {
      this.first = first;
      this.weights = weights;
    }

    /** The weights add up to one; those of nothing stay nothing, as in TensorFlow. */
    static Taps normalised(int first, double[] shares) {
      double total = 0.0;
      for (double share : shares) {
        total += share;
      }
      boolean isSomething = Math.abs(total) >= 1000.0 * Float.MIN_NORMAL;
      float[] weights = new float[shares.length];
      for (int i = 0; i < shares.length; i++) {
        weights[i] = isSomething ? (float) (shares[i] / total) : 0.0f;
      }
      return new Taps(first, weights);
    }
  }

  private static Taps[] taps(String interpolation, int sourceSize, int count) {
    boolean antialiases = interpolation.endsWith("-antialias");
    String name = interpolation.substring(3).replace("-antialias", "");
    Taps[] found = new Taps[count];
    for (int i = 0; i < count; i++) {
      if (interpolation.equals("tf-area")) {
        found[i] = areaTaps(sourceSize, count, i);
      } else if (interpolation.equals("tf-bicubic")) {
        found[i] = bicubicTaps(sourceSize, count, i);
      } else if (FILTERS.containsKey(name)) {
        found[i] = filterTaps(name, antialiases, sourceSize, count, i);
      } else {
        throw new BundleException(
            "This program has no interpolation " + interpolation + ". Generate it again.");
      }
    }
    return found;
  }

  /** ComputeSpansCore of scale_and_translate_op.cc, in its float32. */
  private static Taps filterTaps(
      String filter, boolean antialiases, int sourceSize, int count, int i) {
    float zoom = (float) ((double) count / sourceSize);
    float scale = (float) (1.0 / (double) zoom);
    float stretch = antialiases ? Math.max(scale, 1.0f) : 1.0f;
    float reach = (float) (double) RADII.get(filter) * stretch;
    float centre = ((float) i + 0.5f) * scale;
    int first = inside((float) Math.ceil(centre - reach - 0.5f), sourceSize);
    int last = inside((float) Math.floor(centre + reach - 0.5f), sourceSize);
    double[] shares = new double[Math.max(0, last - first + 1)];
    for (int k = 0; k < shares.length; k++) {
      float distance = ((float) (first + k) + 0.5f - centre) * (1.0f / stretch);
      shares[k] = FILTERS.get(filter).applyAsDouble(distance);
    }
    return Taps.normalised(first, shares);
  }

  /** GetWeightsAndIndices of resize_bicubic_op.cc, with its table of 1024 positions. */
  private static Taps bicubicTaps(int sourceSize, int count, int i) {
    float scale = (float) ((double) sourceSize / count);
    float position = ((float) i + 0.5f) * scale - 0.5f;
    float whole = (float) Math.floor(position);
    double fraction = (float) Math.rint((position - whole) * 1024.0f) / 1024.0;
    int first = inside(whole - 1.0f, sourceSize);
    int last = inside(whole + 2.0f, sourceSize);
    double[] shares = new double[last - first + 1];
    for (int k = 0; k < shares.length; k++) {
      shares[k] = cubic(first + k - (double) whole - fraction);
    }
    return Taps.normalised(first, shares);
  }

  /** ResizeAreaOp: a source pixel weighs as much as the target pixel covers of it. */
  private static Taps areaTaps(int sourceSize, int count, int i) {
    float scale = (float) ((double) sourceSize / count);
    float start = (float) i * scale;
    float stop = (float) (i + 1) * scale;
    int first = inside(start, sourceSize);
    int end = inside((float) Math.ceil(stop), sourceSize);
    float[] weights = new float[Math.max(1, end - first + 1)];
    int used = 0;
    for (float left = (float) Math.floor(start); left < Math.ceil(stop); left += 1.0f) {
      float right = left + 1.0f;
      float overlap = Math.min(right, stop) - Math.max(left, start);
      float covered = left < start && right > stop ? scale : Math.max(overlap, 0.0f);
      int source = inside(left, sourceSize); // rounding may lead beyond the last pixel
      weights[source - first] += covered / scale;
      used = Math.max(used, source - first + 1);
    }
    return new Taps(first, Arrays.copyOf(weights, used));
  }

  private static int inside(float position, int size) {
    return Math.min(Math.max((int) position, 0), size - 1);
  }

  /**
   * Returns weighted sums along the middle axis of (outer, size, inner) numbers.
   */
  private static float[] filter(float[] values, Taps[] taps, int outer, int inner) {
    int size = values.length / outer / inner;
    float[] found = new float[outer * taps.length * inner];
    for (int o = 0; o < outer; o++) {
      for (int y = 0; y < taps.length; y++) {
        int target = (o * taps.length + y) * inner;
        for (int k = 0; k < taps[y].weights.length; k++) {
          int source = (o * size + taps[y].first + k) * inner;
          float weight = taps[y].weights[k];
          for (int i = 0; i < inner; i++) {
            found[target + i] += weight * values[source + i];
          }
        }
      }
    }
    return found;
  }
}
