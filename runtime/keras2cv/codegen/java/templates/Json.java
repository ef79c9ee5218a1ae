package @package@;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads strict JSON, and writes numbers and strings. */
final class Json {
  private static final int MAX_DEPTH = 64;

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /**
   * Returns the value of a text: Map, List, String, Double, Boolean, or null.
   *
   * @throws IllegalArgumentException if it is no JSON, or names a key twice
   */
  static Object parse(String text) {
    Json reader = new Json(text);
    Object value = reader.value(0);
    reader.skipSpace();
    reader.require(reader.at == text.length());
    return value;
  }

  private Object value(int depth) {
    require(depth < MAX_DEPTH);
    skipSpace();
    require(at < text.length());
    switch (text.charAt(at)) {
      case '{':
        return map(depth);
      case '[':
        return items(depth);
      case '"':
        return string();
      default:
        return word();
    }
  }

  private Map<String, Object> map(int depth) {
    Map<String, Object> found = new LinkedHashMap<>();
    at++;
    for (boolean isFirst = true; !ends('}', isFirst); isFirst = false) {
      skipSpace();
      require(at < text.length() && text.charAt(at) == '"');
      String key = string();
      skipSpace();
      require(at < text.length() && text.charAt(at++) == ':');
      require(!found.containsKey(key));
      found.put(key, value(depth + 1));
    }
    return found;
  }

  private List<Object> items(int depth) {
    List<Object> found = new ArrayList<>();
    at++;
    for (boolean isFirst = true; !ends(']', isFirst); isFirst = false) {
      found.add(value(depth + 1));
    }
    return found;
  }

  /** Steps over the end of a list or map, or over the comma before its next item. */
  private boolean ends(char end, boolean isFirst) {
    skipSpace();
    require(at < text.length());
    if (text.charAt(at) == end) {
      at++;
      return true;
    }
    require(isFirst || text.charAt(at++) == ',');
    return false;
  }

  private String string() {
    StringBuilder found = new StringBuilder();
    at++;
    while (true) {
      require(at < text.length());
      char c = text.charAt(at++);
      if (c == '"') {
        return found.toString();
      }
      require(c >= 0x20);
      found.append(c == '\\' ? escaped() : c);
    }
  }

  private char escaped() {
    require(at < text.length());
    char c = text.charAt(at++);
    int place = "\"\\/bfnrt".indexOf(c);
    if (place >= 0) {
      return "\"\\/\b\f\n\r\t".charAt(place);
    }
    require(c == 'u' && at + 4 <= text.length());
    String digits = text.substring(at, at + 4);
    require(digits.matches("[0-9a-fA-F]{4}"));
    at += 4;
    return (char) Integer.parseInt(digits, 16);
  }

  private Object word() {
    int start = at;
    while (at < text.length() && "+-.".indexOf(text.charAt(at)) + 1 > 0
        || at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
      at++;
    }
    String word = text.substring(start, at);
    switch (word) {
      case "true":
        return Boolean.TRUE;
      case "false":
        return Boolean.FALSE;
      case "null":
        return null;
      default:
        require(word.matches("-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?"));
        return Double.valueOf(word);
    }
  }

  private void skipSpace() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private void require(boolean fits) {
    if (!fits) {
      throw new IllegalArgumentException("no JSON at character " + at);
    }
  }

  /** Returns a number; JSON has no NaN and no infinity, which become strings. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "\"nan\"";
    }
    if (Double.isInfinite(value)) {
      return value < 0 ? "\"-inf\"" : "\"inf\"";
    }
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  /** Returns a float32 by the fewest digits that give it back. */
  static String number(float value) {
    return Float.isNaN(value) || Float.isInfinite(value) || value == Math.rint(value)
        ? number((double) value)
        : Float.toString(value);
  }

  static String text(String value) {
    StringBuilder found = new StringBuilder("\"");
    for (char c : value.toCharArray()) {
      if (c == '"' || c == '\\') {
        found.append('\\').append(c);
      } else if (c < 0x20 || Character.isSurrogate(c)) {
        found.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        found.append(c);
      }
    }
    return found.append('"').toString();
  }

  static String list(Iterable<String> parts) {
    return "[" + String.join(", ", parts) + "]";
  }

  static String numbers(float[] values) {
    List<String> found = new ArrayList<>();
    for (float value : values) {
      found.add(number(value));
    }
    return list(found);
  }
}
