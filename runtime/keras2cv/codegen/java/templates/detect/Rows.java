package @package@;

/** What each box has in one role: numbers from {@code first} on in rows of {@code step}. */
final class Rows {
  private final float[] values;
  private final int step;
  private final int first;
  final int width;

  Rows(float[] values, int step, int first, int width) {
    this.values = values;
    this.step = step;
    this.first = first;
    this.width = width;
  }

  /** Returns how many boxes there are. */
  int count() {
    return values.length / step;
  }

  float at(int box, int place) {
    return values[box * step + first + place];
  }

  /** Returns the numbers of a box. */
  float[] of(int box) {
    float[] found = new float[width];
    System.arraycopy(values, box * step + first, found, 0, width);
    return found;
  }
}
