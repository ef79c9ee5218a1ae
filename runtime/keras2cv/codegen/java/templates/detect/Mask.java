package @package@;

import java.util.ArrayList;
import java.util.List;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.Rect;
import org.opencv.core.Scalar;  //@only drawn
import org.opencv.core.Size;

/** The pixels of the image that one thing covers. */
public final class Mask {
  private final Size image;
  private final Rect part; // outside of it there are none
  private final boolean[] pixels; // of that part

  Mask(Size image, Rect part, boolean[] pixels) {
    this.image = image;
    this.part = part;
    this.pixels = pixels;
  }

  /** Returns how many pixels there are. */
  public int count() {
    int found = 0;
    for (boolean pixel : pixels) {
      found += pixel ? 1 : 0;
    }
    return found;
  }

  /** Returns a gray image of the whole image's size: 255 for the thing's pixels, else 0. */
  public Mat toMat() {
    Mat whole = Mat.zeros(image, CvType.CV_8U);
    for (int y = 0; y < part.height; y++) {
      byte[] row = new byte[part.width];
      for (int x = 0; x < part.width; x++) {
        row[x] = (byte) (pixels[y * part.width + x] ? 255 : 0);
      }
      if (part.width > 0) {
        whole.put(part.y + y, part.x, row);
      }
    }
    return whole;
  }

  private boolean has(int x, int y) {
    boolean isInside = x >= 0 && x < part.width && y >= 0 && y < part.height;
    return isInside && pixels[y * part.width + x];
  }

  /** COCO's run lengths of the whole image, by columns, beginning outside of the mask. */
  String toJson() {
    List<String> counts = new ArrayList<>();
    boolean last = false;
    int run = 0;
    for (int x = 0; x < image.width; x++) {
      for (int y = 0; y < image.height; y++, run++) {
        if (has(x - part.x, y - part.y) != last) {
          counts.add(Integer.toString(run));
          run = 0;
          last = !last;
        }
      }
    }
    counts.add(Integer.toString(run));
    if (last) {
      counts.add("0"); // outside of the mask again
    }
    return "{\"size\": [" + (int) image.height + ", " + (int) image.width + "], \"counts\": "
        + Json.list(counts) + "}";
  }
//@begin drawn

  /** Half covers the pixels of a BGR image, and its own outermost ones wholly. */
  void cover(byte[] bgr, Scalar colour) {
    for (int y = 0; y < part.height; y++) {
      for (int x = 0; x < part.width; x++) {
        int at = 3 * ((part.y + y) * (int) image.width + part.x + x);
        for (int i = 0; i < 3 && has(x, y); i++) {
          int full = (int) colour.val[i];
          bgr[at + i] = (byte) (isInner(x, y) ? (bgr[at + i] & 255) / 2 + full / 2 : full);
        }
      }
    }
  }

  private boolean isInner(int x, int y) {
    boolean found = true;
    for (int j = y - 1; j <= y + 1; j++) {
      for (int i = x - 1; i <= x + 1; i++) {
        found &= has(i, j);
      }
    }
    return found;
  }
//@end
}
