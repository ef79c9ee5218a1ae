package @package@;

import java.util.List;
//@begin drawn
import org.opencv.core.Mat;
//@end

/** A vector that is near another for images that are alike. */
public final class EmbedResult implements Result {
  private final float[] vector;

  private EmbedResult(float[] vector) {
    this.vector = vector;
  }

  /** Returns the vector. */
  public float[] vector() {
    return vector.clone();
  }

  /** Returns the vector's length, the root of the sum of its squares. */
  public double length() {
    return Math.sqrt(product(vector, vector));
  }

  /** Returns 1 - cos of the angle between the two: 0 (same direction) to 2; NaN without length. */
  public double distanceTo(EmbedResult other) {
    if (other.vector.length != vector.length) {
      throw new IllegalArgumentException(
          "The vectors have " + vector.length + " and " + other.vector.length + " numbers.");
    }
    double length = length() * other.length();
    if (!(length > 0)) {
      return Double.NaN;
    }
    return Math.min(Math.max(1 - product(vector, other.vector) / length, 0.0), 2.0);
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  @Override
  public String toString() {
    return vector.length + " numbers, length " + Numbers.brief(length(), 6);
  }

  @Override
  public String toJson() {
    return "{\"task\": \"embed\", \"vector\": " + Json.numbers(vector) + "}";
  }
//@begin drawn

  /** Returns the image with the vector's size and first numbers. */
  @Override
  public Mat draw(Mat image) {
    StringBuilder first = new StringBuilder();
    for (int i = 0; i < Math.min(4, vector.length); i++) {
      first.append(i > 0 ? " " : "").append(Numbers.brief(vector[i], 3));
    }
    String size = vector.length + " numbers, length " + Numbers.brief(length(), 3);
    return Drawing.caption(image, List.of(size, first.toString()));
  }
//@end

  /** How the outputs are read. */
  static final class Task {
    private final String output;

    Task(Facts facts, Options options) {
      output = facts.get("output").text();
    }

    EmbedResult read(List<Tensor> outputs) {
      return new EmbedResult(Tensor.find(outputs, output).values());
    }
  }
}
