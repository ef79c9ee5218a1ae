package @package@;

import java.util.ArrayList;
import java.util.Collections;  //@only deep bands
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
//@begin deep bands
    if (!isPlain(rules)) {
      return prepareChannels(images, rules, batch);
    }
//@end
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

//@begin clips

  /**
   * Returns clips, of as many frames of a video as one covers, as one blob (batch, C, frames, H, W)
   * of float32; the last clip fills what is missing of the batch.
   */
  static float[] prepareClips(List<List<Mat>> clips, Preprocessing rules, int batch) {
    int window = rules.window;
    float[] blob = new float[TensorSpec.product(rules.blobShape(batch), 0)];
    int plane = blob.length / (batch * rules.channels() * window);
    for (int n = 0; n < batch; n++) {
      List<Mat> clip = checkedClip(clips.get(Math.min(n, clips.size() - 1)), rules);
      List<Mat> frames = new ArrayList<>();
      for (int i = 0; i < clip.size(); i += rules.stride) {
        frames.add(clip.get(i));
      }
      float[] values = prepare(frames, rules, window); // (frames, C, H, W)
      for (int i = 0; i < values.length / plane; i++) {
        int frame = i / rules.channels();
        int channel = i % rules.channels();
        int target = (n * rules.channels() + channel) * window + frame;
        System.arraycopy(values, i * plane, blob, target * plane, plane);
      }
    }
    return blob;
  }

  private static List<Mat> checkedClip(List<Mat> clip, Preprocessing rules) {
    if (clip.size() != rules.span()) {
      throw new BundleException(
          "A clip for " + rules.input + " covers " + rules.span() + " frames, got " + clip.size()
              + ". Give as many, one after the other.");
    }
    for (Mat frame : clip) {
      if (frame.cols() != clip.get(0).cols() || frame.rows() != clip.get(0).rows()) {
        throw new BundleException(
            "The frames of a clip must be of one size, got " + clip.get(0).cols() + "x"
                + clip.get(0).rows() + " and " + frame.cols() + "x" + frame.rows()
                + " pixels. Resize or crop them alike.");
      }
    }
    return clip;
  }
//@end
//@begin deep bands

  private static boolean isPlain(Preprocessing rules) {
    return rules.isOfColour() && !rules.isDeep;  //@only deep
    return rules.isOfColour();  //@only !deep
  }

  /** Returns the blob of special images, each channel by itself and computed in double. */
  private static float[] prepareChannels(List<Mat> images, Preprocessing rules, int batch) {
    int plane = rules.width * rules.height;
    float[] blob = new float[batch * rules.channels() * plane];
    int at = 0;
    for (int n = 0; n < batch; n++) {
      Mat image = asPicture(images.get(Math.min(n, images.size() - 1)), rules);
      List<Mat> planes = new ArrayList<>();
      Core.split(image, planes);
      if (rules.color.equals("RGB") || rules.color.equals("RGBA")) {
        Collections.swap(planes, 0, 2);
      }
      for (int c = 0; c < planes.size(); c++) {
        Mat fitted = fit(planes.get(c), rules);
        if (rules.transposes) {
          Core.transpose(fitted, fitted);
        }
        for (float value : Network.floats(fitted)) {
          blob[at++] = (float) ((value - rules.mean[c]) * rules.scale / rules.deviation[c]);
        }
      }
    }
    return blob;
  }

  /** Returns an image as the model takes it: of 8 or 16 bits, and as many channels. */
  private static Mat asPicture(Mat image, Preprocessing rules) {
    int channels = image.channels();
    boolean isColour = rules.isOfColour();
    boolean fits = isColour ? List.of(1, 3, 4).contains(channels) : channels == rules.channels();
    boolean isImage = !image.empty() && image.dims() == 2
        && Math.max(image.cols(), image.rows()) <= MAX_SIDE
        && (image.depth() == CvType.CV_8U || image.depth() == CvType.CV_16U);
    if (!fits || !isImage) {
      throw new BundleException(
          "An image for " + rules.input + " must have "
              + (isColour ? "1, 3 or 4" : Integer.toString(rules.channels()))
              + " channels of 8 or 16 bits and sides of 1 to " + MAX_SIDE + " pixels, got "
              + (image.empty() ? "an empty one" : CvType.typeToString(image.type())) + ".");
    }
    boolean isDeep = rules.isDeep;  //@only deep
    boolean isDeep = false;  //@only !deep
    Mat pixels = isDeep ? deep(image) : shallow(image);
    if (isColour && channels != (rules.color.equals("GRAY") ? 1 : 3)) {
      pixels = recoloured(pixels, rules.color.equals("GRAY"));
    }
    return pixels;
  }

  private static Mat deep(Mat image) {
    Mat found = image;
    if (image.depth() == CvType.CV_8U) {
      found = new Mat();
      image.convertTo(found, CvType.CV_16U, 257);
    }
    return found;
  }

  /** Of 16 bits, the upper byte. */
  private static Mat shallow(Mat image) {
    Mat found = image;
    if (image.depth() == CvType.CV_16U) {
      found = new Mat();
      image.convertTo(found, CvType.CV_8U, 1.0 / 256, -0.498);
    }
    return found;
  }

  /** From gray, BGR or BGRA to gray or BGR, whichever it is not. */
  private static Mat recoloured(Mat image, boolean toGray) {
    int fromAlpha = toGray ? Imgproc.COLOR_BGRA2GRAY : Imgproc.COLOR_BGRA2BGR;
    int fromOther = toGray ? Imgproc.COLOR_BGR2GRAY : Imgproc.COLOR_GRAY2BGR;
    Mat found = new Mat();
    Imgproc.cvtColor(image, found, image.channels() == 4 ? fromAlpha : fromOther);
    return found;
  }

  /** Returns what answers are drawn on: 8 bits in BGR. */
  static Mat drawable(Mat image, Preprocessing rules) {
    Mat pixels = shallow(image);
    if (rules.color.equals("CHANNELS")) {
      List<Mat> planes = new ArrayList<>();
      Core.split(pixels, planes);
      boolean isColour = planes.size() > 2;
      pixels = isColour ? new Mat() : planes.get(0);
      if (isColour) {
        Core.merge(List.of(planes.get(2), planes.get(1), planes.get(0)), pixels);
      }
    }
    return pixels.channels() == 3 ? pixels : recoloured(pixels, false);
  }
//@end

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

  /** Refuses the padded square of a long strip, which takes gigabytes. */
  private static void checkPadded(int width, int height, int[] bars) {
    int wide = width + 2 * bars[0];
    int high = height + 2 * bars[1];
    if ((long) wide * high > 1 << 28) {
      throw new BundleException(
          "An image of " + width + "x" + height + " pixels would be padded to " + wide + "x" + high
              + ", which is too much memory. Crop it first.");
    }
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
        checkPadded(image.cols(), image.rows(), bars);
        Mat padded = new Mat();
        Core.copyMakeBorder(
            image, padded, bars[1], bars[1], bars[0], bars[0],
            Core.BORDER_CONSTANT | Core.BORDER_ISOLATED, Scalar.all(rules.pad));
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
//@begin deep
    if (image.depth() == CvType.CV_16U) {
      return resizeDeep(image.submat(part), size, interpolation);
    }
//@end
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

//@begin deep
  /** The same of 16 bits: by OpenCV, or in float32. */
  private static Mat resizeDeep(Mat image, Size size, String interpolation) {
    if (interpolation.startsWith("tf-") || interpolation.equals("pil-nearest")) {
      Mat floats = new Mat();
      image.convertTo(floats, CvType.CV_32F);
      Rect whole = new Rect(0, 0, floats.cols(), floats.rows());
      return resize(floats, whole, size, interpolation);
    }
    if (!FLAGS.containsKey(interpolation)) {
      throw new BundleException(
          "There is no interpolation " + interpolation + " of 16 bits. Export the bundle again.");
    }
    return byOpenCv(image, size, FLAGS.get(interpolation));
  }

//@end
  private static Mat byOpenCv(Mat source, Size size, int flag) {
    Mat found = new Mat();
    Imgproc.resize(source, found, size, 0, 0, flag);
    return found;
  }
}
