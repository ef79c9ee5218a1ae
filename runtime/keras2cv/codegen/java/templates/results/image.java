package @package@;

import java.util.List;
import org.opencv.core.Core;
import org.opencv.core.Mat;
import org.opencv.core.Rect;
import org.opencv.core.Scalar;
import org.opencv.core.Size;
import org.opencv.imgproc.Imgproc;

/** An image that the model made of the image. */
public final class ImageResult implements Result {
  private final Mat image;
  private final Size visible; // of the part of the image that it was made of

  private ImageResult(Mat image, Size visible) {
    this.image = image;
    this.visible = visible;
  }

  /** Returns it in BGR, 8 bits, without a letterbox's bars, of the size that the net gives. */
  public Mat image() {
    return image.clone();
  }

  /**
   * Returns the image that came out in the shape of what went in: of that size, or of the net's own
   * where that is larger.
   */
  public Mat picture() {
    double scale = Math.min(image.cols() / visible.width, image.rows() / visible.height);
    double larger = Math.max(1.0, scale);
    Size size = new Size(Math.rint(visible.width * larger), Math.rint(visible.height * larger));
    boolean shrinks = size.width < image.cols() || size.height < image.rows();
    Mat found = new Mat();
    int flag = shrinks ? Imgproc.INTER_AREA : Imgproc.INTER_CUBIC;
    Imgproc.resize(image, found, size, 0, 0, flag);
    return found;
  }

  @Override
  public String toString() {
    return image.cols() + "x" + image.rows() + " pixels";
  }

  @Override
  public String toJson() {
    Scalar mean = Core.mean(image);
    return "{\"task\": \"image\", \"image_wh\": [" + image.cols() + ", " + image.rows()
        + "], \"mean_bgr\": [" + Json.number(mean.val[0]) + ", " + Json.number(mean.val[1]) + ", "
        + Json.number(mean.val[2]) + "]}";
  }

  /** How the outputs are read. */
  static final class Task {
    private final String output;
    private final String color; // the order of its channels: RGB, BGR or GRAY
    private final float low; // the values that are black and full brightness
    private final float range;

    Task(Facts task, Options options) {
      Facts facts = task.get("image");
      output = facts.get("output").text();
      color = facts.get("color").text();
      double black = facts.get("low").number();
      double white = facts.get("high").number();
      facts.get("high").expect(black < white, "above low");
      low = (float) black;
      range = (float) (white - black);
    }

    ImageResult read(List<Tensor> outputs, Placement place) {
      Tensor tensor = Tensor.find(outputs, output);
      int[] shape = tensor.shape();
      int channels = shape.length == 3 ? shape[2] : 1;
      int wanted = color.equals("GRAY") ? 1 : 3;
      if (shape.length < 2 || shape.length > 3 || channels != wanted) {
        throw new BundleException(
            "manifest.json: task.image.output must be an image (h, w, C). Export the bundle "
                + "again.");
      }
      float[] values = tensor.values();
      byte[] pixels = new byte[values.length];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = pixel(values[i]);
      }
      Mat whole = Resizing.image8(pixels, new Size(shape[1], shape[0]), channels);
      if (!color.equals("BGR")) {
        boolean isGray = color.equals("GRAY");
        int code = isGray ? Imgproc.COLOR_GRAY2BGR : Imgproc.COLOR_RGB2BGR;
        Imgproc.cvtColor(whole, whole, code);
      }
      Mat found = whole.submat(content(place, shape[1], shape[0])).clone();
      return new ImageResult(found, place.visible().size());
    }

    /** Returns a value as a pixel; what is not a number is black. */
    private byte pixel(float value) {
      float share = (value - low) / range;
      return (byte) (share > 0 ? Math.rint(Math.min(share, 1.0f) * 255.0f) : 0);
    }

    /** Returns the part of the output that the image fills. */
    private static Rect content(Placement place, int width, int height) {
      Rect part = place.content();
      double perX = width / place.input.width;
      double perY = height / place.input.height;
      int left = (int) Math.rint(part.x * perX);
      int top = (int) Math.rint(part.y * perY);
      int right = Math.max(left + 1, (int) Math.rint((part.x + part.width) * perX));
      int bottom = Math.max(top + 1, (int) Math.rint((part.y + part.height) * perY));
      return new Rect(left, top, Math.min(right, width) - left, Math.min(bottom, height) - top);
    }
  }
}
