package @package@;

import java.util.ArrayList;
import java.util.List;
//@begin drawn
import org.opencv.core.Mat;
//@end

/** Numbers. */
public final class RegressResult implements Result {
  private final Tensor output;
  private final float[] values;
  private final List<String> labels;

  private RegressResult(Tensor output, float[] values, List<String> labels) {
    this.output = output;
    this.values = values;
    this.labels = labels;
  }

  /** Returns the numbers, in C order. */
  public float[] values() {
    return values.clone();
  }

  /** Returns the numbers' sizes. */
  public int[] shape() {
    return output.shape();
  }

  /** Returns a label for each number; none where the bundle has none. */
  public List<String> labels() {
    return labels;
  }

  @Override
  public String toString() {
    String more = values.length > 8 ? " ... " + (values.length - 8) + " more" : "";
    return String.join(", ", first(8)) + more;
  }

  @Override
  public String toJson() {
    List<String> texts = new ArrayList<>();
    for (String label : labels) {
      texts.add(Json.text(label));
    }
    String named = texts.isEmpty() ? "" : ", \"labels\": " + Json.list(texts);
    return "{\"task\": \"regress\", \"values\": " + output.toJson() + named + "}";
  }

  /** Returns the first values, each with its label if it has one. */
  private List<String> first(int most) {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < Math.min(most, values.length); i++) {
      String label = labels.isEmpty() ? "" : labels.get(i) + " ";
      found.add(label + Numbers.brief(values[i], most > 5 ? 6 : 4));
    }
    return found;
  }
//@begin drawn

  /** Returns the image with the first five values. */
  @Override
  public Mat draw(Mat image) {
    return Drawing.caption(image, first(5));
  }
//@end

  /** How the outputs are read. */
  static final class Task {
    private final String output;
    private final List<String> labels;

    Task(Facts facts, Options options) {
      output = facts.get("output").text();
      labels = facts.texts("labels");
    }

    RegressResult read(List<Tensor> outputs) {
      Tensor found = Tensor.find(outputs, output);
      float[] values = found.values();
      if (!labels.isEmpty() && labels.size() != values.length) {
        throw new BundleException(
            "manifest.json: task.labels must be one per value. Export the bundle again.");
      }
      return new RegressResult(found, values, labels);
    }
  }
}
