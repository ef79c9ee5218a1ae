package @package@;

import java.util.ArrayList;
import java.util.List;
//@begin drawn
import org.opencv.core.Mat;
import org.opencv.core.Point;
import org.opencv.imgproc.Imgproc;
//@end

/** The keypoints of each box. */
final class BoxPoints {
  final String output; // of its own, or none
  private final String form;
  private final boolean areInPixels;  //@only !framed
  final boolean areOfAnchors; // counted in sizes of anchors, and not in cells  //@only framed
  final double scale; // of a head's numbers  //@only framed
  final double offset; // of a cell  //@only framed
  private final Joints joints;  //@only joints
  private final String activation;
  private final int count; // of each box
  private final double threshold; // points above it are drawn
  private final int[] skeleton; // numbers of points that a line joins, in pairs
  private final List<String> labels;

  BoxPoints(Facts facts) {
    facts.expectKeys(
        "form units activation score count output labels skeleton"
            + " scale offset"  //@only framed
            + " joints"  //@only joints
            + "");
    output = facts.text("output", "");
    form = facts.get("form").text();
    boolean isForm = List.of("xy", "yx", "xys", "yxs").contains(form);
    facts.get("form").expect(isForm, "xy, yx, xys or yxs");
    areInPixels = facts.get("units").text().equals("pixels");  //@only !framed
//@begin framed
    areOfAnchors = facts.get("units").text().equals("anchors");
    boolean areFramed = areOfAnchors || facts.get("units").text().equals("cells");
    facts.get("units").expect(areFramed, "cells or anchors");
    scale = facts.has("scale") ? facts.get("scale").number() : 1;
    offset = facts.has("offset") ? facts.get("offset").number() : 0;
//@end
    joints = new Joints(facts.get("joints"));  //@only joints
    activation = facts.get("activation").text();
    threshold = facts.get("score").number();
    count = facts.get("count").integer();
    facts.get("count").expect(count > 0 && count <= 10000, "1 to 10000");
    skeleton = facts.has("skeleton") ? facts.get("skeleton").integers() : new int[0];
    labels = facts.texts("labels");
    boolean areNamed = labels.isEmpty() || labels.size() == count;
    facts.expect(areNamed, "with a label per point");
  }

  private boolean hasScores() {
    return form.length() == 3;
  }

//@begin joints
  /** Returns the peaks of each point's map. */
  Joints.Peaks peaks(List<Tensor> sample, double[] grid) {
    return joints.peaks(sample, grid, count);
  }

//@end
  /** Returns how many numbers the points of a box have. */
  int size() {
    return count * form.length();
  }

  /** Returns the points of a box, in pixels of the image. */  //@only !framed
  List<DetectResult.Keypoint> of(Rows rows, int box, Placement place) {  //@only !framed
//@begin framed
  /**
   * Returns the points of a box, in pixels of the image.
   *
   * @param frame what they are counted from and multiplied by: x, y, width and height
   * @param corners of the box, in pixels of the input  //@only joints
   * @param peaks of each point's map  //@only joints
   */
  List<DetectResult.Keypoint> of(
      Rows rows,
      int box,
      double[] frame,
      double[] corners,  //@only joints
      Joints.Peaks peaks,  //@only joints
      Placement place) {
//@end
    if (rows.width != size()) {
      throw new BundleException(
          "manifest.json: task.detect.points: each box has " + rows.width + " numbers, and " + count
              + " points need " + size() + ". Export the bundle again.");
    }
    int across = form.indexOf('x');
//@begin !framed
    double perX = areInPixels ? 1.0 : place.input.width;
    double perY = areInPixels ? 1.0 : place.input.height;
//@end
    List<DetectResult.Keypoint> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int first = i * form.length();
//@begin !framed
      double x = rows.at(box, first + across) * perX;
      double y = rows.at(box, first + 1 - across) * perY;
      double[] xy = place.toSource(x, y);
//@end
//@begin framed
      double x = frame[0] + rows.at(box, first + across) * frame[2];
      double y = frame[1] + rows.at(box, first + 1 - across) * frame[3];
      double[] xy = place.toSource(x, y);  //@only !joints
//@end
//@begin joints
      double[] moved = peaks.near(i, x, y, corners);
      double[] xy = place.toSource(moved[0], moved[1]);
//@end
      float score =
          hasScores() ? Activations.activated(rows.at(box, first + 2), activation) : 1.0f;
      String label = labels.isEmpty() ? Integer.toString(i) : labels.get(i);
      boolean isShown = !hasScores() || score > (float) threshold;
      found.add(
          new DetectResult.Keypoint(label, (float) xy[0], (float) xy[1], score, isShown));
    }
    return found;
  }

  String toJson(List<DetectResult.Keypoint> points) {
    List<String> records = new ArrayList<>();
    for (DetectResult.Keypoint one : points) {
      String score = hasScores() ? Json.number(one.score) : "null";
      records.add(
          "{\"label\": " + Json.text(one.label) + ", \"number\": " + records.size() + ", \"xy\": ["
              + Json.number(one.x) + ", " + Json.number(one.y) + "], \"score\": " + score + "}");
    }
    return Json.list(records);
  }
//@begin drawn

  /** Draws those shown, and the lines between them, on an image that is so many times as large. */
  void draw(Mat canvas, List<DetectResult.Keypoint> points, int factor) {
    int radius = Math.max(3, Drawing.round(Math.min(canvas.rows(), canvas.cols()) / 120.0));
    List<Point> places = new ArrayList<>();
    for (DetectResult.Keypoint one : points) {
      places.add(new Point(bounded(one.x, factor), bounded(one.y, factor)));
    }
    for (int i = 0; i + 1 < skeleton.length; i += 2) {
      int from = skeleton[i];
      int to = skeleton[i + 1];
      boolean areThere = Math.min(from, to) >= 0 && Math.max(from, to) < places.size();
      if (areThere && points.get(from).isShown && points.get(to).isShown) {
        Imgproc.line(
            canvas, places.get(from), places.get(to), Drawing.colourOf(to),
            Math.max(1, radius / 2), Imgproc.LINE_AA);
      }
    }
    for (int i = 0; i < places.size(); i++) {
      if (points.get(i).isShown) {
        Point at = places.get(i);
        Imgproc.circle(
            canvas, at, radius + 1, Drawing.DARK, Drawing.FILLED, Imgproc.LINE_AA);
        Imgproc.circle(
            canvas, at, radius, Drawing.colourOf(i), Drawing.FILLED, Imgproc.LINE_AA);
      }
    }
  }

  /** A pixel's centre lies half a pixel from its corner; far beyond the image OpenCV overflows. */
  private static int bounded(float edge, int factor) {
    double pixel = Math.min(Math.max(edge * (double) factor - 0.5, -16384.0), 16384.0);
    return Float.isNaN(edge) ? -16384 : Drawing.round(pixel);
  }
//@end
}
