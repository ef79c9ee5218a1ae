package @package@;

/** What makes probabilities of numbers. */
final class Activations {
  private Activations() {}

  /** 1 / (1 + exp(-x)), through the exponential that does not overflow. */
  static float sigmoid(float logit) {
    float small = (float) Math.exp(-Math.abs(logit));
    return (logit >= 0 ? 1.0f : small) / (1.0f + small);
  }

  static float activated(float value, String activation) {
    return activation.equals("sigmoid") ? sigmoid(value) : value;
  }
//@begin cells

  /** The same in double precision. */
  static double activated(double value, String activation) {
    if (!activation.equals("sigmoid")) {
      return value;
    }
    double small = Math.exp(-Math.abs(value));
    return (value >= 0 ? 1.0 : small) / (1.0 + small);
  }
//@end

  /** Logits become shares of one; the largest is subtracted first, so that nothing overflows. */
  static void softmax(float[] values) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      largest = Math.max(largest, value);
    }
    float sum = 0;
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.exp(values[i] - largest);
      sum += values[i];
    }
    for (int i = 0; i < values.length; i++) {
      values[i] /= sum;
    }
  }
}
