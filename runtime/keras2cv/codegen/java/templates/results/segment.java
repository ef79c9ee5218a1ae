package @package@;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.Rect;
import org.opencv.core.Size;
//@begin drawn
import org.opencv.core.Point;
import org.opencv.core.Scalar;
//@end

/** A class for every pixel. */
public final class SegmentResult implements Result {
  /** The class of pixels that the net did not see, which a center-crop cut off. */
  public static final int UNSEEN = -1;

  /** A class that is there, and of how many pixels. */
  public static final class Area {
    /** The number of the class. */
    public final int classId;

    /** Its label. */
    public final String label;

    /** How many pixels it has. */
    public final int pixels;

    /** Its share of the image, 0 to 1. */
    public final double share;

    private Area(int classId, String label, int pixels, double share) {
      this.classId = classId;
      this.label = label;
      this.pixels = pixels;
      this.share = share;
    }
  }

  private final Size image;
  private final int[] classes;
  private final boolean isBinary;
  private final List<String> labels;

  private SegmentResult(Size image, int[] classes, boolean isBinary, List<String> labels) {
    this.image = image;
    this.classes = classes;
    this.isBinary = isBinary;
    this.labels = labels;
  }

  /** Returns the class of each pixel of the image, row after row. */
  public int[] classes() {
    return classes.clone();
  }

  /** Returns the classes that are there, the largest first. */
  public List<Area> areas() {
    TreeMap<Integer, Integer> counts = new TreeMap<>();
    for (int one : classes) {
      if (one != UNSEEN) {
        counts.merge(one, 1, Integer::sum);
      }
    }
    List<Area> found = new ArrayList<>();
    counts.forEach(
        (id, pixels) ->
            found.add(new Area(id, labelOf(id), pixels, (double) pixels / classes.length)));
    found.sort((a, b) -> Integer.compare(b.pixels, a.pixels));
    return found;
  }

  private String labelOf(int classId) {
    boolean isNamed = classId >= 0 && classId < labels.size();
    return isNamed ? labels.get(classId) : Integer.toString(classId);
  }

  /** Returns the classes as a gray image: 255 where the net saw nothing; if many, 16 bits. */
  public Mat toMask() {
    boolean isSmall = Arrays.stream(classes).max().orElse(0) < 255;
    Mat mask = new Mat(image, isSmall ? CvType.CV_8U : CvType.CV_16U);
    short[] values = new short[classes.length];
    byte[] bytes = new byte[classes.length];
    for (int i = 0; i < classes.length; i++) {
      values[i] = (short) (classes[i] == UNSEEN ? 65535 : classes[i]);
      bytes[i] = (byte) (classes[i] == UNSEEN ? 255 : classes[i]);
    }
    if (isSmall) {
      mask.put(0, 0, bytes);
    } else {
      mask.put(0, 0, values);
    }
    return mask;
  }

  @Override
  public String toString() {
    List<String> shown = new ArrayList<>();
    for (Area area : areas()) {
      shown.add(String.format(Locale.ROOT, "%s %.2f%%", area.label, 100 * area.share));
    }
    return String.join(", ", shown);
  }

  @Override
  public String toJson() {
    List<String> records = new ArrayList<>();
    for (Area area : areas()) {
      records.add(
          "{\"label\": " + Json.text(area.label) + ", \"index\": " + area.classId
              + ", \"pixels\": " + area.pixels + ", \"share\": " + Json.number(area.share) + "}");
    }
    return "{\"task\": \"segment\", \"image_wh\": [" + (int) image.width + ", "
        + (int) image.height + "], \"classes\": " + Json.list(records) + "}";
  }
//@begin drawn

  /**
   * Returns the image, half covered by the colours of its classes, with their names; the background
   * of a binary mask is left as it is.
   */
  @Override
  public Mat draw(Mat image) {
    List<Area> areas = areas();
    areas.removeIf(area -> isBinary && area.classId == 0);
    TreeMap<Integer, Scalar> colours = new TreeMap<>();
    for (Area area : areas) {
      colours.put(area.classId, Drawing.colourOf(area.classId));
    }
    byte[] pixels = Resizing.bytes(image);
    for (int i = 0; i < classes.length; i++) {
      Scalar colour = colours.get(classes[i]);
      for (int c = 0; c < 3 && colour != null; c++) {
        pixels[3 * i + c] = (byte) ((pixels[3 * i + c] & 255) / 2 + (int) colour.val[c] / 2);
      }
    }
    Mat canvas = Drawing.enlarged(Resizing.image8(pixels, image.size(), 3));
    Drawing.Pen pen = new Drawing.Pen(Math.min(canvas.rows(), canvas.cols()) / 1000.0);
    int step = pen.height() + 1;
    int room = Math.max(1, canvas.rows() / step - 1);
    for (int i = 0; i < Math.min(room, areas.size()); i++) {
      Area area = areas.get(i);
      String label = Drawing.readable(area.label, "class " + area.classId);
      Drawing.writeTag(
          canvas, pen.fitted(label, canvas.cols()), new Point(0, step * i),
          colours.get(area.classId), pen);
    }
    return canvas;
  }
//@end

  /** How the outputs are read. */
  static final class Task {
    private final String output;
    private final String scores; // softmax, sigmoid, logits or labels
    private final Float threshold; // of one channel of scores: class 1 where they are above
    private final List<String> labels;

    Task(Facts task, Options options) {
      Facts facts = task.get("segment");
      output = facts.get("output").text();
      scores = facts.get("scores").text();
      boolean isBinary = facts.has("threshold");
      double stored = isBinary ? facts.get("threshold").number() : 0;
      threshold = isBinary ? (float) (options.score == null ? stored : options.score) : null;
      labels = task.texts("labels");
    }

    SegmentResult read(List<Tensor> outputs, Placement place) {
      Tensor tensor = Tensor.find(outputs, output);
      int[] shape = tensor.shape();
      if (shape.length < 2 || shape.length > 3) {
        throw new BundleException(
            "manifest.json: task.segment.output must be (h, w, C). Export the bundle again.");
      }
      int channels = shape.length == 3 ? shape[2] : 1;
      float[] values = tensor.values();
      if (scores.equals("logits")) {
        activate(values, channels);
      }
      Placement.Spread spread = place.new Spread(new Size(shape[1], shape[0]));
      int[] visible = visibleClasses(values, channels, spread);
      return new SegmentResult(
          place.source, spreadOut(visible, place), threshold != null, labels);
    }

    private int[] visibleClasses(float[] values, int channels, Placement.Spread spread) {
      if (scores.equals("labels")) {
        int[] cells = new int[values.length];
        for (int i = 0; i < cells.length; i++) {
          cells[i] = (int) values[i];
        }
        return spread.nearest(cells);
      }
      float[] highest = spread.linear(channel(values, channels, 0));
      int[] winner = new int[highest.length];
      if (threshold != null) {
        for (int i = 0; i < winner.length; i++) {
          winner[i] = highest[i] > threshold ? 1 : 0;
        }
        return winner;
      }
      for (int number = 1; number < channels; number++) { // each class is enlarged by itself
        float[] other = spread.linear(channel(values, channels, number));
        for (int i = 0; i < winner.length; i++) {
          if (other[i] > highest[i]) {
            highest[i] = other[i];
            winner[i] = number;
          }
        }
      }
      return winner;
    }

    private static float[] channel(float[] values, int channels, int number) {
      float[] found = new float[values.length / channels];
      for (int i = 0; i < found.length; i++) {
        found[i] = values[i * channels + number];
      }
      return found;
    }

    /** Puts the classes of the visible pixels into the whole image. */
    private static int[] spreadOut(int[] visible, Placement place) {
      int width = (int) place.source.width;
      int[] found = new int[width * (int) place.source.height];
      Arrays.fill(found, UNSEEN);
      Rect part = place.visible();
      for (int y = 0; y < part.height; y++) {
        int target = (part.y + y) * width + part.x;
        System.arraycopy(visible, y * part.width, found, target, part.width);
      }
      return found;
    }

    /** Logits become probabilities: by sigmoid for one channel, else by softmax. */
    private static void activate(float[] values, int channels) {
      for (int first = 0; first < values.length; first += channels) {
        if (channels == 1) {
          float small = (float) Math.exp(-Math.abs(values[first]));
          values[first] = (values[first] >= 0 ? 1.0f : small) / (1.0f + small);
          continue;
        }
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = first; i < first + channels; i++) {
          largest = Math.max(largest, values[i]);
        }
        float sum = 0;
        for (int i = first; i < first + channels; i++) {
          values[i] = (float) Math.exp(values[i] - largest);
          sum += values[i];
        }
        for (int i = first; i < first + channels; i++) {
          values[i] /= sum;
        }
      }
    }
  }
}
