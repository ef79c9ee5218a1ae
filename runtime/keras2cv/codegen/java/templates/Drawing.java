package @package@;

import java.util.ArrayList;
import java.util.List;
import org.opencv.core.Core;
import org.opencv.core.Mat;
import org.opencv.core.Point;
import org.opencv.core.Rect;
import org.opencv.core.Scalar;
import org.opencv.core.Size;
import org.opencv.imgproc.Imgproc;

/** Text and shapes on images, legible on any size and any background. */
final class Drawing {
  static final Scalar LIGHT = new Scalar(255, 255, 255);
  static final Scalar DARK = new Scalar(32, 32, 32);
  static final int FILLED = -1;
  private static final int FONT = Imgproc.FONT_HERSHEY_SIMPLEX;

  private Drawing() {}

  static int round(double value) {
    return (int) Math.rint(value);
  }

  /** Imgproc.putText draws ASCII only: every other letter becomes a question mark. */
  private static String ascii(String text) {
    StringBuilder found = new StringBuilder();
    text.codePoints().forEach(c -> found.append(c < 0x80 ? (char) c : '?'));
    return found.toString();
  }

  /** How text is written: its size, and the room that a line takes. */
  static final class Pen {
    private final double scale;
    private final int thickness;
    final int ascent;
    final int descent;

    Pen(double wanted) {
      scale = Math.max(0.35, wanted);
      thickness = Math.max(1, round(scale * 1.6));
      int[] below = new int[1];
      ascent = (int) Imgproc.getTextSize("Ag", FONT, scale, thickness, below).height;
      descent = below[0];
    }

    int height() {
      return ascent + descent;
    }

    int width(String text) {
      return (int) Imgproc.getTextSize(text, FONT, scale, thickness, new int[1]).width;
    }

    /** Returns a text in ASCII, cut, with dots at the end, so that it fits into the room. */
    String fitted(String text, int room) {
      String line = ascii(text);
      String kept = line.substring(0, Math.min(200, line.length()));
      while (width(line) > room && kept.length() > 1) {
        kept = kept.substring(0, kept.length() - 1);
        line = kept + "...";
      }
      return line;
    }

    void write(Mat canvas, String text, double x, double y, Scalar ink) {
      Point at = new Point(x, y);
      Imgproc.putText(canvas, text, at, FONT, scale, ink, thickness, Imgproc.LINE_AA);
    }
  }

  /**
   * Returns a copy of the image, enlarged by a whole number if its shorter side is below 160
   * pixels, where no text could be read.
   */
  static Mat enlarged(Mat image) {
    int shorter = Math.min(image.rows(), image.cols());
    int longer = Math.max(image.rows(), image.cols());
    int factor = Math.max(1, Math.min((159 + shorter) / shorter, 2560 / longer));
    Mat canvas = new Mat();
    Size size = new Size(image.cols() * factor, image.rows() * factor);
    Imgproc.resize(image, canvas, size, 0, 0, Imgproc.INTER_NEAREST);
    return canvas;
  }
//@begin !pixels

  /** Returns a copy of the image with lines in a box at the top left; those beyond it are cut. */
  static Mat caption(Mat image, List<String> lines) {
    Mat canvas = enlarged(image);
    Pen pen = new Pen(Math.min(canvas.rows(), canvas.cols()) / 600.0);
    int step = pen.height() + Math.max(2, pen.ascent / 3);
    int room = Math.max(1, (canvas.rows() - pen.descent) / step);
    List<String> shown = new ArrayList<>();
    int widest = 0;
    for (String line : lines.subList(0, Math.min(room, lines.size()))) {
      shown.add(pen.fitted(line, canvas.cols()));
      widest = Math.max(widest, pen.width(shown.get(shown.size() - 1)));
    }
    double right = Math.min(widest + pen.ascent, canvas.cols());
    double bottom = Math.min(step * shown.size() + pen.descent, canvas.rows());
    Imgproc.rectangle(canvas, new Rect(0, 0, (int) right, (int) bottom), DARK, FILLED);
    int baseline = -pen.descent;
    for (String line : shown) {
      baseline += step;
      pen.write(canvas, line, pen.ascent / 2, baseline, LIGHT);
    }
    return canvas;
  }
//@end
//@begin score

  /** Linear sRGB of CIELAB's L* 72, a chroma and a hue; beyond 0 to 1 where it has none. */
  private static double[] linearRgb(double chroma, double hue) {
    double middle = (72.0 + 16) / 116;
    double[] roots = {
      middle + chroma * Math.cos(hue) / 500, middle, middle - chroma * Math.sin(hue) / 200
    };
    double[] white = {0.95047, 1.0, 1.08883};
    double[] xyz = new double[3];
    for (int i = 0; i < 3; i++) {
      boolean isCubic = roots[i] > 6.0 / 29;
      double linear = 3 * Math.pow(6.0 / 29, 2) * (roots[i] - 4.0 / 29);
      xyz[i] = white[i] * (isCubic ? Math.pow(roots[i], 3) : linear);
    }
    return new double[] {
      3.2404542 * xyz[0] - 1.5371385 * xyz[1] - 0.4985314 * xyz[2],
      -0.9692660 * xyz[0] + 1.8760108 * xyz[1] + 0.0415560 * xyz[2],
      0.0556434 * xyz[0] - 0.2040259 * xyz[1] + 1.0572252 * xyz[2]
    };
  }

  /**
   * Returns the BGR colour of a class, all of one lightness: a turn by the golden angle never comes
   * back to an earlier hue.
   */
  static Scalar colourOf(int number) {
    double hue = 2 * Math.PI * ((number * (Math.sqrt(5.0) - 1) / 2 + 0.08) % 1.0);
    double low = 0;
    double high = 90;
    for (int i = 0; i < 12; i++) {
      double middle = (low + high) / 2;
      boolean isInside = true;
      for (double part : linearRgb(middle, hue)) {
        isInside &= part >= 0 && part <= 1;
      }
      if (isInside) {
        low = middle;
      } else {
        high = middle;
      }
    }
    double[] rgb = linearRgb(low, hue);
    return new Scalar(curved(rgb[2]), curved(rgb[1]), curved(rgb[0]));
  }

  private static int curved(double linear) {
    double part = Math.min(Math.max(linear, 0.0), 1.0);
    boolean isDark = part <= 0.0031308;
    return round(255 * (isDark ? 12.92 * part : 1.055 * Math.pow(part, 1 / 2.4) - 0.055));
  }

  /** Returns a text, or another where Imgproc.putText draws most of it as question marks. */
  static String readable(String text, String otherwise) {
    String shown = ascii(text);
    long lost = marks(shown) - marks(text);
    return 2 * lost > shown.length() ? otherwise : text;
  }

  private static long marks(String text) {
    return text.chars().filter(c -> c == '?').count();
  }

  private static final int PAPER = 3; // pixels of paper beside a text

  /** Writes a line that fits on paper of a colour. */
  static void writeTag(Mat canvas, String line, Point corner, Scalar colour, Pen pen) {
    Size size = new Size(pen.width(line) + 2 * PAPER, pen.height());
    Imgproc.rectangle(canvas, new Rect(corner, size), colour, FILLED);
    pen.write(canvas, line, corner.x + PAPER, corner.y + pen.ascent, DARK);
  }

  /** A text on paper, and the first and last pixels of the box or point that it belongs to. */
  static final class Tag {
    private final String text;
    final Scalar colour;
    final Point from;
    final Point to;

    Tag(String text, Scalar colour, Point from, Point to) {
      this.text = text;
      this.colour = colour;
      this.from = from;
      this.to = to;
    }
  }

  private static long shared(Rect one, Rect other) {
    long width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
    long height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
    return width > 0 && height > 0 ? width * height : 0;
  }

  /**
   * Writes texts, the first ones where they like best, none on another if that is possible. A text
   * goes above, below, at the right or left of its box, or into it; beside, above or below a point.
   */
  static void drawTags(Mat canvas, List<Tag> tags, Pen pen, int gap, boolean areOfPoints) {
    List<Rect> taken = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (Tag tag : tags) {
      String text = pen.fitted(tag.text, canvas.cols() - 2 * PAPER);
      int width = pen.width(text) + 2 * PAPER;
      int height = pen.height();
      Rect best = null;
      long least = Long.MAX_VALUE;
      long rank = 0;
      for (int[] place : places(tag, width, height, gap, areOfPoints)) {
        int x = Math.max(0, Math.min(place[0], canvas.cols() - width));
        int y = Math.max(0, Math.min(place[1], canvas.rows() - height));
        Rect rect = new Rect(x, y, width, height);
        long cost = rank++ * (width * height / 8) + costOf(rect, taken, tags, gap);
        if (cost < least) {
          least = cost;
          best = rect;
        }
      }
      taken.add(best);
      texts.add(text);
    }
    for (int i = tags.size() - 1; i >= 0; i--) {
      writeTag(canvas, texts.get(i), taken.get(i).tl(), tags.get(i).colour, pen);
    }
  }

  private static int[][] places(Tag tag, int w, int h, int gap, boolean isOfPoint) {
    int ax = (int) tag.from.x;
    int ay = (int) tag.from.y;
    int bx = (int) tag.to.x;
    int by = (int) tag.to.y;
    int[] right = {bx + gap + 1, ay - gap};
    int[] left = {ax - gap - w, ay - gap};
    int[] above = {ax - gap, ay - gap - h};
    int[] below = {ax - gap, by + gap + 1};
    if (isOfPoint) {
      return new int[][] {right, left, above, below};
    }
    int end = bx + gap + 1 - w;
    return new int[][] {
      above, below, {end, above[1]}, {end, below[1]}, right, left, {ax + gap + 1, ay + gap + 1},
      {right[0], below[1] - h}, {left[0], below[1] - h}, {bx - gap - w, by - gap - h},
      {above[0], above[1] - h}, {below[0], below[1] + h}
    };
  }

  /** Returns how much a text at a place would hide: texts above all, lines, insides of boxes. */
  private static long costOf(Rect rect, List<Rect> taken, List<Tag> tags, int gap) {
    long cost = 0;
    for (Rect other : taken) {
      cost += 64 * shared(rect, other);
    }
    for (Tag one : tags) {
      int x = (int) one.from.x;
      int y = (int) one.from.y;
      int width = (int) one.to.x - x;
      int height = (int) one.to.y - y;
      Rect outer = new Rect(x - gap, y - gap, width + 2 * gap + 1, height + 2 * gap + 1);
      Rect inner = new Rect(x + gap + 1, y + gap + 1, width - 2 * gap - 1, height - 2 * gap - 1);
      boolean isOpen = inner.width > 0 && inner.height > 0;
      long inBox = isOpen ? shared(rect, inner) : 0;
      cost += 4 * (shared(rect, outer) - inBox) + inBox;
    }
    return cost;
  }
//@end
}
