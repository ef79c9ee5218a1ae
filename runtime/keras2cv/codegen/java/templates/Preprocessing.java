package @package@;

import java.util.List;
import org.opencv.core.Size;

/** blob = (pixel - mean) * scale / std, per channel, in the order of {@code color}. */
final class Preprocessing {
  final String input;
  final String color;
  final String resize;
  final String interpolation;
  final int width;
  final int height;
  final double[] mean;
  final double[] deviation;
  final double scale;
  final int pad; // the colour of the bars of letterbox and pad, 0..255
  final boolean isDeep; // of 16 bits  //@only deep
  final boolean transposes; // rows become columns, after the resize
//@begin clips
  final int window; // frames of a clip, 0 if the input is no clip
  final int stride; // frames of the video from one to the next
  final int hop; // frames of the video from a clip to the next
//@end

  Preprocessing(Facts facts) {
    facts.expectKeys(
        "input color size resize interpolation mean scale std source pad transpose"
            + " depth"  //@only deep
            + " clip"  //@only clips
            + "");
    input = facts.get("input").text();
    color = facts.get("color").text();
    facts.get("color").expect(isOfColour(), "RGB, BGR or GRAY");  //@only !bands
//@begin bands
    boolean isKnown = isOfColour() || List.of("RGBA", "BGRA", "CHANNELS").contains(color);
    facts.get("color").expect(isKnown, "RGB, BGR, GRAY, RGBA, BGRA or CHANNELS");
//@end
//@begin deep
    isDeep = facts.has("depth");
    facts.expect(!isDeep || facts.get("depth").integer() == 16, "of 8 or 16 bits");
//@end
    resize = facts.get("resize").text();
    interpolation = facts.get("interpolation").text();
    int[] size = facts.get("size").integers();
    facts.get("size").expect(size.length == 2 && size[0] > 0 && size[1] > 0, "[width, height]");
    width = size[0];
    height = size[1];
    mean = facts.get("mean").numbers();
    scale = facts.get("scale").number();
    deviation = facts.get("std").numbers();
    boolean hasBars = resize.equals("letterbox") || resize.equals("pad");
    pad = hasBars ? facts.get("pad").integer() : 0;
    transposes = facts.has("transpose");
//@begin clips
    boolean isClip = facts.has("clip");
    if (isClip) {
      facts.get("clip").expectKeys("window stride hop");
    }
    window = isClip ? frames(facts.get("clip").get("window")) : 0;
    stride = isClip ? frames(facts.get("clip").get("stride")) : 1;
    hop = isClip ? frames(facts.get("clip").get("hop")) : 1;
//@end
    facts.get("mean").expect(mean.length == channels(), "one number per channel");
    facts.get("std").expect(deviation.length == channels(), "one number per channel");
  }

//@begin clips
  private static int frames(Facts facts) {
    int found = facts.integer();
    facts.expect(found > 0 && found <= 4096, "1 to 4096 frames");
    return found;
  }

  /** Returns how many frames of a video a clip covers. */
  int span() {
    return (window - 1) * stride + 1;
  }

//@end
  int channels() {
//@begin bands
    if (!isOfColour()) {
      return color.equals("CHANNELS") ? Math.max(1, mean.length) : 4;
    }
//@end
    return color.equals("GRAY") ? 1 : 3;
  }

  /** Returns whether images are gray or of colour, and nothing else. */
  boolean isOfColour() {
    return List.of("RGB", "BGR", "GRAY").contains(color);
  }

  Size size() {
    return new Size(width, height);
  }

  /** Returns the shape of the blob of a batch. */
  int[] blobShape(int batch) {
//@begin clips
    if (window > 0) {
      return new int[] {
        batch, channels(), window, transposes ? width : height, transposes ? height : width
      };
    }
//@end
    return new int[] {
      batch, channels(), transposes ? width : height, transposes ? height : width
    };
  }
}
