package @package@;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
//@begin drawn
import org.opencv.core.Mat;
//@end

/** Every output as it is. */
public final class RawResult implements Result {
  private final List<Tensor> outputs;

  private RawResult(List<Tensor> outputs) {
    this.outputs = List.copyOf(outputs);
  }

  /** Returns the outputs, in Keras' order. */
  public List<Tensor> outputs() {
    return outputs;
  }

  @Override
  public String toString() {
    List<String> shown = new ArrayList<>();
    for (Tensor output : outputs) {
      float[] values = output.values();
      StringBuilder line = new StringBuilder(title(output));
      for (int i = 0; i < Math.min(4, values.length); i++) {
        line.append(' ').append(Numbers.brief(values[i], 6));
      }
      shown.add(line + (values.length > 4 ? " ..." : ""));
    }
    return String.join("; ", shown);
  }

  @Override
  public String toJson() {
    List<String> members = new ArrayList<>();
    for (Tensor output : outputs) {
      members.add(Json.text(output.name) + ": " + output.toJson());
    }
    return "{\"task\": \"raw\", \"outputs\": {" + String.join(", ", members) + "}}";
  }

  /** Such as "boxes [4, 4]". */
  private static String title(Tensor output) {
    return output.name + " " + Arrays.toString(output.shape());
  }
//@begin drawn

  /** Returns the image with each output's name, shape and range. */
  @Override
  public Mat draw(Mat image) {
    List<String> lines = new ArrayList<>();
    for (Tensor output : outputs) {
      float least = Float.POSITIVE_INFINITY;
      float most = Float.NEGATIVE_INFINITY;
      for (float value : output.values()) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
      lines.add(title(output) + " " + Numbers.brief(least, 3) + ".." + Numbers.brief(most, 3));
    }
    return Drawing.caption(image, lines);
  }
//@end

  /** How the outputs are read. */
  static final class Task {
    Task(Facts facts, Options options) {}

    RawResult read(List<Tensor> outputs) {
      return new RawResult(outputs);
    }
  }
}
