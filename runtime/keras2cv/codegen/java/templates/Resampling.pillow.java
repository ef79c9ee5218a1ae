package @package@;

import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.opencv.core.Core;
import org.opencv.core.Mat;
import org.opencv.core.Rect;
import org.opencv.core.Size;

/**
 * From an image to another size as Pillow does it, in its integers: along one axis, rounded to 8
 * bits, then along the other. Source: Pillow's src/libImaging/Resample.c.
 */
final class Resampling {
  private static final int ONE = 1 << 22; // weights are in units of 2^-22, as in Pillow
  private static final Map<String, DoubleUnaryOperator> FILTERS =
      Map.of(
          "box", x -> x > -0.5 && x <= 0.5 ? 1.0 : 0.0,
          "bilinear", x -> Math.max(1.0 - Math.abs(x), 0.0),
          "hamming", Resampling::hamming,
          "bicubic", Resampling::cubic,
          "lanczos", x -> Math.abs(x) < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0);
  private static final Map<String, Double> RADII =
      Map.of("box", 0.5, "bilinear", 1.0, "hamming", 1.0, "bicubic", 2.0, "lanczos", 3.0);

  private Resampling() {}

  static boolean isMeant(String interpolation) {
    return interpolation.startsWith("pil") && !interpolation.equals("pil-nearest");
  }

  /** Brings a part of an image of 8 bits to a size: Image.resize(size, ..., box=part). */
  static Mat resize(Mat image, Rect part, Size size, String interpolation) {
    boolean isWhole = part.width == image.cols() && part.height == image.rows();
    if (isWhole && size.equals(image.size())) {
      return image;
    }
    String[] name = interpolation.split("-", 2);
    if (!FILTERS.containsKey(name[1])) {
      throw new BundleException(
          "This program has no interpolation " + interpolation + ". Generate it again.");
    }
    Taps[] down = taps(name[1], image.rows(), part.y, part.height, (int) size.height);
    Taps[] across = taps(name[1], image.cols(), part.x, part.width, (int) size.width);
    // Since Pillow 13 the height comes first where it shrinks by far more than the width.
    double lostWidth = image.cols() - size.width;
    double lostHeight = image.rows() - size.height;
    if (name[0].equals("pil13") && lostHeight > 0 && lostHeight > 2 * lostWidth) {
      return filterWidth(filterHeight(image, down), across);
    }
    return filterHeight(filterWidth(image, across), down);
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

  /** Its coefficients are floats, as Pillow writes them. */
  private static double hamming(double x) {
    double a = 0.54f;
    double b = 0.46f;
    return Math.abs(x) < 1.0 ? sinc(x) * (a + b * Math.cos(Math.PI * x)) : 0.0;
  }

  /** The source pixels that a target pixel is made of, from {@code first} on, and their weights. */
  private static final class Taps {
    final int first;
    final int[] weights;

    Taps(int first, double[] shares) {
      this.first = first;
      double total = Arrays.stream(shares).reduce(0.0, Double::sum);
      weights = new int[shares.length];
      for (int i = 0; i < shares.length; i++) {
        double normal = total != 0.0 ? shares[i] / total : shares[i];
        weights[i] = (int) (normal * ONE + (normal < 0.0 ? -0.5 : 0.5));
      }
    }
  }

  /**
   * precompute_coeffs and normalize_coeffs_8bpc of Resample.c, for {@code count} pixels made of the
   * {@code size} from {@code start} on; as there, they are also made of the pixels around those.
   */
  private static Taps[] taps(String filter, int sourceSize, int start, int size, int count) {
    DoubleUnaryOperator weigh = FILTERS.get(filter);
    double scale = (double) size / count;
    double stretch = Math.max(scale, 1.0);
    double reach = RADII.get(filter) * stretch;
    Taps[] found = new Taps[count];
    for (int i = 0; i < count; i++) {
      double centre = start + (i + 0.5) * scale;
      int first = Math.max((int) (centre - reach + 0.5), 0);
      int last = Math.min((int) (centre + reach + 0.5), sourceSize); // exclusive
      double[] shares = new double[Math.max(0, last - first)];
      for (int k = 0; k < shares.length; k++) {
        shares[k] = weigh.applyAsDouble((first + k - centre + 0.5) * (1.0 / stretch));
      }
      found[i] = new Taps(first, shares);
    }
    return found;
  }

  /** Each row of the result is a weighted sum of rows of the image, rounded. */
  private static Mat filterHeight(Mat image, Taps[] taps) {
    int step = image.cols() * image.channels();
    byte[] pixels = Resizing.bytes(image);
    byte[] found = new byte[taps.length * step];
    int[] sums = new int[step];
    for (int y = 0; y < taps.length; y++) {
      Arrays.fill(sums, ONE / 2);
      for (int k = 0; k < taps[y].weights.length; k++) {
        int row = (taps[y].first + k) * step;
        int weight = taps[y].weights[k];
        for (int i = 0; i < step; i++) {
          sums[i] += weight * (pixels[row + i] & 255);
        }
      }
      for (int i = 0; i < step; i++) {
        found[y * step + i] = (byte) Math.min(Math.max(sums[i] / ONE, 0), 255);
      }
    }
    return Resizing.image8(found, new Size(image.cols(), taps.length), image.channels());
  }

  private static Mat filterWidth(Mat image, Taps[] taps) {
    Mat turned = new Mat();
    Core.transpose(image, turned);
    Mat found = filterHeight(turned, taps);
    Core.transpose(found, found);
    return found;
  }
}
