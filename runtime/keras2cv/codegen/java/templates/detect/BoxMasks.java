package @package@;

import java.util.Arrays;  //@only cutgrid
import java.util.List;
import java.util.Map;  //@only weighted
import org.opencv.core.Rect;

/** The mask of each box: the weighted sum of prototypes, cut at the box. */  //@only weighted
/** The mask of each box, stretched over it. */  //@only boxmask
final class BoxMasks {
  /** Numbers of a grid, row by row. */
  private static final class Grid {
    final int width;
    final int height;
    final float[] values;

    Grid(int width, int height) {
      this.width = width;
      this.height = height;
      values = new float[width * height];
    }
  }

  private final String prototypes; // the outputs  //@only weighted
  final String coefficients; // none: they are a part of the columns  //@only weighted
  private final String perBox; // the output  //@only boxmask
  private final String activation;
  private final String edges;
  private final float threshold; // pixels above it belong to the thing

  BoxMasks(Facts facts) {
//@begin weighted
    facts.expectKeys("activation threshold edges prototypes coefficients cut");
    prototypes = facts.get("prototypes").text();
    coefficients = facts.text("coefficients", "");
    boolean isCutFirst = facts.text("cut", "image").equals("prototypes");
    facts.expect(isCutFirst, "cut at the prototypes, or of another program");  //@only cutgrid
    facts.expect(!isCutFirst, "cut at the image, or of another program");  //@only !cutgrid
//@end
//@begin boxmask
    facts.expectKeys("activation threshold edges per_box cut");
    perBox = facts.get("per_box").text();
//@end
    activation = facts.get("activation").text();
    edges = facts.get("edges").text();
    threshold = (float) facts.get("threshold").number();
  }

  /** Returns the pixels of a box: its first column and row, and the first ones after them. */
  private int[] wholeEdges(double[] box) {
    int[] found = new int[4];
    for (int i = 0; i < 4; i++) {
      // To 3 decimals, so that rounding decides nothing about whole and half pixels.
      double edge = Math.rint(Math.min(Math.max(box[i], -1e6), 1e6) * 1000) / 1000;
      switch (edges) {
        case "round":
          found[i] = (int) Math.rint(edge);
          break;
        case "floor":
          found[i] = (int) Math.floor(edge);
          break;
        case "ceil":
          found[i] = (int) Math.ceil(edge);
          break;
        default: // the first centre that does not lie before the edge
          found[i] = (int) Math.ceil(edge - 0.5);
      }
    }
    return found;
  }

  /** Returns the part of a box within limits; one without pixels, if there is none. */
  private static Rect within(int[] box, Rect limits) {
    int left = Math.max(box[0], limits.x);
    int top = Math.max(box[1], limits.y);
    int right = Math.min(box[2], limits.x + limits.width);
    int bottom = Math.min(box[3], limits.y + limits.height);
    return new Rect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
  }

  /** Returns the mask of the pixels of a part, which lie at these columns and rows of the grid. */
  private Mask mask(Grid grid, double[] across, double[] down, Rect part, Placement place) {
    boolean[] pixels = new boolean[part.width * part.height];
    if (pixels.length > 0) {
      float[] along = new float[part.width * grid.height];
      for (int i = 0; i < along.length; i++) {
        double at = across[i % part.width];
        int row = i / part.width * grid.width;
        int high = Math.min((int) at + 1, grid.width - 1);
        along[i] = between(grid.values[row + (int) at], grid.values[row + high], at);
      }
      for (int i = 0; i < pixels.length; i++) {
        double at = down[i / part.width];
        int column = i % part.width;
        float low = along[(int) at * part.width + column];
        float high = along[Math.min((int) at + 1, grid.height - 1) * part.width + column];
        pixels[i] = between(low, high, at) > threshold;
      }
    }
    return new Mask(place.source, part, pixels);
  }

  private static float between(float low, float high, double at) {
    return low + (high - low) * (float) (at - (int) at);
  }
//@begin weighted

  /** Returns the output (h, w, prototypes). */
  Tensor prototypes(List<Tensor> outputs) {
    Tensor found = Tensor.find(outputs, prototypes);
    if (found.shape().length != 3) {
      throw new BundleException(
          "manifest.json: task.detect.masks.prototypes must be (h, w, prototypes). Export the "
              + "bundle again.");
    }
    return found;
  }

  /**
   * Returns the mask of a box.
   *
   * @param edges of the box, in pixels of the image; they may lie outside of it
   */
  Mask of(
      List<Tensor> outputs, Map<String, Rows> rows, int box, double[] edges, Placement place) {
    Grid grid = weighted(prototypes(outputs), rows.get("coefficients").of(box));
    int[] limits = wholeEdges(edges);  //@only !cutgrid
    int[] limits = cut(grid, edges, place);  //@only cutgrid
    Rect seen = place.visible();
    Rect part = within(limits, seen);
    double[] filled = place.filled();
    boolean isWhole = true;
    for (int i = 0; i < 4; i++) {
      filled[i] *= i % 2 == 0 ? grid.width / place.input.width : grid.height / place.input.height;
      isWhole &= Math.abs(filled[i] - Math.rint(filled[i])) < 1e-6;
    }
    double[] across =
        places(filled[0], filled[2], grid.width, seen.x, seen.width, part.x, part.width, isWhole);
    double[] down =
        places(
            filled[1], filled[3], grid.height, seen.y, seen.height, part.y, part.height, isWhole);
    return mask(grid, across, down, part, place);
  }

  private Grid weighted(Tensor tensor, float[] weights) {
    int[] shape = tensor.shape();
    if (shape[2] != weights.length) {
      throw new BundleException(
          "manifest.json: task.detect.masks: the boxes have " + weights.length
              + " coefficients, and there is not a prototype for each. Export the bundle again.");
    }
    float[] values = tensor.values();
    Grid grid = new Grid(shape[1], shape[0]);
    int at = 0;
    for (int i = 0; i < grid.values.length; i++) {
      float sum = 0;
      for (float weight : weights) {
        sum += weight * values[at++];
      }
      grid.values[i] = Activations.activated(sum, activation);
    }
    return grid;
  }

  /**
   * Returns where the pixels of a part of the image lie in a grid over the net's input, less half a
   * cell.
   */
  private static double[] places(
      double from,
      double to,
      int cells,
      int seen,
      int size,
      int first,
      int count,
      boolean isWhole) {
    double step = (to - from) / size;
    double low = isWhole ? Math.rint(from) : 0.0;
    double high = (isWhole ? Math.rint(to) : cells) - 1;
    double[] found = new double[count];
    for (int i = 0; i < count; i++) {
      double centre = from + (first + i - seen + 0.5) * step;
      found[i] = Math.min(Math.max(centre - 0.5, low), high);
    }
    return found;
  }
//@begin cutgrid

  /** Makes a grid zero outside of a box, and returns the pixels that it may still reach. */
  private int[] cut(Grid grid, double[] edges, Placement place) {
    double perX = grid.width / place.input.width;
    double perY = grid.height / place.input.height;
    double[] from = place.toInput(edges[0], edges[1]);
    double[] to = place.toInput(edges[2], edges[3]);
    double[] cells = {from[0] * perX, from[1] * perY, to[0] * perX, to[1] * perY};
    Rect kept = within(wholeEdges(cells), new Rect(0, 0, grid.width, grid.height));
    for (int y = 0; y < grid.height; y++) {
      boolean isRow = y >= kept.y && y < kept.y + kept.height && kept.width > 0;
      int start = y * grid.width;
      if (!isRow) {
        Arrays.fill(grid.values, start, start + grid.width, 0);
        continue;
      }
      Arrays.fill(grid.values, start, start + kept.x, 0);
      Arrays.fill(grid.values, start + kept.x + kept.width, start + grid.width, 0);
    }
    double[] low = place.toSource((kept.x - 1) / perX, (kept.y - 1) / perY);
    double[] high =
        place.toSource((kept.x + kept.width + 1) / perX, (kept.y + kept.height + 1) / perY);
    return new int[] {
      (int) Math.floor(low[0]), (int) Math.floor(low[1]), (int) Math.ceil(high[0]),
      (int) Math.ceil(high[1])
    };
  }
//@end
//@end
//@begin boxmask

  /**
   * Returns the mask of a box.
   *
   * @param edges of the box, in pixels of the image; they may lie outside of it
   */
  Mask of(List<Tensor> outputs, int box, int classId, double[] edges, Placement place) {
    Tensor tensor = Tensor.find(outputs, perBox);
    int[] shape = tensor.shape();
    if (shape.length < 3 || shape.length > 4 || box >= shape[0]) {
      throw new BundleException(
          "manifest.json: task.detect.masks.per_box must have a mask for each box. Export the "
              + "bundle again.");
    }
    int classes = shape.length == 4 ? shape[3] : 1;
    int chosen = classes == 1 ? 0 : classId;
    if (chosen >= classes) {
      throw new BundleException(
          "The net names class " + classId + ", and there are masks of " + classes
              + " classes. Export the model again, with the masks of every class.");
    }
    float[] values = tensor.values();
    Grid grid = new Grid(shape[2], shape[1]);
    for (int i = 0; i < grid.values.length; i++) {
      float value = values[(box * grid.values.length + i) * classes + chosen];
      grid.values[i] = Activations.activated(value, activation);
    }
    int[] whole = wholeEdges(edges);
    Rect part =
        within(whole, new Rect(0, 0, (int) place.source.width, (int) place.source.height));
    double[] over = edges;
    if (!this.edges.equals("exact")) {
      over = new double[] {whole[0], whole[1], whole[2], whole[3]};
    }
    double[] across = places(over[0], over[2], grid.width, part.x, part.width);
    double[] down = places(over[1], over[3], grid.height, part.y, part.height);
    return mask(grid, across, down, part, place);
  }

  /**
   * Returns where pixels lie in cells that cover {@code low} to {@code high}, less half a cell; in
   * float, as TensorFlow finds them.
   */
  private static double[] places(double low, double high, int cells, int first, int count) {
    float step = cells / (float) Math.max(high - low, 1e-6);
    double[] found = new double[count];
    for (int i = 0; i < count; i++) {
      float at = (float) (first + i + 0.5 - low) * step - 0.5f;
      found[i] = Math.min(Math.max(at, 0.0f), cells - 1.0f);
    }
    return found;
  }
//@end
}
