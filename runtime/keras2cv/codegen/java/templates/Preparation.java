package @package@;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.opencv.core.Core;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.Rect;
import org.opencv.core.Scalar;
import org.opencv.core.Size;
import org.opencv.dnn.Dnn;
import org.opencv.imgproc.Imgproc;

/** From images of any size to the net's input: resize, then (pixel - mean) * scale / std. */
final class Preparation {
  private static final int MAX_SIDE = 32767;
  private static final Map<String, Integer> FLAGS =
      Map.of(
          "nearest", Imgproc.INTER_NEAREST,
          "linear", Imgproc.INTER_LINEAR,
          "area", Imgproc.INTER_AREA,
          "cubic", Imgproc.INTER_CUBIC,
          "lanczos4", Imgproc.INTER_LANCZOS4);

  private Preparation() {}

  /**
   * Returns images (BGR, 8 bits, any sizes) as one blob (batch, C, H, W) of float32; the last image
   * fills what is missing of the batch.
   */
  static float[] prepare(List<Mat> images, Preprocessing rules, int batch) {
    List<Mat> fitted = new ArrayList<>();
    for (Mat image : images) {
      fitted.add(fit(asColor(checked(image), rules), rules));
      if (rules.transposes) {
        Core.transpose(fitted.get(fitted.size() - 1), fitted.get(fitted.size() - 1));
      }
    }
    while (fitted.size() < batch) {
      fitted.add(fitted.get(fitted.size() - 1));
    }
    double[] mean = rules.mean;
    Scalar means = mean.length == 1 ? new Scalar(mean[0]) : new Scalar(mean[0], mean[1], mean[2]);
    boolean swaps = rules.color.equals("RGB");
    Mat blob = Dnn.blobFromImages(fitted, rules.scale, new Size(), means, swaps, false);
    float[] values = Network.floats(blob);
    int plane = values.length / (batch * mean.length);
    for (int i = 0; i < values.length; i++) {
      values[i] /= (float) rules.deviation[i / plane % mean.length];
    }
    return values;
  }

  private static Mat checked(Mat image) {
    if (image.empty() || image.dims() != 2 || image.type() != CvType.CV_8UC3) {
      throw new BundleException(
          "An image must be a Mat of type CV_8UC3 in BGR order, as Imgcodecs.imread gives it, got "
              + (image.empty() ? "an empty one" : CvType.typeToString(image.type())) + ".");
    }
    if (Math.max(image.cols(), image.rows()) > MAX_SIDE) {
      throw new BundleException(
          "An image has a side of more than " + MAX_SIDE + " pixels. Make it smaller.");
    }
    return image;
  }

  private static Mat asColor(Mat image, Preprocessing rules) {
    if (!rules.color.equals("GRAY")) {
      return image;
    }
    Mat gray = new Mat();
    Imgproc.cvtColor(image, gray, Imgproc.COLOR_BGR2GRAY);
    return gray;
  }

  /** Brings an image to the net's size. */
  private static Mat fit(Mat image, Preprocessing rules) {
    Rect whole = new Rect(0, 0, image.cols(), image.rows());
    switch (rules.resize) {
      case "letterbox":
        Rect box = letterbox(image.size(), rules.size());
        Mat resized = resize(image, whole, box.size(), rules.interpolation);
        Mat canvas = new Mat(rules.size(), resized.type(), Scalar.all(rules.pad));
        resized.copyTo(canvas.submat(box));
        return canvas;
      case "pad":
        int[] bars = bars(image.size(), rules.size());
        Mat padded = new Mat();
        Core.copyMakeBorder(
            image, padded, bars[1], bars[1], bars[0], bars[0], Core.BORDER_CONSTANT,
            Scalar.all(rules.pad));
        whole = new Rect(0, 0, padded.cols(), padded.rows());
        return resize(padded, whole, rules.size(), rules.interpolation);
      case "stretch":
        return resize(image, whole, rules.size(), rules.interpolation);
      case "center-crop":
        Rect part = center(image.size(), rules.size());
        return resize(image, part, rules.size(), rules.interpolation);
      default:
        throw new BundleException(
            "There is no resize rule " + rules.resize + ". Generate the program again.");
    }
  }

  /** Returns the largest centred part of an image with the target's aspect ratio, rounded down. */
  static Rect center(Size image, Size target) {
    int imageWidth = (int) image.width;
    int imageHeight = (int) image.height;
    long across = (long) imageHeight * (int) target.width / (int) target.height;
    long down = (long) imageWidth * (int) target.height / (int) target.width;
    int width = (int) Math.max(1, Math.min(imageWidth, across));
    int height = (int) Math.max(1, Math.min(imageHeight, down));
    return new Rect((imageWidth - width) / 2, (imageHeight - height) / 2, width, height);
  }

  /**
   * Returns the part of the target that the whole image fills, its aspect ratio kept:
   * tf.image.resize_with_pad, in its float32, on which the rounding depends.
   */
  static Rect letterbox(Size image, Size target) {
    float targetWidth = (float) target.width;
    float targetHeight = (float) target.height;
    float shrink =
        Math.max((float) image.width / targetWidth, (float) image.height / targetHeight);
    float width = (float) image.width / shrink;
    float height = (float) image.height / shrink;
    return new Rect(
        Math.max(0, (int) Math.floor((targetWidth - width) / 2.0f)),
        Math.max(0, (int) Math.floor((targetHeight - height) / 2.0f)),
        Math.max(1, (int) Math.floor(width)),
        Math.max(1, (int) Math.floor(height)));
  }

  /**
   * Returns how wide the bars of keras.layers.Resizing(pad_to_aspect_ratio=True) are, left and
   * right alike, and how high: the image is extended to the target's shape before it is resized.
   */
  static int[] bars(Size image, Size target) {
    int width = (int) ((float) (image.height * target.width) / (float) target.height);
    int height = (int) ((float) (image.width * target.height) / (float) target.width);
    return new int[] {
      Math.max(0, width - (int) image.width) / 2, Math.max(0, height - (int) image.height) / 2
    };
  }

  /** Brings a part of an image to a size: of 8 bits, or float32 for TensorFlow's filters. */
  private static Mat resize(Mat image, Rect part, Size size, String interpolation) {
    if (interpolation.equals("pil-nearest") || interpolation.equals("tf-nearest")) {
      return Resizing.nearest(image, part, size, interpolation.equals("pil-nearest"));
    }
//@begin resample
    if (Resampling.isMeant(interpolation)) {
      return Resampling.resize(image, part, size, interpolation);
    }
//@end
    Mat source = image.submat(part);
    switch (interpolation) {
      case "tf-bilinear":
        return Resizing.bilinear(source, size);
      case "linear":
        return Resizing.isLinearExact(source.channels())
            ? byOpenCv(source, size, Imgproc.INTER_LINEAR)
            : Resizing.linear(source, size);
      case "cubic":
        return Resizing.cubic(source, size);
      case "area":
        boolean isOwn =
            Resizing.isSumOfParts(source.size(), size)
                && !Resizing.isAreaExact(source.channels());
        return isOwn ? Resizing.area(source, size) : byOpenCv(source, size, Imgproc.INTER_AREA);
      default:
        if (!FLAGS.containsKey(interpolation)) {
          throw new BundleException(
              "This program has no interpolation " + interpolation + ". Generate it again.");
        }
        return byOpenCv(source, size, FLAGS.get(interpolation));
    }
  }

  private static Mat byOpenCv(Mat source, Size size, int flag) {
    Mat found = new Mat();
    Imgproc.resize(source, found, size, 0, 0, flag);
    return found;
  }
}
