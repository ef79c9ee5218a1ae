package @package@;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.TreeSet;
//@begin drawn
import org.opencv.core.Mat;
//@end

/** A line of text, read by CTC. */
public final class TextResult implements Result {
  private static final double NEVER = Double.NEGATIVE_INFINITY; // log of probability 0

  /** A character: its text, its score at its surest step, its first step and the one after. */
  public static final class Letter {
    /** The character. */
    public final String text;

    /** How sure the model is, at its surest step. */
    public double score;

    /** The first of its steps. */
    public int first;

    /** The step behind its last. */
    public int end;

    private Letter(String text, int first) {
      this.text = text;
      this.first = first;
    }
  }

  /** A whole text, and how probable it is. */
  public static final class Path {
    /** The text. */
    public final String text;

    /** Its probability. */
    public final double score;

    private Path(String text, double score) {
      this.text = text;
      this.score = score;
    }
  }

  private final List<Path> paths;
  private final List<Letter> characters;
  private final int steps;

  private TextResult(List<Path> paths, List<Letter> characters, int steps) {
    this.paths = List.copyOf(paths);
    this.characters = List.copyOf(characters);
    this.steps = steps;
  }

  /** Returns the most probable text. */
  public String text() {
    return paths.get(0).text;
  }

  /** Returns the probability of that text. */
  public double score() {
    return paths.get(0).score;
  }

  /** Returns the best texts, best first. */
  public List<Path> paths() {
    return paths;
  }

  /** Returns the characters of the best text. */
  public List<Letter> characters() {
    return characters;
  }

  @Override
  public String toString() {
    List<String> shown = new ArrayList<>();
    for (Path path : paths) {
      String text = path.text.isEmpty() ? "(nothing)" : path.text;
      shown.add(text + String.format(Locale.ROOT, " %.4f", path.score));
    }
    return String.join(", ", shown);
  }

  @Override
  public String toJson() {
    List<String> letters = new ArrayList<>();
    for (Letter one : characters) {
      letters.add(
          "{" + record(one.text, one.score) + ", \"steps\": [" + one.first + ", " + one.end + "]}");
    }
    List<String> texts = new ArrayList<>();
    for (Path path : paths) {
      texts.add("{" + record(path.text, path.score) + "}");
    }
    return "{\"task\": \"text\", " + record(text(), score()) + ", \"characters\": "
        + Json.list(letters) + ", \"paths\": " + Json.list(texts) + ", \"step_count\": " + steps
        + "}";
  }

  private static String record(String text, double score) {
    return "\"text\": " + Json.text(text) + ", \"score\": " + Json.number(score);
  }
//@begin drawn

  /** Returns the image with the three best texts. */
  @Override
  public Mat draw(Mat image) {
    List<String> lines = new ArrayList<>();
    for (Path path : paths.subList(0, Math.min(3, paths.size()))) {
      lines.add(path.text + String.format(Locale.ROOT, " %.3f", path.score));
    }
    return Drawing.caption(image, lines);
  }
//@end

  /** How the outputs are read. */
  static final class Task {
    private final String output;
    private final boolean isClassLast;
    private final boolean areProbabilities;
    private final List<String> charset; // of each class but the blank
    private final int blank;
    private final int beamWidth; // 0: the best class of each step
    private final int topPaths;

    Task(Facts task, Options options) {
      Facts facts = task.get("text");
      output = facts.get("output").text();
      isClassLast = facts.get("class_axis").text().equals("last");
      areProbabilities = facts.get("scores").text().equals("softmax");
      charset = facts.get("charset").texts();
      blank = facts.get("blank").integer();
      facts.get("blank").expect(0 <= blank && blank <= charset.size(), "the number of a class");
      boolean isBeam = facts.get("decode").text().equals("beam");
      beamWidth = isBeam ? positive(facts.get("beam_width")) : 0;
      topPaths = isBeam ? positive(facts.get("top_paths")) : 1;
    }

    private static int positive(Facts facts) {
      facts.expect(facts.integer() > 0, "1 or more");
      return facts.integer();
    }

    TextResult read(List<Tensor> outputs) {
      float[][] logits = logits(Tensor.find(outputs, output));
      double[][] rows = new double[logits.length][];
      for (int t = 0; t < rows.length; t++) {
        rows[t] = logSoftmax(logits[t]);
      }
      List<Decoded> found = beamWidth > 0 ? beamSearch(rows) : List.of(bestPath(logits, rows));
      List<Path> paths = new ArrayList<>();
      for (Decoded one : found) {
        StringBuilder text = new StringBuilder();
        one.classes.forEach(number -> text.append(character(number)));
        paths.add(new Path(text.toString(), Math.exp(one.score)));
      }
      return new TextResult(paths, characters(found.get(0).classes, rows), rows.length);
    }

    private String character(int number) {
      return charset.get(number - (number > blank ? 1 : 0));
    }

    /** Returns the steps' scores as logits, (T, classes); of probabilities, log(p + 1e-7). */
    private float[][] logits(Tensor tensor) {
      int classes = charset.size() + 1;
      int[] shape = tensor.shape();
      if (shape.length != 2 || shape[isClassLast ? 1 : 0] != classes) {
        throw new BundleException(
            "manifest.json: task.text.charset must have a character for each class but the blank. "
                + "Export the bundle again.");
      }
      float[] values = tensor.values();
      int steps = shape[isClassLast ? 0 : 1];
      float[][] found = new float[steps][classes];
      for (int t = 0; t < steps; t++) {
        for (int c = 0; c < classes; c++) {
          float value = values[isClassLast ? t * classes + c : c * steps + t];
          found[t][c] = areProbabilities ? (float) Math.log(value + 1e-7f) : value;
        }
      }
      return found;
    }

    private static double[] logSoftmax(float[] logits) {
      double largest = NEVER;
      for (float logit : logits) {
        largest = Math.max(largest, logit);
      }
      double sum = 0;
      for (float logit : logits) {
        sum += Math.exp(logit - largest);
      }
      double[] found = new double[logits.length];
      for (int i = 0; i < found.length; i++) {
        found[i] = logits[i] - largest - Math.log(sum);
        if (Double.isNaN(found[i])) {
          throw new BundleException("The net's scores are not numbers. Run the self-test.");
        }
      }
      return found;
    }

    /** What was decoded: classes, and the log-probability. */
    private static final class Decoded {
      final List<Integer> classes;
      final double score;

      Decoded(List<Integer> classes, double score) {
        this.classes = classes;
        this.score = score;
      }
    }

    /** The best class of each step: runs once, blanks left out. */
    private Decoded bestPath(float[][] logits, double[][] rows) {
      List<Integer> classes = new ArrayList<>();
      double score = 0;
      int previous = blank;
      for (int t = 0; t < logits.length; t++) {
        int best = 0;
        for (int c = 1; c < logits[t].length; c++) {
          best = logits[t][c] > logits[t][best] ? c : best;
        }
        if (best != blank && best != previous) {
          classes.add(best);
        }
        score += rows[t][best];
        previous = best;
      }
      return new Decoded(classes, score);
    }

    // Beam search ---------------------------------------------------------------------------------

    /**
     * A beginning of a text, with log-probabilities now and (old) a step before. The total is the
     * blank (it ends in a blank) and the label (it ends in its last character) together.
     */
    private static final class Prefix {
      final Prefix parent;
      final int last;
      final TreeMap<Integer, Prefix> children = new TreeMap<>();
      double total = NEVER;
      double blank = NEVER;
      double label = NEVER;
      double oldTotal = NEVER;
      double oldBlank = NEVER;

      Prefix(Prefix parent, int last) {
        this.parent = parent;
        this.last = last;
      }

      /** Returns how probable it was, a step before, that a new character may follow. */
      double before(int next) {
        return parent != null && next == last ? oldBlank : oldTotal;
      }

      List<Integer> classes() {
        LinkedList<Integer> found = new LinkedList<>();
        for (Prefix p = this; p.parent != null; p = p.parent) {
          found.addFirst(p.last);
        }
        return found;
      }
    }

    /** A prefix in the beam, as good as it was when it came; of equals the first is the better. */
    private static final class Leaf {
      final double total;
      final long number;
      final Prefix prefix;

      Leaf(double total, long number, Prefix prefix) {
        this.total = total;
        this.number = number;
        this.prefix = prefix;
      }
    }

    /** The beam that is being made: the best prefixes so far, the worst one first. */
    private static final class Leaves {
      private final int width;
      private final TreeSet<Leaf> sorted =
          new TreeSet<>(
              Comparator.<Leaf>comparingDouble(leaf -> leaf.total)
                  .thenComparing(leaf -> leaf.number, Comparator.reverseOrder()));
      private long pushed;

      Leaves(int width) {
        this.width = width;
      }

      double floor() {
        return sorted.size() == width ? sorted.first().total : NEVER;
      }

      void push(Prefix prefix) {
        if (sorted.size() == width) {
          Prefix worst = sorted.pollFirst().prefix;
          worst.total = NEVER;
          worst.blank = NEVER;
          worst.label = NEVER;
        }
        sorted.add(new Leaf(prefix.total, pushed++, prefix));
      }

      List<Prefix> bestFirst() {
        List<Prefix> found = new ArrayList<>();
        sorted.descendingIterator().forEachRemaining(leaf -> found.add(leaf.prefix));
        return found;
      }
    }

    private static double addLogs(double one, double two) {
      double high = Math.max(one, two);
      double low = Math.min(one, two);
      return low == NEVER ? high : high + Math.log1p(Math.exp(low - high));
    }

    /**
     * The most probable texts, best first: tf.nn.ctc_beam_search_decoder, which adds up the paths
     * that give the same text.
     */
    private List<Decoded> beamSearch(double[][] rows) {
      Prefix root = new Prefix(null, 0);
      root.total = 0;
      root.blank = 0;
      List<Prefix> beam = List.of(root);
      for (double[] row : rows) {
        for (Prefix prefix : beam) {
          prefix.oldTotal = prefix.total;
          prefix.oldBlank = prefix.blank;
        }
        Leaves leaves = new Leaves(beamWidth);
        for (Prefix prefix : beam) {
          stay(prefix, row);
          leaves.push(prefix);
        }
        for (Prefix prefix : beam) {
          if (prefix.oldTotal > leaves.floor()) {
            grow(prefix, row, leaves);
          }
        }
        beam = leaves.bestFirst();
      }
      List<Decoded> found = new ArrayList<>();
      for (Prefix prefix : beam.subList(0, Math.min(topPaths, beam.size()))) {
        found.add(new Decoded(prefix.classes(), prefix.total));
      }
      return found;
    }

    /** Adds the paths that end in this prefix still, or only now. */
    private void stay(Prefix prefix, double[] row) {
      if (prefix.parent != null) {
        if (prefix.parent.total != NEVER) {
          prefix.label = addLogs(prefix.label, prefix.parent.before(prefix.last));
        }
        prefix.label += row[prefix.last];
      }
      prefix.blank = prefix.oldTotal + row[blank];
      prefix.total = addLogs(prefix.blank, prefix.label);
    }

    /** Lets the prefixes that are a character longer into the beam, where they are better. */
    private void grow(Prefix prefix, double[] row, Leaves leaves) {
      for (int label = 0; label < row.length; label++) {
        Prefix child = prefix.children.get(label);
        if (label == blank || child != null && child.total != NEVER) {
          continue;
        }
        double total = row[label] + prefix.before(label);
        if (total > leaves.floor()) {
          if (child == null) {
            child = new Prefix(prefix, label);
            prefix.children.put(label, child);
          }
          child.total = total;
          child.label = total;
          child.blank = NEVER;
          leaves.push(child);
        } else if (child != null) { // it left the beam in this very step, and grows no more
          child.oldTotal = NEVER;
          child.oldBlank = NEVER;
        }
      }
    }

    // Where each character lies -------------------------------------------------------------------

    private List<Letter> characters(List<Integer> classes, double[][] rows) {
      int[] path = align(rows, classes);
      List<Letter> found = new ArrayList<>();
      for (int number : classes) {
        found.add(new Letter(character(number), rows.length));
      }
      for (int t = 0; t < path.length; t++) {
        if (path[t] % 2 == 1) {
          Letter one = found.get(path[t] / 2);
          one.score = Math.max(one.score, Math.exp(rows[t][classes.get(path[t] / 2)]));
          one.first = Math.min(one.first, t);
          one.end = t + 1;
        }
      }
      return found;
    }

    /**
     * Returns the state of each step on the most probable path: 2k + 1 is the k-th class, even ones
     * are blanks.
     */
    private int[] align(double[][] rows, List<Integer> classes) {
      int count = 2 * classes.size() + 1;
      int[] states = new int[count];
      Arrays.setAll(states, s -> s % 2 == 1 ? classes.get(s / 2) : blank);
      double[] best = new double[count];
      Arrays.setAll(best, s -> s < 2 ? rows[0][states[s]] : NEVER);
      int[][] moves = new int[rows.length][count];
      for (int t = 1; t < rows.length; t++) {
        double[] next = new double[count];
        for (int s = 0; s < count; s++) {
          double score = best[s];
          if (s > 0 && best[s - 1] > score) {
            score = best[s - 1];
            moves[t][s] = 1;
          }
          boolean maySkip = s > 2 && s % 2 == 1 && states[s] != states[s - 2];
          if (maySkip && best[s - 2] > score) {
            score = best[s - 2];
            moves[t][s] = 2;
          }
          next[s] = score + rows[t][states[s]];
        }
        best = next;
      }
      int state = count - 1;
      if (count > 1 && best[count - 2] > best[count - 1]) {
        state--;
      }
      int[] path = new int[rows.length];
      for (int t = rows.length - 1; t >= 0; t--) {
        path[t] = state;
        state -= moves[t][state];
      }
      return path;
    }
  }
}
