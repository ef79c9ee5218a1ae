package @package@;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A value of the manifest that knows where it lies, so that a complaint can say so. */
final class Facts {
  private final Object value;
  private final String path;

  Facts(Object value, String path) {
    this.value = value;
    this.path = path;
  }

  boolean has(String key) {
    return value instanceof Map && ((Map<?, ?>) value).get(key) != null;
  }

  /** Requires that there are no other keys than these: another one changes what they mean. */
  void expectKeys(String known) {
    List<String> all = List.of(known.split(" "));
    for (Object key : value instanceof Map ? ((Map<?, ?>) value).keySet() : List.of()) {
      if (!all.contains(key)) {
        throw new BundleException(
            "manifest.json: " + (path.isEmpty() ? "" : path + ".") + key
                + " is unknown to this program. Generate it again with the keras2cv that made the "
                + "bundle.");
      }
    }
  }

  Facts get(String key) {
    String name = path.isEmpty() ? key : path + "." + key;
    if (!has(key)) {
      throw new BundleException(
          "manifest.json: " + name + " is missing. Export the bundle again.");
    }
    return new Facts(((Map<?, ?>) value).get(key), name);
  }

  String text() {
    expect(value instanceof String, "a string");
    return (String) value;
  }

  String text(String key, String otherwise) {
    return has(key) ? get(key).text() : otherwise;
  }

  double number() {
    expect(value instanceof Double, "a number");
    return (Double) value;
  }

  int integer() {
    double number = number();
    expect(number == Math.rint(number) && Math.abs(number) <= Integer.MAX_VALUE, "an integer");
    return (int) number;
  }

  /** Returns a flag, which the manifest writes as 0 or 1 for OpenCV's reader. */
  boolean flag() {
    return integer() != 0;
  }

  List<Facts> list() {
    expect(value instanceof List, "a list");
    List<Facts> found = new ArrayList<>();
    for (Object item : (List<?>) value) {
      found.add(new Facts(item, path + "[" + found.size() + "]"));
    }
    return found;
  }

  int[] integers() {
    return list().stream().mapToInt(Facts::integer).toArray();
  }

  double[] numbers() {
    return list().stream().mapToDouble(Facts::number).toArray();
  }

  List<String> texts() {
    List<String> found = new ArrayList<>();
    for (Facts item : list()) {
      found.add(item.text());
    }
    return found;
  }

  List<String> texts(String key) {
    return has(key) ? get(key).texts() : List.of();
  }

  void expect(boolean isRight, String wanted) {
    if (!isRight) {
      throw new BundleException(
          "manifest.json: " + path + " must be " + wanted + ". Export the bundle again.");
    }
  }
}
