package @package@;

import org.opencv.core.Rect;
import org.opencv.core.Size;
//@begin mask
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.imgproc.Imgproc;
//@end

/**
 * Where an image lies in the net's input, and the way back: input = source * scale + offset, on
 * each axis. Coordinates are in pixels, (0, 0) at the top left corner of the first one: pixel i
 * spans i to i + 1.
 */
final class Placement {
  private final double[] scale;
  private final double[] offset;
  final Size source;
  final Size input;

  private Placement(double[] scale, double[] offset, Size source, Size input) {
    this.scale = scale;
    this.offset = offset;
    this.source = source;
    this.input = input;
  }

  /** Returns that of an input that is no image's: its own pixels. */
  static Placement of(Size input) {
    return new Placement(new double[] {1, 1}, new double[] {0, 0}, input, input);
  }
//@begin !arrays

  /** Returns where the preprocessing puts an image of that size. */
  static Placement of(Size image, Preprocessing rules) {
    double width = image.width;
    double height = image.height;
    if (rules.resize.equals("letterbox")) {
      // Each axis has its own scale: rounding the extent changed the aspect ratio a little.
      Rect box = Preparation.letterbox(image, rules.size());
      double[] scale = {box.width / width, box.height / height};
      return new Placement(scale, new double[] {box.x, box.y}, image, rules.size());
    }
    Rect box = new Rect(0, 0, (int) width, (int) height);
    if (rules.resize.equals("center-crop")) {
      box = Preparation.center(image, rules.size());
    } else if (rules.resize.equals("pad")) {
      int[] bars = Preparation.bars(image, rules.size());
      box = new Rect(-bars[0], -bars[1], box.width + 2 * bars[0], box.height + 2 * bars[1]);
    }
    double[] scale = {(double) rules.width / box.width, (double) rules.height / box.height};
    double[] offset = {-box.x * scale[0], -box.y * scale[1]};
    return new Placement(scale, offset, image, rules.size());
  }
//@end

  /** Returns a point of the source, from one of the input. */
  double[] toSource(double x, double y) {
    return new double[] {(x - offset[0]) / scale[0], (y - offset[1]) / scale[1]};
  }

//@begin cutgrid
  /** Returns a point of the input, from one of the source. */
  double[] toInput(double x, double y) {
    return new double[] {x * scale[0] + offset[0], y * scale[1] + offset[1]};
  }

//@end
  /** Returns the part of the source that the net sees, in whole pixels of the source. */
  Rect visible() {
    return whole(toSource(0, 0), toSource(input.width, input.height), source);
  }

  /** Returns the part of the input that the source fills: left, top, right, bottom. */
  double[] filled() {
    return new double[] {
      inside(offset[0], input.width),
      inside(offset[1], input.height),
      inside(offset[0] + source.width * scale[0], input.width),
      inside(offset[1] + source.height * scale[1], input.height)
    };
  }

  /** Returns the same in whole pixels of the input. */
  Rect content() {
    double[] edges = filled();
    double[] from = {edges[0], edges[1]};
    return whole(from, new double[] {edges[2], edges[3]}, input);
  }

  private static double inside(double value, double most) {
    double near = Math.rint(value);
    return Math.min(Math.max(Math.abs(value - near) < 1e-6 ? near : value, 0.0), most);
  }

  private static Rect whole(double[] from, double[] to, Size limit) {
    int left = bounded(from[0], limit.width);
    int top = bounded(from[1], limit.height);
    int right = bounded(to[0], limit.width);
    int bottom = bounded(to[1], limit.height);
    return new Rect(left, top, right - left, bottom - top);
  }

  private static int bounded(double value, double most) {
    return (int) Math.min(Math.max(Math.rint(value), 0), most);
  }
//@begin mask

  /**
   * From a grid over the net's input, such as a mask's, to the visible pixels of the image. The
   * grid and the input share their corners; only what the image fills is used, without a
   * letterbox's bars.
   */
  final class Spread {
    private final Size grid;
    private final Size visible;
    private final double[] from; // what the image fills of the grid, in cells: x, y
    private final double[] to;

    Spread(Size grid) {
      this.grid = grid;
      this.visible = visible().size();
      double[] filled = filled();
      double perX = grid.width / input.width;
      double perY = grid.height / input.height;
      from = new double[] {filled[0] * perX, filled[1] * perY};
      to = new double[] {filled[2] * perX, filled[3] * perY};
    }

    Size size() {
      return visible;
    }

    /** Bilinear, as tf.image.resize: float32 in, float32 out. */
    float[] linear(float[] cells) {
      Mat table = Resizing.image32(cells, grid, 1);
      Mat found = new Mat();
      if (isWhole(from) && isWhole(to)) {
        Rect part = whole(from, to, grid);
        Imgproc.resize(table.submat(part), found, visible, 0, 0, Imgproc.INTER_LINEAR);
        return Network.floats(found);
      }
      int width = (int) grid.width;
      int height = (int) visible.height;
      float[] rows = blended(cells, new int[] {1, (int) grid.height, width}, height, 1);
      return blended(rows, new int[] {height, width, 1}, (int) visible.width, 0);
    }

    /** Each pixel by the cell that its centre lies in. */
    int[] nearest(int[] cells) {
      int[] found = new int[(int) visible.area()];
      int at = 0;
      for (int y = 0; y < visible.height; y++) {
        int row = cell(y, 1, (int) visible.height, (int) grid.height);
        for (int x = 0; x < visible.width; x++) {
          int column = cell(x, 0, (int) visible.width, (int) grid.width);
          found[at++] = cells[row * (int) grid.width + column];
        }
      }
      return found;
    }

    private boolean isWhole(double[] edges) {
      return Math.abs(edges[0] - Math.rint(edges[0])) < 1e-6
          && Math.abs(edges[1] - Math.rint(edges[1])) < 1e-6;
    }

    /** In float, as TensorFlow finds it: a centre may lie on an edge, and rounding decides. */
    private int cell(int i, int axis, int count, int cells) {
      float step = (float) ((to[axis] - from[axis]) / count);
      float at = (float) from[axis] + ((float) i + 0.5f) * step;
      return Math.min((int) at, cells - 1);
    }

    /** Interpolates the middle axis of (outer, cells, inner), its outermost cells continued. */
    private float[] blended(float[] cells, int[] shape, int count, int axis) {
      int inner = shape[2];
      float[] found = new float[shape[0] * count * inner];
      for (int i = 0; i < count; i++) {
        double centre = from[axis] + (i + 0.5) * ((to[axis] - from[axis]) / count);
        double at = Math.min(Math.max(centre - 0.5, 0.0), shape[1] - 1.0);
        int low = (int) at;
        int high = Math.min(low + 1, shape[1] - 1);
        double share = at - low;
        for (int o = 0; o < shape[0]; o++) {
          for (int k = 0; k < inner; k++) {
            double before = cells[(o * shape[1] + low) * inner + k];
            double after = cells[(o * shape[1] + high) * inner + k];
            found[(o * count + i) * inner + k] = (float) (before * (1 - share) + after * share);
          }
        }
      }
      return found;
    }
  }
//@end
}
