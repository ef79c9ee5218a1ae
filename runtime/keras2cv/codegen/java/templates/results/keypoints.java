package @package@;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.opencv.core.Size;
//@begin drawn
import org.opencv.core.Mat;
import org.opencv.core.Point;
import org.opencv.core.Rect;
import org.opencv.core.Scalar;
import org.opencv.imgproc.Imgproc;
//@end

/** Points of one figure: joints, corners, features of a face. */
public final class KeypointsResult implements Result {
  /** One point. */
  public static final class Keypoint {
    /** Its label, its number where there are no labels. */
    public final String label;

    /** Across, in pixels of the image. */
    public final float x;

    /** Down, in pixels of the image. */
    public final float y;

    /** How sure the model is; 1 where it gives no scores. */
    public final float score;

    private Keypoint(String label, float x, float y, float score) {
      this.label = label;
      this.x = x;
      this.y = y;
      this.score = score;
    }
  }

  private final Size image;
  private final List<Keypoint> points;
  private final Task task;

  private KeypointsResult(Size image, List<Keypoint> points, Task task) {
    this.image = image;
    this.points = List.copyOf(points);
    this.task = task;
  }

  /** Returns all points, in the model's order. */
  public List<Keypoint> points() {
    return points;
  }

  /** Returns whether a point is sure enough to be drawn. */
  public boolean isShown(int number) {
    return !task.hasScores() || points.get(number).score > (float) task.threshold;
  }

  @Override
  public String toString() {
    List<String> shown = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      if (isShown(i)) {
        Keypoint one = points.get(i);
        String score = task.hasScores() ? String.format(Locale.ROOT, " %.4f", one.score) : "";
        shown.add(one.label + score + String.format(Locale.ROOT, " at %.0f %.0f", one.x, one.y));
      }
    }
    return shown.isEmpty() ? "nothing" : String.join(", ", shown);
  }

  @Override
  public String toJson() {
    List<String> records = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      Keypoint one = points.get(i);
      String score = task.hasScores() ? Json.number(one.score) : "null";
      records.add(
          "{\"label\": " + Json.text(one.label) + ", \"number\": " + i + ", \"xy\": ["
              + Json.number(one.x) + ", " + Json.number(one.y) + "], \"score\": " + score + "}");
    }
    return "{\"task\": \"keypoints\", \"image_wh\": [" + (int) image.width + ", "
        + (int) image.height + "], \"threshold\": " + Json.number(task.threshold)
        + ", \"points\": " + Json.list(records) + "}";
  }
//@begin drawn

  /** Returns the image with the points that are shown, the lines between them, and their labels. */
  @Override
  public Mat draw(Mat image) {
    Mat canvas = Drawing.enlarged(image);
    int shorter = Math.min(canvas.rows(), canvas.cols());
    int factor = canvas.rows() / image.rows();
    int radius = Math.max(3, Drawing.round(shorter / 120.0));
    List<Point> places = new ArrayList<>();
    for (Keypoint one : points) {
      places.add(new Point(bounded(one.x, factor), bounded(one.y, factor)));
    }
    for (int i = 0; i + 1 < task.skeleton.length; i += 2) {
      int from = task.skeleton[i];
      int to = task.skeleton[i + 1];
      if (Math.max(from, to) < places.size() && isShown(from) && isShown(to)) {
        Imgproc.line(
            canvas, places.get(from), places.get(to), Drawing.colourOf(to),
            Math.max(1, radius / 2), Imgproc.LINE_AA);
      }
    }
    Rect whole = new Rect(0, 0, canvas.cols(), canvas.rows());
    List<Drawing.Tag> tags = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      Point at = places.get(i);
      if (!isShown(i)) {
        continue;
      }
      disc(canvas, at, radius + 1, Drawing.DARK);
      disc(canvas, at, radius, Drawing.colourOf(i));
      if (task.isNamed() && whole.contains(at)) {
        Point from = new Point(at.x - radius, at.y - radius);
        Point to = new Point(at.x + radius, at.y + radius);
        String label = Drawing.readable(points.get(i).label, "point " + i);
        tags.add(new Drawing.Tag(label, Drawing.colourOf(i), from, to));
      }
    }
    Drawing.drawTags(canvas, tags, new Drawing.Pen(shorter / 1200.0), 1, true);
    return canvas;
  }

  private static void disc(Mat canvas, Point at, int radius, Scalar colour) {
    Imgproc.circle(canvas, at, radius, colour, Drawing.FILLED, Imgproc.LINE_AA);
  }

  /** A pixel's centre lies half a pixel from its corner; far beyond the image OpenCV overflows. */
  private static int bounded(float edge, int factor) {
    double pixel = Math.min(Math.max(edge * (double) factor - 0.5, -16384.0), 16384.0);
    return Float.isNaN(edge) ? -16384 : Drawing.round(pixel);
  }
//@end

  /** How the outputs are read. */
  static final class Task {
    private final String output;
    private final String form;
    private final boolean areInPixels;
    private final boolean areLogits;
    private final boolean isRefined;
    private final double threshold; // points above it are drawn
    private final int[] skeleton; // numbers of points that a line joins, in pairs
    private final List<String> labels;

    Task(Facts task, Options options) {
      Facts facts = task.get("keypoints");
      output = facts.get("output").text();
      form = facts.get("form").text();
      areInPixels = facts.get("units").text().equals("pixels");
      areLogits = facts.get("activation").text().equals("sigmoid");
      isRefined = facts.get("refine").text().equals("quarter");
      threshold = options.score == null ? facts.get("score").number() : options.score;
      skeleton = facts.has("skeleton") ? facts.get("skeleton").integers() : new int[0];
      labels = task.texts("labels");
    }

    boolean hasScores() {
      return !form.equals("xy") && !form.equals("yx");
    }

    boolean isNamed() {
      return !labels.isEmpty();
    }

    KeypointsResult read(List<Tensor> outputs, Placement place) {
      Tensor tensor = Tensor.find(outputs, output);
      List<float[]> found = form.equals("heatmaps") ? highest(tensor) : listed(tensor);
      if (isNamed() && labels.size() != found.size()) {
        throw new BundleException(
            "manifest.json: task.labels must be one per point. Export the bundle again.");
      }
      List<Keypoint> points = new ArrayList<>();
      for (float[] one : found) {
        double perX = areInPixels ? 1.0 : place.input.width;
        double perY = areInPixels ? 1.0 : place.input.height;
        double[] xy = place.toSource(one[0] * perX, one[1] * perY);
        float score = areLogits ? sigmoid(one[2]) : one[2];
        String label = isNamed() ? labels.get(points.size()) : Integer.toString(points.size());
        points.add(new Keypoint(label, (float) xy[0], (float) xy[1], score));
      }
      return new KeypointsResult(place.source, points, this);
    }

    /** 1 / (1 + exp(-x)), through the exponential that does not overflow. */
    private static float sigmoid(float logit) {
      float small = (float) Math.exp(-Math.abs(logit));
      return (logit >= 0 ? 1.0f : small) / (1.0f + small);
    }

    /** Returns points that the model gives as numbers: x and y or y and x, and maybe a score. */
    private List<float[]> listed(Tensor tensor) {
      float[] values = tensor.values();
      int step = form.length();
      if (step < 2 || values.length % step != 0) {
        throw new BundleException(
            "manifest.json: task.keypoints.output must be points of the form " + form
                + ". Export the bundle again.");
      }
      boolean isXFirst = form.charAt(0) == 'x';
      List<float[]> found = new ArrayList<>();
      for (int i = 0; i < values.length; i += step) {
        float x = values[isXFirst ? i : i + 1];
        float y = values[isXFirst ? i + 1 : i];
        found.add(new float[] {x, y, hasScores() ? values[i + 2] : 1.0f});
      }
      return found;
    }

    /**
     * Returns the centre of the highest cell of each map, the first of equals, as shares of the
     * input's width and height. Refined, it is a quarter of a cell from there towards the higher
     * neighbour (Newell et al., Stacked Hourglass Networks).
     */
    private List<float[]> highest(Tensor tensor) {
      int[] shape = tensor.shape();
      if (shape.length != 3) {
        throw new BundleException(
            "manifest.json: task.keypoints.output must be (h, w, K). Export the bundle again.");
      }
      float[] values = tensor.values();
      List<float[]> found = new ArrayList<>();
      for (int k = 0; k < shape[2]; k++) {
        int best = 0;
        for (int i = 1; i < shape[0] * shape[1]; i++) {
          float value = values[i * shape[2] + k];
          float most = values[best * shape[2] + k];
          if (value > most || Float.isNaN(most) && !Float.isNaN(value)) {
            best = i;
          }
        }
        int column = best % shape[1];
        int row = best / shape[1];
        double x = column + 0.5;
        double y = row + 0.5;
        if (isRefined) {
          x += column > 0 && column < shape[1] - 1 ? 0.25 * towards(values, best, 1, shape, k) : 0;
          y += row > 0 && row < shape[0] - 1 ? 0.25 * towards(values, best, shape[1], shape, k) : 0;
        }
        float score = values[best * shape[2] + k];
        found.add(new float[] {(float) (x / shape[1]), (float) (y / shape[0]), score});
      }
      return found;
    }

    /** Returns -1, 0 or 1: which of the neighbours is higher. */
    private static int towards(float[] values, int at, int step, int[] shape, int k) {
      float before = values[(at - step) * shape[2] + k];
      float after = values[(at + step) * shape[2] + k];
      return after > before ? 1 : after < before ? -1 : 0;
    }
  }
}
