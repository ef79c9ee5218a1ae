package @package@;

import java.util.ArrayList;
import java.util.List;

/**
 * The heatmaps of joints of several people, whose peaks take the places of points that are near
 * (Zhou et al., Objects as Points).
 */
final class Joints {
  private static final int MOST = 100; // peaks of a map

  private final String heat;
  private final String shift; // places within cells, or none
  private final String activation;
  private final float score; // peaks above it count
  private final double reach; // as a share of a box's longer side

  Joints(Facts facts) {
    facts.expectKeys("heat activation score reach shift");
    heat = facts.get("heat").text();
    shift = facts.text("shift", "");
    activation = facts.get("activation").text();
    score = (float) facts.get("score").number();
    reach = facts.get("reach").number();
  }

  /** The peaks of one sample's maps. */
  static final class Peaks {
    private final List<List<double[]>> maps = new ArrayList<>(); // x and y in cells, best first
    private final double[] stride;
    private final double reach;

    private Peaks(double[] stride, double reach) {
      this.stride = stride;
      this.reach = reach;
    }

    /** Returns the nearest peak of a point's map if it lies in the box and near, or the point. */
    double[] near(int number, double placeX, double placeY, double[] corners) {
      double x = placeX / stride[0];
      double y = placeY / stride[1];
      double[] edges = new double[4];
      for (int i = 0; i < 4; i++) {
        edges[i] = corners[i] / stride[i % 2];
      }
      double[] nearest = null;
      double least = Double.POSITIVE_INFINITY;
      for (double[] peak : maps.get(number)) {
        double across = x - peak[0];
        double down = y - peak[1];
        double gap = Math.sqrt(across * across + down * down);
        if (gap < least) {
          nearest = peak;
          least = gap;
        }
      }
      boolean isInside =
          nearest != null
              && nearest[0] >= edges[0]
              && nearest[1] >= edges[1]
              && nearest[0] <= edges[2]
              && nearest[1] <= edges[3];
      double most = reach * Math.max(edges[2] - edges[0], edges[3] - edges[1]);
      if (isInside && least <= most) {
        return new double[] {nearest[0] * stride[0], nearest[1] * stride[1]};
      }
      return new double[] {placeX, placeY};
    }
  }

  /**
   * Returns the peaks of each of {@code count} maps.
   *
   * @param grid rows, columns, and a cell's width and height
   */
  Peaks peaks(List<Tensor> sample, double[] grid, int count) {
    int rows = (int) grid[0];
    int columns = (int) grid[1];
    float[] values = Tensor.find(sample, heat).values();
    float[] shifts = shift.isEmpty() ? null : Tensor.find(sample, shift).values();
    int cells = rows * columns;
    boolean fits = values.length == cells * count;
    if (!fits || (shifts != null && shifts.length != 2 * cells)) {
      throw new BundleException(
          "manifest.json: task.detect.points.joints do not have " + cells + " cells of " + count
              + " points. Export the bundle again.");
    }
    Peaks found = new Peaks(new double[] {grid[2], grid[3]}, reach);
    for (int k = 0; k < count; k++) {
      float[] map = new float[cells];
      for (int i = 0; i < cells; i++) {
        map[i] = Activations.activated(values[i * count + k], activation);
      }
      found.maps.add(peaksOf(map, rows, columns, shifts));
    }
    return found;
  }

  private List<double[]> peaksOf(float[] map, int rows, int columns, float[] shifts) {
    List<Integer> cells = new ArrayList<>();
    for (int i = 0; i < map.length; i++) {
      if (map[i] > score && isHighest(map, rows, columns, i)) {
        cells.add(i);
      }
    }
    cells.sort((a, b) -> Float.compare(map[b], map[a]));
    List<double[]> found = new ArrayList<>();
    for (int i : cells.subList(0, Math.min(MOST, cells.size()))) {
      double right = shifts == null ? 0.5 : shifts[2 * i];
      double down = shifts == null ? 0.5 : shifts[2 * i + 1];
      found.add(new double[] {i % columns + right, i / columns + down});
    }
    return found;
  }

  private static boolean isHighest(float[] map, int rows, int columns, int cell) {
    int x = cell % columns;
    int y = cell / columns;
    for (int j = Math.max(0, y - 1); j <= Math.min(rows - 1, y + 1); j++) {
      for (int i = Math.max(0, x - 1); i <= Math.min(columns - 1, x + 1); i++) {
        if (!(map[cell] >= map[j * columns + i])) {
          return false;
        }
      }
    }
    return true;
  }
}
