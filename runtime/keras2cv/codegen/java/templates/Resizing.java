package @package@;

import java.util.Arrays;
import java.util.Random;
import org.opencv.core.Core;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.Rect;
import org.opencv.core.Size;
import org.opencv.imgproc.Imgproc;

/**
 * From an image to another size as cv::resize does it on x86-64, and tf.image.resize by "bilinear":
 * the same pixels from every OpenCV. Java rounds each product and sum by itself, as is needed here.
 */
final class Resizing {
  // On ARM, OpenCV may hand a resize to a library that rounds differently. Tried once, on small
  // images in larger buffers, since such a library reads past the end of an image.
  private static final int[][] LINEAR_TRIALS = {
    {33, 33, 32, 32}, {66, 41, 40, 28}, {48, 40, 24, 20}, {72, 60, 26, 24},
    {150, 90, 32, 20}, {24, 20, 48, 40}, {31, 22, 72, 40}
  };
  private static final int[][] AREA_TRIALS = {
    {40, 100, 20, 40}, {76, 68, 38, 45}, {44, 44, 35, 22}
  };

  private Resizing() {}

  /** Whether this OpenCV's INTER_LINEAR gives the pixels of {@link #linear}. */
  static boolean isLinearExact(int channels) {
    return channels == 1 ? LinearTried.GRAY : LinearTried.COLOUR;
  }

  /** Whether this OpenCV's INTER_AREA gives the pixels of {@link #area}. */
  static boolean isAreaExact(int channels) {
    return channels == 1 ? AreaTried.GRAY : AreaTried.COLOUR;
  }

  private static final class LinearTried {
    static final boolean GRAY = tried(LINEAR_TRIALS, 1, Imgproc.INTER_LINEAR);
    static final boolean COLOUR = tried(LINEAR_TRIALS, 3, Imgproc.INTER_LINEAR);
  }

  private static final class AreaTried {
    static final boolean GRAY = tried(AREA_TRIALS, 1, Imgproc.INTER_AREA);
    static final boolean COLOUR = tried(AREA_TRIALS, 3, Imgproc.INTER_AREA);
  }

  private static boolean tried(int[][] trials, int channels, int flag) {
    Random random = new Random(1);
    for (int[] sizes : trials) {
      byte[] noise = new byte[(sizes[1] + 64) * (sizes[0] + 16) * channels];
      random.nextBytes(noise);
      Mat buffer = new Mat(sizes[1] + 64, sizes[0] + 16, CvType.CV_8UC(channels));
      buffer.put(0, 0, noise);
      Mat image = buffer.submat(new Rect(0, 0, sizes[0], sizes[1]));
      Size target = new Size(sizes[2], sizes[3]);
      Mat found = new Mat();
      Imgproc.resize(image, found, target, 0, 0, flag);
      Mat wanted = flag == Imgproc.INTER_AREA ? area(image, target) : linear(image, target);
      if (Core.norm(found, wanted, Core.NORM_INF) > 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether INTER_AREA sums parts of pixels: means of whole ones are the same in every build. */
  static boolean isSumOfParts(Size source, Size target) {
    boolean shrinks = source.width >= target.width && source.height >= target.height;
    return shrinks && (source.width % target.width != 0 || source.height % target.height != 0);
  }

  /**
   * Each pixel by the one that it lies on: Pillow adds the step again and again, and TensorFlow
   * multiplies in float32, on whose rounding the choice depends.
   */
  static Mat nearest(Mat image, Rect part, Size size, boolean isPillow) {
    int channels = image.channels();
    byte[] pixels = bytes(image);  //@only !deep
    float[] pixels = Network.floats(image); // of 8 bits, or float32  //@only deep
    int[] rows = nearestIndices(part.y, part.height, (int) size.height, isPillow);
    int[] columns = nearestIndices(part.x, part.width, (int) size.width, isPillow);
    byte[] found = new byte[rows.length * columns.length * channels];  //@only !deep
    float[] found = new float[rows.length * columns.length * channels];  //@only deep
    int at = 0;
    for (int row : rows) {
      for (int column : columns) {
        System.arraycopy(pixels, (row * image.cols() + column) * channels, found, at, channels);
        at += channels;
      }
    }
    return image8(found, size, channels);  //@only !deep
    return image32(found, size, channels);  //@only deep
  }

  private static int[] nearestIndices(int start, int size, int count, boolean isPillow) {
    int[] found = new int[count];
    double step = (double) size / count;
    double position = start + step * 0.5;
    for (int i = 0; i < count; i++) {
      float centre = ((float) i + 0.5f) * (float) step;
      found[i] = isPillow ? (int) position : start + Math.min((int) centre, size - 1);
      position += step;
    }
    return found;
  }

  /** The two source pixels of each target pixel along one axis, and the weight of the second. */
  private static final class Pairs {
    final int[] first;
    final int[] second;
    final float[] share;

    Pairs(int count) {
      first = new int[count];
      second = new int[count];
      share = new float[count];
    }
  }

  /** cv::resize's for 8 bits: across the width one pixel alone counts at an edge. */
  private static Pairs linearPairs(int size, int count, boolean isWidth) {
    Pairs found = new Pairs(count);
    double scale = 1.0 / ((double) count / size);
    for (int i = 0; i < count; i++) {
      float at = (float) ((i + 0.5) * scale - 0.5);
      int first = (int) Math.floor(at);
      boolean isAlone = isWidth && (first < 0 || first >= size - 1);
      found.first[i] = Math.min(Math.max(first, 0), size - 1);
      found.second[i] = Math.min(Math.max(first + 1, 0), size - 1);
      found.share[i] = isAlone ? 0.0f : at - (float) first;
    }
    return found;
  }

  /**
   * INTER_LINEAR of 8 bits as OpenCV computes it on x86-64, bit for bit: weights of 11 bits, sums
   * cut off to 7 bits along the width and to 2 along the height, and rounded.
   */
  static Mat linear(Mat image, Size size) {
    int channels = image.channels();
    int width = image.cols();
    byte[] pixels = bytes(image);
    boolean isHalf = width == 2 * size.width && image.rows() == 2 * size.height;
    Pairs across = linearPairs(width, (int) size.width, true);
    Pairs down = linearPairs(image.rows(), (int) size.height, false);
    byte[] found = new byte[across.share.length * down.share.length * channels];
    int at = 0;
    for (int y = 0; y < down.share.length; y++) {
      int upper = down.first[y] * width * channels;
      int lower = down.second[y] * width * channels;
      int near = weight(1.0f - down.share[y]);
      int far = weight(down.share[y]);
      for (int x = 0; x < across.share.length; x++) {
        int a = weight(1.0f - across.share[x]);
        int b = weight(across.share[x]);
        for (int c = 0; c < channels; c++) {
          int left = across.first[x] * channels + c;
          int right = across.second[x] * channels + c;
          int p = pixels[upper + left] & 255;
          int q = pixels[upper + right] & 255;
          int r = pixels[lower + left] & 255;
          int s = pixels[lower + right] & 255;
          int sum = ((p * a + q * b >> 4) * near >> 16) + ((r * a + s * b >> 4) * far >> 16);
          found[at++] = (byte) ((isHalf ? p + q + r + s : sum) + 2 >> 2);
        }
      }
    }
    return image8(found, size, channels);
  }

  private static int weight(float share) {
    return (int) Math.rint(share * 2048.0f);
  }

  /** tf.image.resize by "bilinear", which does not round to pixels: its positions are float32. */
  static Mat bilinear(Mat image, Size size) {
    int channels = image.channels();
    int width = image.cols();
    byte[] pixels = bytes(image);  //@only !deep
    float[] pixels = Network.floats(image); // of 8 bits, or float32  //@only deep
    Pairs across = bilinearPairs(width, (int) size.width);
    Pairs down = bilinearPairs(image.rows(), (int) size.height);
    float[] found = new float[across.share.length * down.share.length * channels];
    int at = 0;
    for (int y = 0; y < down.share.length; y++) {
      int upper = down.first[y] * width * channels;
      int lower = down.second[y] * width * channels;
      for (int x = 0; x < across.share.length; x++) {
        for (int c = 0; c < channels; c++) {
          int left = across.first[x] * channels + c;
          int right = across.second[x] * channels + c;
          float above = mixed(pixels[upper + left], pixels[upper + right], across.share[x]);
          float below = mixed(pixels[lower + left], pixels[lower + right], across.share[x]);
          found[at++] = above + (below - above) * down.share[y];
        }
      }
    }
    return image32(found, size, channels);
  }

//@begin !deep
  private static float mixed(byte left, byte right, float share) {
    int from = left & 255;
    return (float) from + (float) ((right & 255) - from) * share;
  }
//@end
//@begin deep
  private static float mixed(float left, float right, float share) {
    return left + (right - left) * share;
  }
//@end

  private static Pairs bilinearPairs(int size, int count) {
    Pairs found = new Pairs(count);
    float scale = (float) ((double) size / count);
    for (int i = 0; i < count; i++) {
      float at = ((float) i + 0.5f) * scale - 0.5f;
      float low = (float) Math.floor(at);
      found.first[i] = Math.max((int) low, 0);
      found.second[i] = Math.min((int) Math.ceil(at), size - 1);
      found.share[i] = at - low;
    }
    return found;
  }

  /** The source pixels of a target pixel along one axis, each with its weight. */
  private static final class Weighted {
    int[] pixels = new int[0];
    double[] weights = new double[0];

    void add(int pixel, double weight) {
      pixels = Arrays.copyOf(pixels, pixels.length + 1);
      weights = Arrays.copyOf(weights, weights.length + 1);
      pixels[pixels.length - 1] = pixel;
      weights[weights.length - 1] = weight;
    }
  }

  /** INTER_CUBIC of 8 bits, computed in double: OpenCV's builds round it differently. */
  static Mat cubic(Mat image, Size size) {
    Weighted[] down = cubicWeights(image.rows(), (int) size.height);
    return weigh(image, down, cubicWeights(image.cols(), (int) size.width), false);
  }

  private static Weighted[] cubicWeights(int size, int count) {
    double a = -0.75;
    double scale = 1.0 / ((double) count / size);
    Weighted[] found = new Weighted[count];
    for (int i = 0; i < count; i++) {
      double at = (i + 0.5) * scale - 0.5;
      double low = Math.floor(at);
      double x = at - low;
      double before = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
      double first = ((a + 2) * x - (a + 3)) * x * x + 1;
      double second = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
      double[] weights = {before, first, second, 1 - before - first - second};
      found[i] = new Weighted();
      for (int k = 0; k < 4; k++) {
        found[i].add(Math.min(Math.max((int) low + k - 1, 0), size - 1), weights[k]);
      }
    }
    return found;
  }

  /** INTER_AREA of 8 bits to fewer pixels, in the order of x86-64's sums. */
  static Mat area(Mat image, Size size) {
    Weighted[] down = areaWeights(image.rows(), (int) size.height);
    return weigh(image, down, areaWeights(image.cols(), (int) size.width), true);
  }

  /** computeResizeAreaTab of OpenCV's resize.cpp. */
  private static Weighted[] areaWeights(int size, int count) {
    double scale = 1.0 / ((double) count / size);
    Weighted[] found = new Weighted[count];
    for (int i = 0; i < count; i++) {
      double start = i * scale;
      double stop = start + scale;
      double cell = Math.min(scale, size - start);
      int last = Math.min((int) Math.floor(stop), size - 1);
      int first = Math.min((int) Math.ceil(start), last);
      found[i] = new Weighted();
      if (first - start > 1e-3) {
        found[i].add(first - 1, (float) ((first - start) / cell));
      }
      for (int pixel = first; pixel < last; pixel++) {
        found[i].add(pixel, (float) (1.0 / cell));
      }
      if (stop - last > 1e-3) {
        found[i].add(last, (float) (Math.min(Math.min(stop - last, 1.0), cell) / cell));
      }
    }
    return found;
  }

  /** Sums of products, first along the width, in the order of the weights; rounded to 8 bits. */
  private static Mat weigh(Mat image, Weighted[] down, Weighted[] across, boolean isFloat) {
    int channels = image.channels();
    int step = image.cols() * channels;
    byte[] pixels = bytes(image);
    double[][] lines = new double[image.rows()][]; // made when needed
    double[] sums = new double[across.length * channels];
    byte[] found = new byte[down.length * sums.length];
    int at = 0;
    for (Weighted row : down) {
      Arrays.fill(sums, 0);
      for (int k = 0; k < row.pixels.length; k++) {
        int y = row.pixels[k];
        if (lines[y] == null) {
          lines[y] = weighRow(pixels, y * step, across, channels, isFloat);
        }
        for (int i = 0; i < sums.length; i++) {
          sums[i] = sum(sums[i], lines[y][i], row.weights[k], isFloat);
        }
      }
      for (double sum : sums) {
        found[at++] = (byte) Math.min(Math.max(Math.rint(sum), 0), 255);
      }
    }
    return image8(found, new Size(across.length, down.length), channels);
  }

  private static double[] weighRow(
      byte[] pixels, int start, Weighted[] across, int channels, boolean isFloat) {
    double[] sums = new double[across.length * channels];
    for (int x = 0; x < across.length; x++) {
      for (int k = 0; k < across[x].pixels.length; k++) {
        int pixel = start + across[x].pixels[k] * channels;
        for (int c = 0; c < channels; c++) {
          int i = x * channels + c;
          sums[i] = sum(sums[i], pixels[pixel + c] & 255, across[x].weights[k], isFloat);
        }
      }
    }
    return sums;
  }

  private static double sum(double sum, double value, double weight, boolean isFloat) {
    return isFloat
        ? (float) sum + (float) value * (float) weight
        : sum + value * weight;
  }

  /** Returns the pixels of an image of 8 bits, row after row. */
  static byte[] bytes(Mat image) {
    Mat whole = image.isContinuous() ? image : image.clone();
    byte[] found = new byte[(int) (whole.total() * whole.channels())];
    whole.get(0, 0, found);
    return found;
  }

  static Mat image8(byte[] pixels, Size size, int channels) {
    Mat found = new Mat(size, CvType.CV_8UC(channels));
    found.put(0, 0, pixels);
    return found;
  }

  static Mat image32(float[] values, Size size, int channels) {
    Mat found = new Mat(size, CvType.CV_32FC(channels));
    found.put(0, 0, values);
    return found;
  }
}
