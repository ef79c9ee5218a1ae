package @package@;

import java.util.List;
import java.util.Locale;
//@begin drawn
import org.opencv.core.Mat;
//@end

/** Yes or no, from a single number. */
public final class BinaryResult implements Result {
  private final double probability;
  private final List<String> labels;
  private final double threshold;

  private BinaryResult(double probability, List<String> labels, double threshold) {
    this.probability = probability;
    this.labels = labels;
    this.threshold = threshold;
  }

  /** Returns the probability of yes. */
  public double probability() {
    return probability;
  }

  /** Returns from which probability on the answer is yes. */
  public double threshold() {
    return threshold;
  }

  /** Returns whether the answer is yes. */
  public boolean isPositive() {
    return probability >= threshold;
  }

  /** Returns the label of the answer. */
  public String label() {
    return labels.get(isPositive() ? 1 : 0);
  }

  /** Returns the probability of the answer, whichever it is. */
  public double score() {
    return isPositive() ? probability : 1 - probability;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s %.4f", label(), score());
  }

  @Override
  public String toJson() {
    return "{\"task\": \"binary\", \"label\": " + Json.text(label()) + ", \"probability\": "
        + Json.number(probability) + ", \"threshold\": " + Json.number(threshold) + "}";
  }
//@begin drawn

  /** Returns the image with the answer and its probability. */
  @Override
  public Mat draw(Mat image) {
    String line = String.format(Locale.ROOT, "%s %.3f", label(), score());
    return Drawing.caption(image, List.of(line));
  }
//@end

  /** How the outputs are read. */
  static final class Task {
    private final String output;
    private final boolean areLogits;
    private final List<String> labels;
    private final double threshold;

    Task(Facts facts, Options options) {
      output = facts.get("output").text();
      areLogits = facts.get("scores").text().equals("logits");
      labels = named(facts);
      threshold = options.score == null ? stored(facts) : options.score;
    }

    private static List<String> named(Facts facts) {
      List<String> given = facts.texts("labels");
      if (given.isEmpty()) {
        return List.of("no", "yes");
      }
      facts.get("labels").expect(given.size() <= 2, "one or two");
      return given.size() == 2 ? given : List.of("not " + given.get(0), given.get(0));
    }

    private static double stored(Facts facts) {
      if (!facts.has("class_scores")) {
        return 0.5;
      }
      double[] chosen = facts.get("class_scores").numbers();
      facts.get("class_scores").expect(chosen.length == 1, "one number");
      return chosen[0];
    }

    BinaryResult read(List<Tensor> outputs) {
      float[] values = Tensor.find(outputs, output).values();
      if (values.length != 1) {
        throw new BundleException(
            "manifest.json: task.output must be one number. Export the bundle again.");
      }
      double probability = areLogits ? sigmoid(values[0]) : values[0];
      if (!(probability >= 0 && probability <= 1)) {
        throw new BundleException(
            "The net's probability is " + probability + ". If the model returns logits, export it "
                + "with that said.");
      }
      return new BinaryResult(probability, labels, threshold);
    }

    /** 1 / (1 + exp(-x)), by the form that does not overflow for the sign of x. */
    private static double sigmoid(double logit) {
      double small = Math.exp(-Math.abs(logit));
      return (logit >= 0 ? 1 : small) / (1 + small);
    }
  }
}
