package @package@;

import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers for people. */
final class Numbers {
  private Numbers() {}

  /** Returns a number with so many significant digits at most, as C's {@code %.Ng} writes it. */
  static String brief(double value, int digits) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return Double.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits)).stripTrailingZeros();
    int exponent = rounded.precision() - rounded.scale() - 1;
    if (exponent >= -4 && exponent < digits) {
      return rounded.toPlainString();
    }
    String sign = exponent < 0 ? "-" : "+";
    int power = Math.abs(exponent);
    return rounded.movePointLeft(exponent).toPlainString() + "e" + sign + (power < 10 ? "0" : "")
        + power;
  }
}
