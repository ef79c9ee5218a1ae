package @package@;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;  //@only !rotated
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;  //@only !rotated
import org.opencv.core.MatOfFloat;  //@only !rotated
import org.opencv.core.MatOfInt;  //@only !rotated
import org.opencv.core.MatOfRect2d;  //@only !rotated
import org.opencv.core.Rect2d;  //@only !rotated
import org.opencv.core.Size;
import org.opencv.dnn.Dnn;  //@only !rotated
//@begin drawn
import org.opencv.core.Mat;
import org.opencv.core.Point;
import org.opencv.imgproc.Imgproc;  //@only !rotated
//@end

/** Boxes around things. */
public final class DetectResult implements Result {
//@begin boxpoints
  /** One of the points of a thing. */
  public static final class Keypoint {
    /** Its label, its number where there are no labels. */
    public final String label;

    /** Across, in pixels of the image. */
    public final float x;

    /** Down, in pixels of the image. */
    public final float y;

    /** How sure the model is; 1 where it gives no scores. */
    public final float score;

    /** Whether it is sure enough to be drawn. */
    public final boolean isShown;

    Keypoint(String label, float x, float y, float score, boolean isShown) {
      this.label = label;
      this.x = x;
      this.y = y;
      this.score = score;
      this.isShown = isShown;
    }
  }

//@end
  /** One thing: its class, score and box. */  //@only !masks !boxpoints !rotated
  /** One thing: its class, score, box, and what belongs to the box. */  //@only masks boxpoints rotated
  public static final class Detection {
    /** The number of the class. */
    public final int classId;

    /** The label of the class. */
    public final String label;

    /** How sure the model is. */
    public final float score;

    private final float[] box;
//@begin masks

    /** The pixels of the image that it covers. */
    public final Mask mask;
//@end
//@begin boxpoints

    /** Its points, as many for each thing. */
    public final List<Keypoint> keypoints;
//@end
//@begin rotated

    /** Degrees, clockwise, of the side from the first corner to the second. */
    public final float angle;

    private final float[][] polygon;
//@end

    private Detection(
        int classId,
        String label,
        float score,
        Mask mask,  //@only masks
        List<Keypoint> keypoints,  //@only boxpoints
        double[][] outline,  //@only rotated
        float[] box) {
      this.classId = classId;
      this.label = label;
      this.score = score;
      this.mask = mask;  //@only masks
      this.keypoints = List.copyOf(keypoints);  //@only boxpoints
      angle = (float) Turned.angle(outline);  //@only rotated
      polygon = Turned.floats(outline);  //@only rotated
      this.box = box;
    }
//@begin rotated

    /** Returns x and y of the corners of the turned box, around which {@code box} is. */
    public float[][] polygon() {
      return Arrays.stream(polygon).map(float[]::clone).toArray(float[][]::new);
    }
//@end

    /** Returns the left, top, right and bottom edge in pixels of the image. */
    public float[] box() {
      return box.clone();
    }
  }

  private final Size image;
  private final List<Detection> detections;
  private final Task task;  //@only boxpoints

  private DetectResult(Size image, List<Detection> detections) {  //@only !boxpoints
  private DetectResult(Size image, List<Detection> detections, Task task) {  //@only boxpoints
    this.task = task;  //@only boxpoints
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
      text.append(" with a mask of " + one.mask.count() + " pixels");  //@only masks
//@begin boxpoints
      long seen = one.keypoints.stream().filter(point -> point.isShown).count();
      text.append(" with " + seen + " of " + one.keypoints.size() + " points");
//@end
      text.append(String.format(Locale.ROOT, " turned by %.0f degrees", one.angle));  //@only rotated
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
              + Json.numbers(one.box)
              + ", \"mask\": " + one.mask.toJson()  //@only masks
              + ", \"keypoints\": " + task.points.toJson(one.keypoints)  //@only boxpoints
              + ", \"polygon_xy\": " + Turned.toJson(one.polygon)  //@only rotated
              + ", \"angle\": " + Json.number(one.angle)  //@only rotated
              + "}");
    }
    return "{\"task\": \"detect\", \"image_wh\": [" + (int) image.width + ", "
        + (int) image.height + "], \"detections\": " + Json.list(records) + "}";
  }
//@begin drawn

  /** Returns the image with every box, its label and score; the best on top. */
  @Override
  public Mat draw(Mat image) {
    Mat canvas = Drawing.enlarged(image);  //@only !masks
    Mat canvas = Drawing.enlarged(withMasks(image));  //@only masks
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
      Imgproc.rectangle(canvas, tag.from, tag.to, tag.colour, thickness);  //@only !rotated
      Turned.draw(canvas, detections.get(i).polygon, factor, tag.colour, thickness);  //@only rotated
    }
    Drawing.drawTags(canvas, tags, new Drawing.Pen(shorter / 1000.0), thickness / 2, false);
//@begin boxpoints
    for (Detection one : detections) {
      task.points.draw(canvas, one.keypoints, factor);
    }
//@end
    return canvas;
  }
//@begin masks

  /** Returns a copy of the image, half covered by the masks and their outlines, the best on top. */
  private Mat withMasks(Mat image) {
    if (image.cols() != (int) this.image.width || image.rows() != (int) this.image.height) {
      throw new BundleException(
          "The boxes are those of another image: one of " + (int) this.image.width + "x"
              + (int) this.image.height + " pixels. Give that one.");
    }
    byte[] pixels = Resizing.bytes(image);
    for (int i = detections.size() - 1; i >= 0; i--) {
      detections.get(i).mask.cover(pixels, Drawing.colourOf(detections.get(i).classId));
    }
    return Resizing.image8(pixels, image.size(), 3);
  }
//@end
//@end

  /** How the outputs are read; an output without a name is not there. */
  static final class Task {
//@begin !head
    private final String boxes;
    private final String scores;
    private final String classes;
    private final String objectness;
    private final String raw; // all of it in one output, whose columns are so named:
    private final String columns;
//@end
    private final Head head;  //@only head
    private final BoxMasks masks;  //@only masks
    private final BoxPoints points;  //@only boxpoints
    private final Turned angles;  //@only rotated
    private final String boxFormat;
    private final String boxUnits;
    private final String activation;
    private final String objectnessActivation;
    private final double[] anchors; // cx, cy, w, h of each  //@only offsets priors
    private final double[] variances; // what offsets from anchors are scaled by  //@only offsets priors
    private final double[] classScores; // thresholds of each class, in place of the one
    private final float threshold;
    private final double iou; // the worse of two that overlap more goes; below 0: none
    private final boolean isAcrossClasses;
    private final int background; // the class that is none
    private final int maxDetections; // 0: as many as there are
    private final List<String> labels;

    Task(Facts task, Options options) {
      Facts facts = task.get("detect");
//@begin !head
      boxes = facts.text("boxes", "");
      scores = facts.text("scores", "");
      classes = facts.text("classes", "");
      objectness = facts.text("objectness", "");
      raw = facts.text("raw", "");
      columns = facts.text("columns", "");
//@end
      facts.get("columns_axis").expect(facts.get("columns_axis").text().equals("first"), "first");  //@only lastrows
      facts.get("multi_label").expect(facts.get("multi_label").flag(), "1");  //@only several !peaks
      head = new Head(facts.get("head"));  //@only head
      masks = new BoxMasks(facts.get("masks"));  //@only masks
      points = new BoxPoints(facts.get("points"));  //@only boxpoints
      angles = new Turned(facts.get("angles"));  //@only rotated
      boxFormat = facts.get("box_format").text();
      boxUnits = facts.get("box_units").text();
      activation = facts.get("activation").text();
      objectnessActivation = facts.text("objectness_activation", "");
//@begin offsets priors
      boolean hasAnchors = facts.has("anchors");
      anchors = hasAnchors ? facts.get("anchors").get("boxes").numbers() : new double[0];
      double[] ones = {1, 1, 1, 1};
      variances = hasAnchors ? facts.get("anchors").get("variances").numbers() : ones;
      facts.expect(variances.length == 4, "with four variances");
//@end
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
      Map<String, Rows> rows = rows(outputs);
      List<Candidate> found = candidates(rows, place.input);
      if (iou >= 0) {
        found = suppressed(found);
      } else {
        found.sort((a, b) -> Float.compare(b.score + 0.0f, a.score + 0.0f)); // -0 is 0
      }
      if (maxDetections > 0 && found.size() > maxDetections) {
        found = found.subList(0, maxDetections);
      }
      List<Detection> detections = new ArrayList<>();
      Joints.Peaks peaks = points.peaks(outputs, head.grid());  //@only joints
      for (Candidate one : found) {
//@begin !rotated
        double[] from = place.toSource(one.corners[0], one.corners[1]);
        double[] to = place.toSource(one.corners[2], one.corners[3]);
        double[] edges = {from[0], from[1], to[0], to[1]};
//@end
//@begin rotated
        double[][] outline = new double[4][];
        Arrays.setAll(outline, i -> place.toSource(one.outline[i][0], one.outline[i][1]));
        double[] edges = Turned.around(outline);
//@end
        float[] box = new float[4];
        for (int i = 0; i < 4; i++) {
          double most = i % 2 == 0 ? place.source.width : place.source.height;
          box[i] = (float) Math.min(Math.max(edges[i], 0.0), most);
        }
        if (box[2] > box[0] && box[3] > box[1]) {
          detections.add(
              new Detection(
                  one.classId,
                  labelOf(one.classId),
                  one.score,
                  masks.of(outputs, rows, one.box, edges, place),  //@only weighted
                  masks.of(outputs, one.box, one.classId, edges, place),  //@only boxmask
                  points.of(rows.get("points"), one.box, place),  //@only boxpoints !framed
//@begin framed
                  points.of(
                      rows.get("points"),
                      one.box,
                      frame(rows, one.box, place.input),
                      one.corners,  //@only joints
                      peaks,  //@only joints
                      place),
//@end
                  outline,  //@only rotated
                  box));
        }
      }
      return new DetectResult(place.source, detections);  //@only !boxpoints
      return new DetectResult(place.source, detections, this);  //@only boxpoints
    }

//@begin framed
    /** Returns what the points of a box are counted from and multiplied by, in pixels. */
    private double[] frame(Map<String, Rows> rows, int box, Size input) {
      return head.frame(box, points);  //@only !priors
//@begin priors
      double[] found = head.frame(rows, box, points, anchors, variances);
      for (int i = 0; i < 4 && boxUnits.equals("normalised"); i++) {
        found[i] *= i % 2 == 0 ? input.width : input.height;
      }
      return found;
//@end
    }

//@end
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
      final int box;
      final int classId;
      final float score;
      double[] corners; // in pixels of the net's input
      double[][] outline; // the corners once it is turned  //@only rotated

      Candidate(int box, int classId, float score) {
        this.box = box;
        this.classId = classId;
        this.score = score;
      }
    }

    /** Returns an output of its own, whose numbers are those of boxes in turn. */
    private static Rows whole(List<Tensor> outputs, String name, int count) {
      float[] values = Tensor.find(outputs, name).values();
      if (values.length < count || values.length % count != 0) {
        throw new BundleException(
            "manifest.json: task.detect: " + name + " does not hold " + count + " boxes. Export "
                + "the bundle again.");
      }
      int width = values.length / count;
      return new Rows(values, width, 0, width);
    }

    /** Returns what the outputs say of the boxes: part -> its numbers. */
    private Map<String, Rows> rows(List<Tensor> outputs) {
      Map<String, Rows> found = head.rows(outputs);  //@only head
//@begin !head
      Map<String, Rows> found = raw.isEmpty() ? new HashMap<>() : columns(outputs);
      if (raw.isEmpty()) {
        Tensor tensor = Tensor.find(outputs, boxes);
        int width = 4;  //@only !rotated
        int width = angles.output.isEmpty() ? 5 : 4; // the angle is the last number of a box  //@only rotated
        int count = Math.max(1, tensor.values().length / width);
        found.put("box", whole(outputs, boxes, count));
        found.put("angle", new Rows(tensor.values(), width, width - 1, 1));  //@only rotated
      }
//@end
      if (!found.containsKey("box") || found.get("box").width < 4) {  //@only !peaks
      if (!found.containsKey("box")) {  //@only peaks
        throw new BundleException(
            "manifest.json: task.detect must have boxes of four numbers. Export the bundle again.");
      }
      Map<String, String> own = new HashMap<>(); // parts in outputs of their own
//@begin !head
      own.put("scores", scores);
      own.put("classes", classes);
      own.put("objectness", objectness);
//@end
      own.put("coefficients", masks.coefficients);  //@only weighted
      own.put("points", points.output);  //@only boxpoints
      own.put("angle", angles.output);  //@only rotated
      int count = found.get("box").count();
      own.forEach(
          (part, name) -> {
            if (!name.isEmpty()) {
              found.put(part, whole(outputs, name, count));
            }
          });
      List<String> wanted = new ArrayList<>(List.of("scores"));
      wanted.add("coefficients");  //@only weighted
      wanted.add("points");  //@only boxpoints
      wanted.add("angle");  //@only rotated
      for (String part : wanted) {
        if (!found.containsKey(part) || found.get(part).count() != count) {
          throw new BundleException(
              "manifest.json: task.detect lacks the boxes' " + part
                  + ". Export the bundle again.");
        }
      }
      return found;
    }
//@begin !head

    /** Returns the parts that lie side by side in a single output, such as "box+scores". */
    private Map<String, Rows> columns(List<Tensor> outputs) {
      Tensor tensor = Tensor.find(outputs, raw);
      int[] shape = tensor.shape();
      float[] values = tensor.values();
      int step = shape.length == 0 ? 0 : shape[shape.length - 1];  //@only !lastrows
      int step = shape.length == 0 ? 0 : shape[0];  //@only lastrows
      values = turned(values, Math.max(step, 1));  //@only lastrows
      Map<String, Integer> sizes = new HashMap<>(
          Map.of("box", 4, "objectness", 1, "score", 1, "class", 1));
      sizes.put("angle", 1);  //@only rotated
      sizes.put("coefficients", masks.prototypes(outputs).shape()[2]);  //@only weighted
      sizes.put("points", points.size());  //@only boxpoints
      List<String> parts = List.of(columns.split("[+]"));
      int rest = step;
      for (String part : parts) {
        rest -= sizes.getOrDefault(part, 0);
      }
      sizes.put("scores", rest);
      Map<String, Rows> found = new HashMap<>();
      int first = 0;
      for (String part : parts) {
        int size = sizes.getOrDefault(part, 0);
        if (size < 1 || first + size > step) {
          throw new BundleException(
              "manifest.json: task.detect.raw does not have the columns " + columns
                  + ". Export the bundle again.");
        }
        String name = part.equals("score") ? "scores" : part.equals("class") ? "classes" : part;
        found.put(name, new Rows(values, step, first, size));
        first += size;
      }
      return found;
    }
//@begin lastrows

    /** (columns, boxes) to (boxes, columns). */
    private static float[] turned(float[] values, int columns) {
      float[] found = new float[values.length];
      int boxes = values.length / columns;
      for (int i = 0; i < found.length; i++) {
        found[i] = values[i % columns * boxes + i / columns];
      }
      return found;
    }
//@end
//@end

    private List<Candidate> candidates(Map<String, Rows> rows, Size input) {
      int count = rows.get("box").count();
//@begin offsets priors
      boolean isNeeded = anchors.length > 0;  //@only offsets
      boolean isNeeded = head.needsAnchors();  //@only priors
      if (isNeeded && anchors.length != 4 * count) {
        throw new BundleException(
            "manifest.json: task.detect.anchors must be " + count + ". Export the bundle again.");
      }
//@end
      List<Candidate> found = new ArrayList<>();
//@begin !several !peaks
      for (int i = 0; i < count; i++) {
        add(classified(rows, i), rows, input, found);
      }
//@end
//@begin several peaks
      float[][] every = new float[count][];
      Arrays.setAll(every, box -> probabilities(rows, box));
      for (int i = 0; i < count; i++) {
        for (int k = 0; k < every[i].length; k++) {
          if (k == background || !(every[i][k] > thresholdOf(k))) {
            continue;
          }
          if (!head.isPeak(every, i, k)) {  //@only peaks
            continue;  //@only peaks
          }  //@only peaks
          add(new Candidate(i, k, every[i][k]), rows, input, found);
        }
      }
//@end
      return found;
    }

    /** Adds a box to those found, if it scores enough and is one. */
    private void add(
        Candidate one, Map<String, Rows> rows, Size input, List<Candidate> found) {
      if (!(one.score > thresholdOf(one.classId))) {
        return;
      }
      one.corners = corners(rows, one.box, input);
      if (!isBox(one)) {
        return;
      }
//@begin rotated
      double angle = rows.get("angle").at(one.box, 0);
      if (!Double.isFinite(angle)) {
        return;
      }
      one.outline = angles.outline(one.corners, angle);
//@end
      found.add(one);
    }
//@begin !several !peaks

    private Candidate classified(Map<String, Rows> rows, int box) {
      Candidate found = best(rows.get("scores"), box);  //@only head
//@begin !head
      Candidate found;
      if (rows.containsKey("classes")) {
        int classId = (int) Math.rint(rows.get("classes").at(box, 0));
        float score = Activations.activated(rows.get("scores").at(box, 0), activation);
        found = new Candidate(box, classId, classId == background ? 0 : score);
      } else {
        found = best(rows.get("scores"), box);
      }
//@end
      if (!rows.containsKey("objectness")) {
        return found;
      }
      float sure =
          Activations.activated(rows.get("objectness").at(box, 0), objectnessActivation);
      return new Candidate(box, found.classId, found.score * sure);
    }

    /**
     * Returns the class with the best score, the background aside; scores that are not numbers win,
     * and no threshold lets them through.
     */
    private Candidate best(Rows scores, int box) {
      float[] values = scores.of(box);
      if (activation.equals("softmax")) {
        Activations.softmax(values);
      }
      int classId = 0;
      float score = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < values.length && !Float.isNaN(score); i++) {
        if (i != background && (values[i] > score || Float.isNaN(values[i]))) {
          classId = i;
          score = values[i];
        }
      }
      return new Candidate(box, classId, Activations.activated(score, activation));
    }
//@end
//@begin several peaks

    /** Returns the scores of all classes as probabilities, times the objectness. */
    private float[] probabilities(Map<String, Rows> rows, int box) {
      float[] values = rows.get("scores").of(box);
      if (activation.equals("softmax")) {
        Activations.softmax(values);
      }
      float sure = 1;
      if (rows.containsKey("objectness")) {
        sure = Activations.activated(rows.get("objectness").at(box, 0), objectnessActivation);
      }
      for (int i = 0; i < values.length; i++) {
        values[i] = Activations.activated(values[i], activation) * sure;
      }
      return values;
    }
//@end

    /** Returns the left, top, right and bottom of a box, in pixels of the net's input. */
    private double[] corners(Map<String, Rows> rows, int box, Size input) {
//@begin head
      double[] made = head.box(rows, box);  //@only !priors !peaks
      double[] made = head.box(rows, box, anchors, variances);  //@only priors
      double[] made = head.box(rows, box, input);  //@only peaks
      double a = made[0];
      double b = made[1];
      double c = made[2];
      double d = made[3];
//@end
//@begin !head
      Rows column = rows.get("box");
      double a = column.at(box, 0);
      double b = column.at(box, 1);
      double c = column.at(box, 2);
      double d = column.at(box, 3);
//@begin offsets
      if (anchors.length > 0) {
        // Offsets from an anchor (Ren et al., Faster R-CNN, eq. 2), with SSD's variances.
        int at = box * 4;
        a = a * variances[0] * anchors[at + 2] + anchors[at];
        b = b * variances[1] * anchors[at + 3] + anchors[at + 1];
        c = Math.exp(c * variances[2]) * anchors[at + 2];
        d = Math.exp(d * variances[3]) * anchors[at + 3];
      }
//@end
//@end
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

//@begin rotated
    private static final int MOST_PAIRS = 2_000_000; // to compare: some seconds

    /** Leaves the boxes that no better one overlaps too much, best first; no more than wanted. */
    private List<Candidate> suppressed(List<Candidate> candidates) {
      candidates.sort((a, b) -> Float.compare(b.score + 0.0f, a.score + 0.0f)); // -0 is 0
      List<Candidate> left = candidates;
      List<Candidate> kept = new ArrayList<>();
      int pairs = 0;
      while (!left.isEmpty() && (maxDetections == 0 || kept.size() < maxDetections)) {
        Candidate best = left.get(0);
        kept.add(best);
        List<Candidate> others = new ArrayList<>();
        for (Candidate one : left.subList(1, left.size())) {
          boolean isRival = isAcrossClasses || one.classId == best.classId;
          boolean isNear = isRival && Turned.meet(best.outline, one.outline);
          pairs += isNear ? 1 : 0;
          if (pairs > MOST_PAIRS) {
            throw new BundleException(
                candidates.size()
                    + " rotated boxes are above the score, and to compare them takes minutes. Raise"
                    + " the score.");
          }
          if (!isNear || !(Turned.overlap(best.outline, one.outline) > iou)) {
            others.add(one);
          }
        }
        left = others;
      }
      return kept;
    }
//@end
//@begin !rotated
    private static final int BLOCK = 8192; // boxes that are compared at a time, at least
    private static final long MOST_PAIRS = 2_147_483_648L; // to compare: some seconds

    /**
     * Leaves the boxes that no better one overlaps too much, best first: those that are wanted, or
     * more. OpenCV compares every pair, so it gets the best boxes first, and the others with those
     * that were kept.
     */
    private List<Candidate> suppressed(List<Candidate> candidates) {
      candidates.sort((a, b) -> Float.compare(b.score + 0.0f, a.score + 0.0f)); // -0 is 0
      List<Candidate> kept = new ArrayList<>();
      long pairs = 0;
      int next = 0;
      while (next < candidates.size() && (maxDetections == 0 || kept.size() < maxDetections)) {
        int end = Math.min(candidates.size(), next + Math.max(BLOCK, kept.size()));
        kept.addAll(candidates.subList(next, end));
        next = end;
        pairs += (long) kept.size() * kept.size() / 2;
        if (pairs > MOST_PAIRS) {
          throw new BundleException(
              candidates.size()
                  + " boxes are above the score, and overlap so little that to compare them takes"
                  + " minutes. Raise the score.");
        }
        kept = withoutWorse(kept);
      }
      return kept;
    }

    /** Leaves those of some boxes that no better one of them overlaps too much, best first. */
    private List<Candidate> withoutWorse(List<Candidate> candidates) {
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
//@end
  }
}
