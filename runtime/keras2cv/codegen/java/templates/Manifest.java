package @package@;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;  //@only photo
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.opencv.core.Core;

/** What a bundle says about itself: manifest.json. */
final class Manifest {
  static final String KIND = "@kind@";
  private static final int SCHEMA = 1;

  final Path model;
  final String engine;
  final boolean fuses;
  final boolean usesWinograd;
  final boolean isVerified;
  final int batch;
  final List<TensorSpec> inputs;
  final List<TensorSpec> outputs;
  final List<TensorSpec> heads; // outputs of the net that only the tail reads  //@only tail
  final List<Facts> steps; // the tail's  //@only tail
  final Preprocessing preprocessing;  //@only !arrays
  final List<Preprocessing> pictures = new ArrayList<>(); // of each image, the first one first  //@only photo
  final Facts task;

  /**
   * Reads a bundle.
   *
   * @throws BundleException if there is none, it is damaged, or it is of another kind
   */
  Manifest(Path folder) {
    Facts root = new Facts(readJson(folder), "");
    int schema = root.get("schema").integer();
    if (schema != SCHEMA) {
      throw new BundleException(
          "manifest.json: schema is " + schema + ", this program reads " + SCHEMA
              + ". Generate the program again with the keras2cv that made the bundle.");
    }
    task = root.get("task");
    String kind = task.get("kind").text();
    if (!kind.equals(KIND)) {
      throw new BundleException(
          "The bundle's task is " + kind + ", this program is for " + KIND
              + ". Generate one with `keras2cv codegen " + folder + " --lang java`.");
    }
    for (String key : List.of("front", "states", "more_pictures")) {  //@only !pictures
    for (String key : List.of("front", "states")) {  //@only pictures
      if (root.has(key)) {
        throw new BundleException(
            "The bundle has " + key + ", which this program does not know. Use keras2cv.load().");
      }
    }
    root.expectKeys(
        "schema status model inputs outputs task engine source preprocessing evidence tail weights "
            + "more_pictures "  //@only pictures
            + "tuned chosen_scores forms");
    task.expectKeys("kind output scores labels class_scores @kind@");
    if (task.has(KIND)) {
      task.get(KIND).expectKeys(
          @taskkeys@);
    }
    Facts net = root.get("model");
    checkVersion(net.get("opencv").text());
    model = readableModel(folder, net);
    batch = net.get("batch").integer();
    net.get("batch").expect(batch > 0, "1 or more");
    isVerified = root.get("status").text().equals("verified");
    engine = root.get("engine").get("name").text();
    fuses = root.get("engine").get("fusion").flag();
    usesWinograd = root.get("engine").get("winograd").flag();
    inputs = TensorSpec.inputs(root.get("inputs"), batch);
    root.get("inputs").expect(inputs.size() == 1, "one image; this program fills no others");  //@only !inputs
    outputs = TensorSpec.outputs(root.get("outputs"), batch);
    heads = TensorSpec.outputs(root.get("tail").get("heads"), batch);  //@only tail
    steps = root.get("tail").get("steps").list();  //@only tail
//@begin !tail
    if (root.has("tail")) {
      throw new BundleException(
          "The bundle finishes after the net by steps that this program does not do. Generate one "
              + "with `keras2cv codegen " + folder + " --lang java`.");
    }
//@end
//@begin !arrays
    preprocessing = new Preprocessing(root.get("preprocessing"));
    checkImage(root.get("preprocessing"), preprocessing);
    pictures.add(preprocessing);  //@only photo
//@begin pictures
    for (Facts more : root.get("more_pictures").list()) {
      pictures.add(new Preprocessing(more));
      checkImage(more, pictures.get(pictures.size() - 1));
    }
//@end
//@end
  }
//@begin !arrays

  /** Requires that the image which the preprocessing makes is what its input takes. */
  private void checkImage(Facts facts, Preprocessing rules) {
    for (TensorSpec one : inputs) {
      if (one.name.equals(rules.input)) {
        boolean fits = Arrays.equals(one.netShape, rules.blobShape(batch));
        facts.get("size").expect(fits, "the size of the net's input");
        return;
      }
    }
    facts.get("input").expect(false, "one of the inputs");
  }
//@end
//@begin photo

  /** Returns how an input becomes of an image, or null if it is an array. */
  Preprocessing rulesOf(String input) {
    for (Preprocessing one : pictures) {
      if (one.input.equals(input)) {
        return one;
      }
    }
    return null;
  }
//@end

  private static Object readJson(Path folder) {
    Path path = folder.resolve("manifest.json");
    if (!Files.isRegularFile(path)) {
      throw new BundleException(
          folder + " is not a bundle: it has no manifest.json. Give a folder made by `keras2cv "
              + "export`.");
    }
    try {
      return Json.parse(new String(Files.readAllBytes(path), StandardCharsets.UTF_8));
    } catch (IOException | IllegalArgumentException error) {
      throw new BundleException(path + " is not JSON. Copy the bundle again.", error);
    }
  }

  /** Returns the model's path, if its file is the one that was verified. */
  private static Path readableModel(Path folder, Facts net) {
    String name = net.get("file").text();
    net.get("file").expect(name.matches("[\\w.-]+"), "a name without a folder");
    Path path = folder.resolve(name);
    if (!Files.isRegularFile(path)) {
      throw new BundleException(path + " is missing. Copy the bundle again.");
    }
    try {
      String size = Long.toString(Files.size(path));
      String wanted = net.get("bytes").text();
      if (!size.equals(wanted)) {
        throw new BundleException(
            path + " has " + size + " bytes, its manifest says " + wanted
                + ". Copy the bundle again.");
      }
      if (!sha256(Files.readAllBytes(path)).equals(net.get("sha256").text())) {
        throw new BundleException(
            path + " is not the file that was verified: its SHA-256 is another. Copy the bundle "
                + "again.");
      }
    } catch (IOException error) {
      throw new BundleException(path + " cannot be read. Check its permissions.", error);
    }
    return path;
  }

  private static String sha256(byte[] content) {
    try {
      StringBuilder found = new StringBuilder();
      for (byte one : MessageDigest.getInstance("SHA-256").digest(content)) {
        found.append(String.format(Locale.ROOT, "%02x", one));
      }
      return found.toString();
    } catch (NoSuchAlgorithmException error) { // every Java has it
      throw new IllegalStateException(error);
    }
  }

  private static void checkVersion(String oldest) {
    String[] parts = oldest.split("[.]");
    int major = Integer.parseInt(parts[0]);
    int minor = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
    boolean isOlder =
        major > Core.VERSION_MAJOR
            || major == Core.VERSION_MAJOR && minor > Core.VERSION_MINOR;
    if (isOlder) {
      throw new BundleException(
          "The bundle needs OpenCV " + oldest + " or newer, and this is " + Core.VERSION
              + ". Use a newer one, or export the model with --opencv " + Core.VERSION + ".");
    }
  }
}
