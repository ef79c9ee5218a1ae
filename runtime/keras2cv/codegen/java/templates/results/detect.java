package @package@;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import org.opencv.core.MatOfFloat;
import org.opencv.core.MatOfInt;
import org.opencv.core.MatOfRect2d;
import org.opencv.core.Rect2d;
import org.opencv.core.Size;
import org.opencv.dnn.Dnn;
//@begin drawn
import org.opencv.core.Mat;
import org.opencv.core.Point;
import org.opencv.imgproc.Imgproc;
//@end

/** Boxes around things. */
public final class DetectResult implements Result {
  /** One thing: its class, score and box. */
  public static final class Detection {
    /** The number of the class. */
    public final int classId;

    /** The label of the class. */
    public final String label;

    /** How sure the model is. */
    public final float score;

    private final float[] box;

    private Detection(int classId, String label, float score, float[] box) {
      this.classId = classId;
      this.label = label;
      this.score = score;
      this.box = box;
    }

    /** Returns the left, top, right and bottom edge in pixels of the image. */
    public float[] box() {
      return box.clone();
    }
  }

  private final Size image;
  private final List<Detection> detections;

  private DetectResult(Size image, List<Detection> detections) {
    this.image = image;
    this.detections = List.copyOf(detections);
  }

  /** Returns the things that were found, best first. */
  public List<Detection> detections() {
    return detections;
  }

  @Override
  public String toString() {
    List<String> shown = new ArrayList<>();
    for (Detection one : detections) {
      StringBuilder text = new StringBuilder(one.label);
      text.append(String.format(Locale.ROOT, " %.4f at", one.score));
      for (float edge : one.box) {
        text.append(String.format(Locale.ROOT, " %.0f", edge));
      }
      shown.add(text.toString());
    }
    return shown.isEmpty() ? "nothing" : String.join(", ", shown);
  }

  @Override
  public String toJson() {
    List<String> records = new ArrayList<>();
    for (Detection one : detections) {
      records.add(
          "{\"label\": " + Json.text(one.label) + ", \"class_id\": " + one.classId
              + ", \"score\": " + Json.number(one.score) + ", \"box_xyxy\": "
              + Json.numbers(one.box) + "}");
    }
    return "{\"task\": \"detect\", \"image_wh\": [" + (int) image.width + ", "
        + (int) image.height + "], \"detections\": " + Json.list(records) + "}";
  }
//@begin drawn

  /** Returns the image with every box, its label and score; the best on top. */
  @Override
  public Mat draw(Mat image) {
    Mat canvas = Drawing.enlarged(image);
    int shorter = Math.min(canvas.rows(), canvas.cols());
    int factor = canvas.rows() / image.rows();
    int thickness = Math.max(2, Drawing.round(shorter / 240.0));
    List<Drawing.Tag> tags = new ArrayList<>();
    for (Detection one : detections) {
      int left = Drawing.round(one.box[0] * factor);
      int top = Drawing.round(one.box[1] * factor);
      // The last pixel inside, and not the first beyond, is what OpenCV draws the edge on.
      int right = Math.max(left, Drawing.round(one.box[2] * factor) - 1);
      int bottom = Math.max(top, Drawing.round(one.box[3] * factor) - 1);
      String label = Drawing.readable(one.label, "class " + one.classId);
      tags.add(
          new Drawing.Tag(
              String.format(Locale.ROOT, "%s %.2f", label, one.score),
              Drawing.colourOf(one.classId), new Point(left, top), new Point(right, bottom)));
    }
    for (int i = tags.size() - 1; i >= 0; i--) {
      Drawing.Tag tag = tags.get(i);
      Imgproc.rectangle(canvas, tag.from, tag.to, tag.colour, thickness);
    }
    Drawing.drawTags(canvas, tags, new Drawing.Pen(shorter / 1000.0), thickness / 2, false);
    return canvas;
  }
//@end

  /** How the outputs are read; an output without a name is not there. */
  static final class Task {
    private final String boxes;
    private final String scores;
    private final String classes;
    private final String objectness;
    private final String raw; // all of it in one output, whose columns are so named:
    private final String columns;
    private final String boxFormat;
    private final String boxUnits;
    private final String activation;
    private final String objectnessActivation;
    private final double[] anchors; // cx, cy, w, h of each
    private final double[] variances; // what offsets from anchors are scaled by
    private final double[] classScores; // thresholds of each class, in place of the one
    private final float threshold;
    private final double iou; // the worse of two that overlap more goes; below 0: none
    private final boolean isAcrossClasses;
    private final int background; // the class that is none
    private final int maxDetections; // 0: as many as there are
    private final List<String> labels;

    Task(Facts task, Options options) {
      Facts facts = task.get("detect");
      boxes = facts.text("boxes", "");
      scores = facts.text("scores", "");
      classes = facts.text("classes", "");
      objectness = facts.text("objectness", "");
      raw = facts.text("raw", "");
      columns = facts.text("columns", "");
      boxFormat = facts.get("box_format").text();
      boxUnits = facts.get("box_units").text();
      activation = facts.get("activation").text();
      objectnessActivation = facts.text("objectness_activation", "");
      boolean hasAnchors = facts.has("anchors");
      anchors = hasAnchors ? facts.get("anchors").get("boxes").numbers() : new double[0];
      variances = hasAnchors ? facts.get("anchors").get("variances").numbers() : new double[4];
      facts.expect(variances.length == 4, "with four variances");
      labels = task.texts("labels");
      boolean isPerClass = task.has("class_scores") && options.score == null;
      classScores = isPerClass ? task.get("class_scores").numbers() : new double[0];
      task.expect(!isPerClass || classScores.length == labels.size(), "with a score per label");
      double stored = facts.get("score").number();
      threshold = (float) (options.score == null ? stored : options.score);
      iou = facts.has("nms") ? facts.get("nms").get("iou").number() : -1;
      isAcrossClasses = iou >= 0 && facts.get("nms").get("across_classes").flag();
      background = facts.has("background") ? facts.get("background").integer() : -1;
      maxDetections = facts.has("max_detections") ? facts.get("max_detections").integer() : 0;
    }

    DetectResult read(List<Tensor> outputs, Placement place) {
      List<Candidate> found = candidates(outputs, place.input);
      if (iou >= 0) {
        found = suppressed(found);
      } else {
        found.sort((a, b) -> Float.compare(b.score + 0.0f, a.score + 0.0f)); // -0 is 0
      }
      if (maxDetections > 0 && found.size() > maxDetections) {
        found = found.subList(0, maxDetections);
      }
      List<Detection> detections = new ArrayList<>();
      for (Candidate one : found) {
        float[] box = new float[4];
        for (int i = 0; i < 4; i += 2) {
          double[] corner = place.toSource(one.corners[i], one.corners[i + 1]);
          box[i] = (float) Math.min(Math.max(corner[0], 0.0), place.source.width);
          box[i + 1] = (float) Math.min(Math.max(corner[1], 0.0), place.source.height);
        }
        if (box[2] > box[0] && box[3] > box[1]) {
          detections.add(new Detection(one.classId, labelOf(one.classId), one.score, box));
        }
      }
      return new DetectResult(place.source, detections);
    }

    private String labelOf(int classId) {
      boolean isNamed = classId >= 0 && classId < labels.size();
      return isNamed ? labels.get(classId) : Integer.toString(classId);
    }

    private float thresholdOf(int classId) {
      boolean isOwn = classId >= 0 && classId < classScores.length;
      return isOwn ? (float) classScores[classId] : threshold;
    }

    // From the outputs to candidates --------------------------------------------------------------

    private static final class Candidate {
      int classId;
      float score;
      double[] corners; // in pixels of the net's input
    }

    /** What a box has in one role: numbers from {@code first} on in a row of {@code step}. */
    private static final class Column {
      final float[] values;
      final int step;
      final int first;
      final int width;

      Column(float[] values, int step, int first, int width) {
        this.values = values;
        this.step = step;
        this.first = first;
        this.width = width;
      }

      float at(int box, int place) {
        return values[box * step + first + place];
      }
    }

    private Column whole(List<Tensor> outputs, String name, int count) {
      if (name.isEmpty()) {
        return null;
      }
      float[] values = Tensor.find(outputs, name).values();
      if (values.length < count || values.length % count != 0) {
        throw new BundleException(
            "manifest.json: task.detect: " + name + " does not hold " + count + " boxes. Export "
                + "the bundle again.");
      }
      int width = values.length / count;
      return new Column(values, width, 0, width);
    }

    private List<Candidate> candidates(List<Tensor> outputs, Size input) {
      Column box;
      Column score;
      Column label = null;
      Column object = null;
      int count;
      if (raw.isEmpty()) {
        count = Math.max(1, Tensor.find(outputs, boxes).values().length / 4);
        box = whole(outputs, boxes, count);
        score = whole(outputs, scores, count);
        label = whole(outputs, classes, count);
        object = whole(outputs, objectness, count);
      } else {
        Tensor tensor = Tensor.find(outputs, raw);
        int[] shape = tensor.shape();
        int step = shape.length == 0 ? 0 : shape[shape.length - 1];
        int first = columns.equals("box+objectness+scores") ? 5 : 4;
        if (step <= first) {
          throw new BundleException(
              "manifest.json: task.detect.raw has too few columns. Export the bundle again.");
        }
        float[] values = tensor.values();
        boolean hasClass = columns.equals("box+score+class");
        count = values.length / step;
        box = new Column(values, step, 0, 4);
        score = new Column(values, step, first, hasClass ? 1 : step - first);
        label = hasClass ? new Column(values, step, 5, 1) : null;
        object = first == 5 ? new Column(values, step, 4, 1) : null;
      }
      if (anchors.length > 0 && anchors.length != 4 * count) {
        throw new BundleException(
            "manifest.json: task.detect.anchors must be " + count + ". Export the bundle again.");
      }
      List<Candidate> found = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Candidate one = classified(score, label, i);
        if (object != null) {
          one.score *= activated(object.at(i, 0), objectnessActivation);
        }
        if (!(one.score > thresholdOf(one.classId))) {
          continue;
        }
        one.corners = corners(box, i, input);
        if (isBox(one)) {
          found.add(one);
        }
      }
      return found;
    }

    private Candidate classified(Column score, Column label, int box) {
      if (label == null) {
        return best(score, box);
      }
      Candidate found = new Candidate();
      found.classId = (int) Math.rint(label.at(box, 0));
      boolean isBackground = found.classId == background;
      found.score = isBackground ? 0 : activated(score.at(box, 0), activation);
      return found;
    }

    /**
     * Returns the class with the best score, the background aside; scores that are not numbers win,
     * and no threshold lets them through.
     */
    private Candidate best(Column score, int box) {
      float[] values = new float[score.width];
      for (int i = 0; i < values.length; i++) {
        values[i] = score.at(box, i);
      }
      if (activation.equals("softmax")) {
        softmax(values);
      }
      Candidate found = new Candidate();
      found.score = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < values.length && !Float.isNaN(found.score); i++) {
        if (i != background && (values[i] > found.score || Float.isNaN(values[i]))) {
          found.classId = i;
          found.score = values[i];
        }
      }
      found.score = activated(found.score, activation);
      return found;
    }

    private static void softmax(float[] values) {
      float largest = Float.NEGATIVE_INFINITY;
      for (float value : values) {
        largest = Math.max(largest, value);
      }
      float sum = 0;
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) Math.exp(values[i] - largest);
        sum += values[i];
      }
      for (int i = 0; i < values.length; i++) {
        values[i] /= sum;
      }
    }

    /** 1 / (1 + exp(-x)), through the exponential that does not overflow. */
    private static float activated(float value, String activation) {
      if (!activation.equals("sigmoid")) {
        return value;
      }
      float small = (float) Math.exp(-Math.abs(value));
      return (value >= 0 ? 1.0f : small) / (1.0f + small);
    }

    /** Returns the left, top, right and bottom of a box, in pixels of the net's input. */
    private double[] corners(Column column, int box, Size input) {
      double a = column.at(box, 0);
      double b = column.at(box, 1);
      double c = column.at(box, 2);
      double d = column.at(box, 3);
      if (anchors.length > 0) {
        // Offsets from an anchor (Ren et al., Faster R-CNN, eq. 2), with SSD's variances.
        int at = box * 4;
        a = a * variances[0] * anchors[at + 2] + anchors[at];
        b = b * variances[1] * anchors[at + 3] + anchors[at + 1];
        c = Math.exp(c * variances[2]) * anchors[at + 2];
        d = Math.exp(d * variances[3]) * anchors[at + 3];
      }
      double[] found = {a, b, c, d}; // xyxy
      if (boxFormat.equals("yxyx")) {
        found = new double[] {b, a, d, c};
      } else if (boxFormat.equals("xywh")) {
        found = new double[] {a, b, a + c, b + d};
      } else if (boxFormat.equals("cxcywh")) {
        found = new double[] {a - c / 2, b - d / 2, a + c / 2, b + d / 2};
      }
      for (int i = 0; i < 4 && boxUnits.equals("normalised"); i++) {
        found[i] *= i % 2 == 0 ? input.width : input.height;
      }
      return found;
    }

    /** A NaN, an infinity, no area, or a class below 0, as in padding: no box. */
    private static boolean isBox(Candidate one) {
      double[] at = one.corners;
      return Arrays.stream(at).allMatch(Double::isFinite)
          && at[2] > at[0]
          && at[3] > at[1]
          && one.classId >= 0;
    }

    // Non-maximum suppression ---------------------------------------------------------------------

    /** Leaves the boxes that no better one overlaps too much, best first. */
    private List<Candidate> suppressed(List<Candidate> candidates) {
      if (candidates.isEmpty()) {
        return candidates;
      }
      // Classes that may overlap are moved apart, each to a place of its own.
      double low = Double.POSITIVE_INFINITY;
      double high = Double.NEGATIVE_INFINITY;
      TreeSet<Float> ranked = new TreeSet<>();
      for (Candidate one : candidates) {
        for (double edge : one.corners) {
          low = Math.min(low, edge);
          high = Math.max(high, edge);
        }
        ranked.add(one.score + 0.0f);
      }
      double room = isAcrossClasses ? 0 : high - low + 1;
      // OpenCV wants scores above 0, and they may be any: their ranks do as well.
      List<Float> order = new ArrayList<>(ranked);
      Rect2d[] rects = new Rect2d[candidates.size()];
      float[] ranks = new float[rects.length];
      for (int i = 0; i < rects.length; i++) {
        Candidate one = candidates.get(i);
        double[] at = one.corners;
        double move = one.classId * room;
        double left = at[0] + move;
        double top = at[1] + move;
        rects[i] = new Rect2d(left, top, at[2] + move - left, at[3] + move - top);
        ranks[i] = Collections.binarySearch(order, one.score + 0.0f) + 1;
      }
      MatOfInt kept = new MatOfInt();
      Dnn.NMSBoxes(new MatOfRect2d(rects), new MatOfFloat(ranks), 0, (float) iou, kept);
      List<Candidate> found = new ArrayList<>();
      if (!kept.empty()) {
        for (int index : kept.toArray()) {
          found.add(candidates.get(index));
        }
      }
      return found;
    }
  }
}
