package @package@;

import java.util.ArrayList;
import java.util.Arrays;  //@only priors
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.opencv.core.Size;  //@only peaks

/** From undecoded outputs to boxes: grids of cells and anchors (YOLO v2 to v7). */  //@only cells
/** From undecoded outputs to boxes: distances from points to edges (YOLOv8, FCOS). */  //@only distances
/** From undecoded outputs to boxes: offsets from prior boxes (SSD, RetinaNet). */  //@only priors
/** From undecoded outputs to boxes: the peaks of heatmaps (CenterNet). */  //@only peaks
/** From outputs of several grids to boxes. */  //@only ready
final class Head {
  private static final String FORM = "@form@";
  private static final int MOST = 1_000_000; // boxes

  /** An output: which parts a box has in it, and in which order its numbers are. */
  private static final class Output {
    final String name;
    final String axes;
    final List<String> parts;
    final int level; // below 0: it holds all of them, one after the other

    Output(Facts facts, int levels) {
      facts.expectKeys("output axes parts level");
      name = facts.get("output").text();
      axes = facts.get("axes").text();
      parts = facts.get("parts").texts();
      level = facts.has("level") ? facts.get("level").integer() : -1;
      facts.expect(level < levels, "of one of the levels");
    }
  }

  /** A grid of cells, each with some boxes. */
  private static final class Level {
    final int rows;
    final int columns;
    final int boxes;
    final int first; // of its boxes, among those of all levels
    final double[] stride; // a cell's width and height, in pixels of the input  //@only cells distances peaks readycells
    final double offset; // of a cell's point within it, in cells  //@only cells distances peaks
    final double scale; // of what the model adds to it  //@only cells
    final double[] anchors; // w, h of each of a cell's boxes  //@only cells

    Level(Facts facts, int first) {
      facts.expectKeys("rows columns boxes");  //@only priors ready !readycells
      facts.expectKeys("rows columns boxes stride_wh");  //@only readycells
      facts.expectKeys("rows columns boxes stride_wh xy_offset");  //@only distances peaks
      facts.expectKeys("rows columns boxes stride_wh xy_offset xy_scale anchors");  //@only cells
      rows = facts.get("rows").integer();
      columns = facts.get("columns").integer();
      boxes = facts.get("boxes").integer();
      boolean isGrid = Math.min(rows, Math.min(columns, boxes)) > 0;
      isGrid = isGrid && rows <= MOST && columns <= MOST / rows;
      facts.expect(
          isGrid && boxes <= MOST / (rows * columns) && rows * columns * boxes <= MOST - first,
          "a grid of 1 to 1000000 boxes, with those before it");
      this.first = first;
      stride = facts.get("stride_wh").numbers();  //@only cells distances peaks readycells
      facts.get("stride_wh").expect(stride.length == 2, "[width, height]");  //@only cells distances peaks readycells
      offset = facts.get("xy_offset").number();  //@only cells distances peaks
//@begin cells
      scale = facts.get("xy_scale").number();
      anchors = facts.get("anchors").numbers();
      facts.get("anchors").expect(
          anchors.length == 2 * boxes, "a width and a height for each box of a cell");
//@end
    }

    int count() {
      return rows * columns * boxes;
    }

    int end() {
      return first + count();
    }
  }

  private final List<Output> outputs = new ArrayList<>();
  private final List<Level> levels = new ArrayList<>();
  private final int pointNumbers; // of what belongs to a box, 0 if an output of its own has it  //@only boxpoints
  private final int maskNumbers; // the same  //@only weighted
  private final boolean isTurned; // the vertical number of each pair comes first
//@begin cells
  private final String xyActivation;
  private final String sizeActivation;
  private final String sizeForm;
//@end
//@begin distances
  private final String activation;
  private final int bins; // of a distance; their mean under a softmax is it
//@end
//@begin priors
  private final boolean isOfCentres; // offsets are of the centre and size, or of two corners
  private final String anchorFormat; // of prior boxes that an output has
//@end
//@begin peaks
  private final String sizeUnits;
  private final int window; // of cells, in which a peak is the highest
//@end

  Head(Facts facts) {
    String form = facts.get("form").text();
    if (!form.equals(FORM)) {
      throw new BundleException(
          "manifest.json: task.detect.head has the form " + form + ", this program decodes " + FORM
              + ". Generate it again.");
    }
    facts.expectKeys(
        "form outputs levels pair_order"
            + " xy_activation size_activation size_form"  //@only cells
            + " bins distance_activation"  //@only distances
            + " offset_form anchor_format"  //@only priors
            + " window size_units"  //@only peaks
            + " point_numbers"  //@only boxpoints
            + " mask_numbers"  //@only weighted
            + "");
    pointNumbers = facts.has("point_numbers") ? facts.get("point_numbers").integer() : 0;  //@only boxpoints
    maskNumbers = facts.has("mask_numbers") ? facts.get("mask_numbers").integer() : 0;  //@only weighted
    int first = 0;
    for (Facts level : facts.get("levels").list()) {
      levels.add(new Level(level, first));
      first = levels.get(levels.size() - 1).end();
    }
    facts.get("levels").expect(!levels.isEmpty(), "a list of grids");
    for (Facts output : facts.get("outputs").list()) {
      outputs.add(new Output(output, levels.size()));
    }
    isTurned = facts.get("pair_order").text().equals("y first");
//@begin cells
    xyActivation = facts.get("xy_activation").text();
    sizeActivation = facts.get("size_activation").text();
    sizeForm = facts.get("size_form").text();
//@end
//@begin distances
    activation = facts.get("distance_activation").text();
    bins = facts.get("bins").integer();
    facts.get("bins").expect(bins > 0 && bins <= 1024, "1 to 1024");
//@end
//@begin priors
    isOfCentres = facts.get("offset_form").text().equals("centres");
    anchorFormat = facts.text("anchor_format", "");
//@end
//@begin peaks
    window = facts.get("window").integer();
    sizeUnits = facts.get("size_units").text();
//@end
  }
//@begin priors

  /** Returns whether the manifest has the prior boxes, and no output. */
  boolean needsAnchors() {
    return anchorFormat.isEmpty();
  }
//@end

  /** Returns how many numbers a box has in a part; 0 for scores, which have what others leave. */
  private int widthOf(String part) {
    switch (part) {
      case "scores":
        return 0;
      case "objectness":  //@only !peaks
        return 1;  //@only !peaks
      case "box":
        return 4;  //@only cells priors ready
        return 4 * bins;  //@only distances
        return 2;  //@only peaks
      case "offset":  //@only peaks
        return 2;  //@only peaks
      case "points":  //@only boxpoints
        return pointNumbers;  //@only boxpoints
      case "coefficients":  //@only weighted
        return maskNumbers;  //@only weighted
      case "anchors":  //@only priors
      case "variances":  //@only priors
        return 4;  //@only priors
      default:
        throw new BundleException(
            "manifest.json: task.detect.head: there is no part " + part
                + ". Generate the program again.");
    }
  }

  /** Returns the parts of all boxes, in the order of levels, rows, columns and anchors. */
  Map<String, Rows> rows(List<Tensor> sample) {
    Map<String, float[]> tables = new HashMap<>();
    int total = levels.get(levels.size() - 1).end();
    for (Output from : outputs) {
      addParts(from, Tensor.find(sample, from.name).values(), total, tables);
    }
    if (!tables.containsKey("box") || !tables.containsKey("scores")) {
      throw new BundleException(
          "manifest.json: task.detect.head.outputs lack the box or the scores. Export the bundle "
              + "again.");
    }
    Map<String, Rows> found = new HashMap<>();
    tables.forEach(
        (part, table) -> {
          int width = table.length / total;
          found.put(part, new Rows(table, width, 0, width));
        });
    return found;
  }

  private void addParts(Output from, float[] values, int total, Map<String, float[]> tables) {
    List<Level> some = from.level < 0 ? levels : List.of(levels.get(from.level));
    int first = some.get(0).first;
    int count = some.get(some.size() - 1).end() - first;
    int width = values.length / count;
    int rest = width;
    for (String part : from.parts) {
      rest -= widthOf(part);
    }
    boolean fits = from.parts.contains("scores") ? rest >= 1 : rest == 0;
    int column = 0;
    for (String part : from.parts) {
      int own = part.equals("scores") ? rest : widthOf(part);
      if (!fits || own * (long) total > Integer.MAX_VALUE || values.length != count * width) {
        throw misfit(from, count);
      }
      float[] table = tables.computeIfAbsent(part, key -> new float[total * own]);
      if (table.length != total * own) {
        throw misfit(from, count);
      }
      for (Level level : some) {
        boolean isMixed = some.size() > 1 && level.boxes > 1;
        if (isMixed && from.axes.equals("anchors,values,cells")) {
          throw new BundleException(
              "manifest.json: task.detect.head: " + from.name + " holds several grids, and their "
                  + "cells must have a box each. Export the bundle again.");
        }
        int[] steps = steps(from.axes, level, level.first - first, count, width);
        copy(values, steps, level, column, own, table);
      }
      column += own;
    }
  }

  private static BundleException misfit(Output from, int count) {
    return new BundleException(
        "manifest.json: task.detect.head: " + from.name + " does not hold " + count + " boxes, "
            + "each of " + String.join("+", from.parts) + ". Export the bundle again.");
  }

  /** Returns where a level's numbers begin, and the steps to the next cell, anchor and number. */
  private static int[] steps(String axes, Level level, int first, int count, int width) {
    int boxes = level.boxes;
    switch (axes) {
      case "cells,anchors,values":
        return new int[] {first * width, boxes * width, width, 1};
      case "cells,values,anchors":
        return new int[] {first * width, boxes * width, 1, boxes};
      case "anchors,cells,values":
        return new int[] {first * width, width, level.rows * level.columns * width, 1};
      case "anchors,values,cells":
        return new int[] {first, 1, count / boxes * width, count / boxes};
      case "values,anchors,cells":
        return new int[] {first, 1, level.rows * level.columns, count};
      case "values,cells,anchors":
        return new int[] {first, boxes, 1, count};
      default:
        throw new BundleException(
            "manifest.json: task.detect.head: there are no axes " + axes
                + ". Generate the program again.");
    }
  }

  /** Copies a part of the boxes of a level, whose numbers begin at {@code column} of each box. */
  private static void copy(
      float[] values, int[] steps, Level level, int column, int width, float[] table) {
    int target = level.first * width;
    for (int box = 0; box < level.count(); box++) {
      int cell = box / level.boxes;
      int anchor = box % level.boxes;
      int at = steps[0] + cell * steps[1] + anchor * steps[2] + column * steps[3];
      for (int i = 0; i < width; i++) {
        table[target++] = values[at + i * steps[3]];
      }
    }
  }

  /** Returns the numbers of a box in a part, the horizontal one of each pair first. */
  private double[] numbers(Map<String, Rows> rows, String part, int box) {
    Rows from = rows.get(part);
    double[] found = new double[from.width];
    for (int i = 0; i < found.length; i++) {
      found[i] = from.at(box, isTurned ? i ^ 1 : i);
    }
    return found;
  }
//@begin cells distances peaks readycells

  private Level levelOf(int box) {
    for (Level level : levels) {
      if (box < level.end()) {
        return level;
      }
    }
    throw new IllegalArgumentException("There is no box " + box + ".");
  }
//@begin framed

  /**
   * Returns x and y of what the points of a box are counted from, and by what they are multiplied,
   * in pixels of the input.
   */
  double[] frame(int box, BoxPoints points) {
    Level level = levelOf(box);
    int cell = (box - level.first) / level.boxes;
    double[] size = level.stride;
//@begin cells
    if (points.areOfAnchors) {
      int first = 2 * ((box - level.first) % level.boxes);
      size = new double[] {level.anchors[first], level.anchors[first + 1]};
    }
//@end
    return new double[] {
      (cell % level.columns + points.offset) * level.stride[0],
      (cell / level.columns + points.offset) * level.stride[1],
      size[0] * points.scale,
      size[1] * points.scale
    };
  }
//@end
//@begin joints

  /** Returns the rows and columns of the only grid, and its cell's width and height in pixels. */
  double[] grid() {
    Level level = levels.get(0);
    return new double[] {level.rows, level.columns, level.stride[0], level.stride[1]};
  }
//@end
//@end
//@begin cells

  /**
   * Returns cx, cy, w, h: centre = (xy * scale + offset + cell) * stride, size = exp(wh) * anchor,
   * or by another form than exp (Redmon and Farhadi, YOLOv3; YOLOv5 for "square").
   */
  double[] box(Map<String, Rows> rows, int box) {
    double[] numbers = numbers(rows, "box", box);
    Level level = levelOf(box);
    int cell = (box - level.first) / level.boxes;
    int anchor = (box - level.first) % level.boxes;
    double[] corner = {cell % level.columns, cell / level.columns};
    double[] found = new double[4];
    for (int i = 0; i < 2; i++) {
      double place = Activations.activated(numbers[i], xyActivation);
      double size = Activations.activated(numbers[i + 2], sizeActivation);
      if (sizeForm.equals("exp")) {
        size = Math.exp(size);
      } else if (sizeForm.equals("square")) {
        size = 2 * size * (2 * size);
      }
      found[i] = (place * level.scale + level.offset + corner[i]) * level.stride[i];
      found[i + 2] = size * level.anchors[2 * anchor + i];
    }
    return found;
  }
//@end
//@begin distances

  /**
   * Returns left, top, right, bottom: edge = (cell + offset -+ distance) * stride (Tian et al.,
   * FCOS).
   */
  double[] box(Map<String, Rows> rows, int box) {
    float[] numbers = rows.get("box").of(box);
    double[] distances = new double[4];
    for (int i = 0; i < 4; i++) {
      double distance = meanBin(numbers, i * bins);
      if (activation.equals("exp")) {
        distance = Math.exp(distance);
      } else if (activation.equals("relu")) {
        distance = Math.max(distance, 0);
      }
      distances[isTurned ? i ^ 1 : i] = distance;
    }
    Level level = levelOf(box);
    int cell = (box - level.first) / level.boxes;
    double x = (cell % level.columns + level.offset) * level.stride[0];
    double y = (cell / level.columns + level.offset) * level.stride[1];
    return new double[] {
      x - distances[0] * level.stride[0],
      y - distances[1] * level.stride[1],
      x + distances[2] * level.stride[0],
      y + distances[3] * level.stride[1]
    };
  }

  /**
   * Returns the mean of 0 to bins - 1 under a softmax of as many numbers (Li et al., Generalized
   * Focal Loss); of a single one, itself.
   */
  private double meanBin(float[] numbers, int first) {
    if (bins == 1) {
      return numbers[first];
    }
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < bins; i++) {
      largest = Math.max(largest, numbers[first + i]);
    }
    double sum = 0;
    double[] powers = new double[bins];
    for (int i = 0; i < bins; i++) {
      powers[i] = Math.exp(numbers[first + i] - largest);
      sum += powers[i];
    }
    double mean = 0;
    for (int i = 0; i < bins; i++) {
      mean += (float) (powers[i] / sum) * (double) i;
    }
    return mean;
  }
//@end
//@begin priors

  /**
   * Returns cx, cy, w, h: offsets of the centre and the size, or of two corners, from a prior box
   * (Liu et al., SSD; Ren et al., Faster R-CNN, eq. 2).
   *
   * @param known cx, cy, w, h of each prior box, unless an output has them
   * @param variances what offsets are scaled by, unless an output has them
   */
  double[] box(Map<String, Rows> rows, int box, double[] known, double[] variances) {
    double[] offsets = numbers(rows, "box", box);
    double[] factors = factors(rows, box, variances);
    double[] prior = prior(rows, box, known);
    double[] found = new double[4];
    for (int i = 0; i < 2; i++) {
      double start = offsets[i] * factors[i];
      double end = offsets[i + 2] * factors[i + 2];
      double centre = prior[i];
      double size = prior[i + 2];
      double low = start * size + centre - size / 2;
      double high = end * size + centre + size / 2;
      found[i] = isOfCentres ? start * size + centre : (low + high) / 2;
      found[i + 2] = isOfCentres ? Math.exp(end) * size : high - low;
    }
    return found;
  }

  private double[] factors(Map<String, Rows> rows, int box, double[] variances) {
    boolean hasOwn = rows.containsKey("variances");
    return hasOwn ? numbers(rows, "variances", box) : variances;
  }

  /** Returns cx, cy, w, h of a prior box. */
  private double[] prior(Map<String, Rows> rows, int box, double[] known) {
    double[] prior =
        needsAnchors()
            ? Arrays.copyOfRange(known, 4 * box, 4 * box + 4)
            : numbers(rows, "anchors", box);
    if (!anchorFormat.equals("xyxy")) {
      return prior;
    }
    return new double[] {
      (prior[0] + prior[2]) / 2, (prior[1] + prior[3]) / 2, prior[2] - prior[0], prior[3] - prior[1]
    };
  }
//@begin framed

  /**
   * Returns x and y of what the points of a box are counted from, and by what they are multiplied,
   * in the unit of boxes.
   */
  double[] frame(
      Map<String, Rows> rows, int box, BoxPoints points, double[] known, double[] variances) {
    double[] prior = prior(rows, box, known);
    double[] factors = factors(rows, box, variances);
    return new double[] {
      prior[0],
      prior[1],
      prior[2] * factors[0] * points.scale,
      prior[3] * factors[1] * points.scale
    };
  }
//@end
//@end
//@begin peaks

  /**
   * Returns cx, cy, w, h: centre = (cell + offset) * stride, and the size in its unit (Zhou et al.,
   * Objects as Points).
   */
  double[] box(Map<String, Rows> rows, int box, Size input) {
    double[] size = numbers(rows, "box", box);
    boolean hasOffset = rows.containsKey("offset");
    double[] offset = hasOffset ? numbers(rows, "offset", box) : new double[2];
    Level level = levelOf(box);
    int cell = (box - level.first) / level.boxes;
    double[] unit = {1, 1};
    if (sizeUnits.equals("cells")) {
      unit = level.stride;
    } else if (sizeUnits.equals("normalised")) {
      unit = new double[] {input.width, input.height};
    }
    return new double[] {
      (cell % level.columns + (level.offset + offset[0])) * level.stride[0],
      (cell / level.columns + (level.offset + offset[1])) * level.stride[1],
      size[0] * unit[0],
      size[1] * unit[1]
    };
  }

  /**
   * Returns whether a score is the highest of the window around its cell; of equal neighbours each
   * is.
   *
   * @param scores those of each box
   */
  boolean isPeak(float[][] scores, int box, int classId) {
    Level level = levelOf(box);
    int x = (box - level.first) % level.columns;
    int y = (box - level.first) / level.columns;
    int half = window / 2;
    for (int j = Math.max(0, y - half); j <= Math.min(level.rows - 1, y + half); j++) {
      for (int i = Math.max(0, x - half); i <= Math.min(level.columns - 1, x + half); i++) {
        if (!(scores[box][classId] >= scores[level.first + j * level.columns + i][classId])) {
          return false;
        }
      }
    }
    return true;
  }
//@end
//@begin ready

  /** Returns a box in the order of its numbers. */  //@only !readycells
  /** Returns a box in the order of its numbers, which are in cells. */  //@only readycells
  double[] box(Map<String, Rows> rows, int box) {
    return numbers(rows, "box", box);  //@only !readycells
//@begin readycells
    double[] found = numbers(rows, "box", box);
    Level level = levelOf(box);
    for (int i = 0; i < found.length; i++) {
      found[i] *= level.stride[i % 2];
    }
    return found;
//@end
  }
//@end
}
