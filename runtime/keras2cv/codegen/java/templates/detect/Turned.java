package @package@;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
//@begin drawn
import org.opencv.core.Mat;
import org.opencv.core.MatOfPoint;
import org.opencv.core.Point;
import org.opencv.core.Scalar;
import org.opencv.imgproc.Imgproc;
//@end

/**
 * Boxes at an angle: their outlines, and how much they overlap. An outline is x and y of the left
 * top corner before the box was turned, of the right top, the right bottom and the left bottom one.
 */
final class Turned {
  private static final double NEAR = 1e-9; // of a side; a corner as near to an edge is on it

  final String output; // of its own, or none
  private final boolean isInRadians;
  private final boolean isCounterclockwise;

  Turned(Facts facts) {
    facts.expectKeys("units direction output");
    output = facts.text("output", "");
    isInRadians = facts.get("units").text().equals("radians");
    isCounterclockwise = facts.get("direction").text().equals("counterclockwise");
  }

  /** Returns the outline of a box, turned around its centre; clockwise, as OpenCV has it. */
  double[][] outline(double[] corners, double angle) {
    double degrees = isInRadians ? angle * 180 / Math.PI : angle;
    double radians = (isCounterclockwise ? -degrees : degrees) * Math.PI / 180;
    double cosine = Math.cos(radians);
    double sine = Math.sin(radians);
    int[][] signs = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
    double[][] found = new double[4][];
    for (int i = 0; i < 4; i++) {
      double x = (corners[2] - corners[0]) / 2 * signs[i][0];
      double y = (corners[3] - corners[1]) / 2 * signs[i][1];
      found[i] =
          new double[] {
            x * cosine - y * sine + (corners[0] + corners[2]) / 2,
            x * sine + y * cosine + (corners[1] + corners[3]) / 2
          };
    }
    return found;
  }

  /** Returns the angle of the first side, in degrees of -180 to 180. */
  static double angle(double[][] outline) {
    double[] side = minus(outline[1], outline[0]);
    return Math.atan2(side[1], side[0]) * 180 / Math.PI;
  }

  /** Returns the upright box around an outline: left, top, right, bottom. */
  static double[] around(double[][] outline) {
    double[] first = outline[0];
    double[] found = {first[0], first[1], first[0], first[1]};
    for (double[] corner : outline) {
      for (int i = 0; i < 2; i++) {
        found[i] = Math.min(found[i], corner[i]);
        found[i + 2] = Math.max(found[i + 2], corner[i]);
      }
    }
    return found;
  }

  /** Returns whether the upright boxes around two outlines share anything. */
  static boolean meet(double[][] one, double[][] other) {
    double[] box = around(one);
    double[] beside = around(other);
    return box[0] < beside[2] && box[1] < beside[3] && box[2] > beside[0] && box[3] > beside[1];
  }

  /**
   * Returns the intersection over union of two outlines, exact but for rounding. Sorted by their
   * angle from the middle, the corners of what they share go around it; one that is there twice
   * adds nothing.
   */
  static double overlap(double[][] one, double[][] other) {
    double shared = shared(moved(one, one[0]), moved(other, one[0]));
    double both = area(moved(one, one[0])) + area(moved(other, one[0])) - shared;
    return both > 0 ? shared / both : 0;
  }

  private static double shared(double[][] one, double[][] other) {
    List<double[]> corners = new ArrayList<>();
    addInside(one, other, corners);
    addInside(other, one, corners);
    addCrossings(one, other, corners);
    if (corners.size() < 3) {
      return 0;
    }
    double[] middle = new double[2];
    for (double[] corner : corners) {
      middle[0] += corner[0] / corners.size();
      middle[1] += corner[1] / corners.size();
    }
    double[][] found = moved(corners.toArray(new double[0][]), middle);
    Arrays.sort(found, Comparator.comparingDouble(at -> Math.atan2(at[1], at[0])));
    return area(found);
  }

  /** Adds the corners of one outline that lie in another, or on its edge. */
  private static void addInside(double[][] corners, double[][] other, List<double[]> found) {
    double bend = cross(minus(other[1], other[0]), minus(other[2], other[1]));
    double turn = bend < 0 ? -1 : 1;
    for (double[] corner : corners) {
      boolean isInside = true;
      for (int i = 0; i < 4; i++) {
        double[] side = minus(other[(i + 1) % 4], other[i]);
        double aside = cross(side, minus(corner, other[i])) * turn;
        isInside &= aside >= -NEAR * (side[0] * side[0] + side[1] * side[1]);
      }
      if (isInside) {
        found.add(corner);
      }
    }
  }

  /** Adds where the sides of two outlines cross; parallel ones share corners, or nothing. */
  private static void addCrossings(double[][] one, double[][] other, List<double[]> found) {
    for (int i = 0; i < 4; i++) {
      for (int k = 0; k < 4; k++) {
        double[] way = minus(one[(i + 1) % 4], one[i]);
        double[] side = minus(other[(k + 1) % 4], other[k]);
        double slant = cross(way, side);
        double most = Math.sqrt(squared(way) * squared(side));
        if (Math.abs(slant) <= NEAR * most) {
          continue;
        }
        double along = cross(minus(other[k], one[i]), side) / slant;
        double across = cross(minus(other[k], one[i]), way) / slant;
        if (along >= 0 && along <= 1 && across >= 0 && across <= 1) {
          found.add(new double[] {one[i][0] + way[0] * along, one[i][1] + way[1] * along});
        }
      }
    }
  }

  private static double area(double[][] polygon) {
    double sum = 0;
    for (int i = 0; i < polygon.length; i++) {
      sum += cross(polygon[i], polygon[(i + 1) % polygon.length]);
    }
    return Math.abs(sum) / 2;
  }

  private static double[][] moved(double[][] points, double[] origin) {
    double[][] found = new double[points.length][];
    for (int i = 0; i < found.length; i++) {
      found[i] = minus(points[i], origin);
    }
    return found;
  }

  private static double[] minus(double[] a, double[] b) {
    return new double[] {a[0] - b[0], a[1] - b[1]};
  }

  private static double cross(double[] a, double[] b) {
    return a[0] * b[1] - a[1] * b[0];
  }

  private static double squared(double[] a) {
    return a[0] * a[0] + a[1] * a[1];
  }

  static float[][] floats(double[][] outline) {
    float[][] found = new float[outline.length][];
    for (int i = 0; i < found.length; i++) {
      found[i] = new float[] {(float) outline[i][0], (float) outline[i][1]};
    }
    return found;
  }

  static String toJson(float[][] polygon) {
    List<String> corners = new ArrayList<>();
    for (float[] corner : polygon) {
      corners.add(Json.numbers(corner));
    }
    return Json.list(corners);
  }
//@begin drawn

  /** Draws an outline on an image that is {@code factor} times as large as its own. */
  static void draw(Mat canvas, float[][] polygon, int factor, Scalar colour, int thickness) {
    List<Point> corners = new ArrayList<>();
    for (float[] corner : polygon) {
      corners.add(new Point(bounded(corner[0], factor), bounded(corner[1], factor)));
    }
    MatOfPoint points = new MatOfPoint(corners.toArray(new Point[0]));
    Imgproc.polylines(canvas, List.of(points), true, colour, thickness, Imgproc.LINE_AA);
  }

  /** A pixel's centre lies half a pixel from its corner; far away OpenCV overflows. */
  private static int bounded(float edge, int factor) {
    return Drawing.round(Math.min(Math.max(edge * factor - 0.5f, -16384.0f), 16384.0f));
  }
//@end
}
