package @package@;

/** What a user may choose in place of the bundle's own; every setting has a default. */
public final class Options {
  Double score;
  int top = 5;

  /** Takes another threshold than the bundle's, 0 to 1. */
  public Options score(double threshold) {
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new IllegalArgumentException("A threshold must be 0 to 1, got " + threshold + ".");
    }
    score = threshold;
    return this;
  }

  /** Sets how many of the best classes are printed. */
  public Options top(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("At least one class must be printed, got " + count + ".");
    }
    top = count;
    return this;
  }
}
