package @package@;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
//@begin drawn
import org.opencv.core.Mat;
//@end

/** One of many classes. */
public final class ClassifyResult implements Result {
  private final float[] scores;
  private final List<String> labels;
  private final double[] thresholds; // one per class, or none
  private final int[] order;
  private final int top;

  private ClassifyResult(float[] scores, List<String> labels, double[] thresholds, int top) {
    this.scores = scores;
    this.labels = labels;
    this.thresholds = thresholds;
    this.top = top;
    order =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> 0.0 - scores[i])) // of equals the lower
            .mapToInt(Integer::intValue)
            .toArray();
  }

  /** Returns the score of every class. */
  public float[] scores() {
    return scores.clone();
  }

  /** Returns the numbers of the classes, best first. */
  public int[] order() {
    return order.clone();
  }

  /** Returns the number of the best class. */
  public int index() {
    return order[0];
  }

  /** Returns whether the best class scores above its threshold; true without thresholds. */
  public boolean isKnown() {
    return thresholds.length == 0 || score() > thresholds[order[0]];
  }

  /** Returns the label of the best class, or "unknown". */
  public String label() {
    return isKnown() ? labelOf(order[0]) : "unknown";
  }

  /** Returns the score of the best class. */
  public float score() {
    return scores[order[0]];
  }

  /** Returns the label of a class, its number where there are no labels. */
  public String labelOf(int number) {
    return labels.isEmpty() ? Integer.toString(number) : labels.get(number);
  }

  @Override
  public String toString() {
    return String.join(", ", best(top, "%s %.4f"));
  }

  @Override
  public String toJson() {
    List<String> records = new ArrayList<>();
    for (int number : Arrays.copyOf(order, Math.min(top, order.length))) {
      records.add("{" + record(labelOf(number), number) + "}");
    }
    return "{\"task\": \"classify\", " + record(label(), order[0])
        + ", \"top\": " + Json.list(records) + ", \"scores\": " + Json.numbers(scores) + "}";
  }

  private String record(String label, int number) {
    return "\"label\": " + Json.text(label) + ", \"index\": " + number
        + ", \"score\": " + Json.number(scores[number]);
  }

  private List<String> best(int most, String pattern) {
    List<String> found = new ArrayList<>();
    for (int number : Arrays.copyOf(order, Math.min(most, order.length))) {
      boolean isDoubtful = found.isEmpty() && !isKnown();
      String label = isDoubtful ? "unknown (" + labelOf(number) + ")" : labelOf(number);
      found.add(String.format(Locale.ROOT, pattern, label, scores[number]));
    }
    return found;
  }
//@begin drawn

  /** Returns the image with the three best classes. */
  @Override
  public Mat draw(Mat image) {
    return Drawing.caption(image, best(3, "%s %.3f"));
  }
//@end

  /** How the outputs are read. */
  static final class Task {
    private final String output;
    private final String scores;
    private final List<String> labels;
    private final double[] classScores; // of each class, below which it is unknown
    private final int top;

    Task(Facts facts, Options options) {
      output = facts.get("output").text();
      scores = facts.get("scores").text();
      labels = facts.texts("labels");
      boolean hasScores = facts.has("class_scores");
      classScores = hasScores ? facts.get("class_scores").numbers() : new double[0];
      facts.expect(!hasScores || classScores.length == labels.size(), "with a score per label");
      top = options.top;
    }

    ClassifyResult read(List<Tensor> outputs) {
      float[] values = Tensor.find(outputs, output).values();
      if (scores.equals("logits")) {
        values = softmax(values);
      }
      for (float value : values) {
        if (Float.isNaN(value)) {
          throw new BundleException("The net's scores are not numbers. Run the self-test.");
        }
      }
      if (!labels.isEmpty() && labels.size() != values.length) {
        throw new BundleException(
            "manifest.json: task.labels must be one per class. Export the bundle again.");
      }
      return new ClassifyResult(values, labels, classScores, top);
    }

    /** Logits become probabilities; the largest is subtracted first, so that nothing overflows. */
    private static float[] softmax(float[] logits) {
      double largest = Double.NEGATIVE_INFINITY;
      for (float logit : logits) {
        largest = Math.max(largest, logit);
      }
      double sum = 0;
      for (float logit : logits) {
        sum += Math.exp(logit - largest);
      }
      float[] found = new float[logits.length];
      for (int i = 0; i < found.length; i++) {
        found[i] = (float) (Math.exp(logits[i] - largest) / sum);
      }
      return found;
    }
  }
}
