import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.opencv.core.Core;
import org.opencv.core.Mat;
import org.opencv.imgcodecs.Imgcodecs;

/**
 * Compiles modules and predicts with them, each in a class loader of its own. A line of the standard
 * input is a job, its words apart by tabs; a line of the output is a word and its reply:
 *
 * <pre>
 * compile FOLDER                          -> ok, or what javac says
 * predict FOLDER PACKAGE BUNDLE OUT NAME=FILE...  -> the answer as JSON, or the exception
 * </pre>
 *
 * The frames of a clip are NAME=FILE|FILE|..., and numbers NAME=numbers:FILE. OUT.blob receives the
 * blob of an image alone, and OUT.png the drawn picture.
 */
public final class GoldenRunner {
  private final Map<String, ClassLoader> loaders = new HashMap<>();

  public static void main(String[] args) throws Exception {
    System.loadLibrary(Core.NATIVE_LIBRARY_NAME);
    GoldenRunner runner = new GoldenRunner();
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] words = line.split("\t");
      String reply = words[0].equals("compile") ? runner.compile(words[1]) : runner.predict(words);
      System.out.println(reply.replace("\n", " "));
    }
  }

  private String compile(String folder) throws Exception {
    Path classes = Files.createDirectories(Paths.get(folder, "classes"));
    List<String> words = new ArrayList<>();
    words.addAll(List.of("--release", "11", "-Xlint:all", "-Werror", "-d", classes.toString()));
    words.addAll(List.of("-sourcepath", folder, "-cp", System.getProperty("java.class.path")));
    try (Stream<Path> files = Files.walk(Paths.get(folder, "src"))) {
      words.addAll(
          files.map(Path::toString).filter(p -> p.endsWith(".java")).collect(Collectors.toList()));
    }
    java.io.ByteArrayOutputStream said = new java.io.ByteArrayOutputStream();
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(null, said, said, words.toArray(new String[0]));
    return code == 0 ? "ok" : said.toString(StandardCharsets.UTF_8);
  }

  private String predict(String[] words) throws Exception {
    try {
      return answer(words);
    } catch (InvocationTargetException error) {
      return error.getCause().toString();
    }
  }

  private String answer(String[] words) throws Exception {
    ClassLoader loader = loaders.computeIfAbsent(words[1], GoldenRunner::loaderOf);
    Class<?> type = loader.loadClass(words[2] + ".Predictor");
    Object predictor = type.getConstructor(Path.class).newInstance(Paths.get(words[3]));
    Map<String, Object> inputs = new LinkedHashMap<>();
    Mat image = null;
    for (int i = 5; i < words.length; i++) {
      String[] pair = words[i].split("=", 2);
      if (pair[1].contains("|")) {
        List<Mat> frames = new ArrayList<>();
        for (String file : pair[1].split("[|]")) {
          frames.add(picture(predictor, pair[0], file));
        }
        inputs.put(pair[0], frames);
        image = image == null ? frames.get(frames.size() - 1) : image; // the first is drawn on
      } else if (pair[1].startsWith("numbers:")) {
        Class<?> reader = loader.loadClass(words[2] + ".NumpyFile");
        Path file = Paths.get(pair[1].substring("numbers:".length()));
        inputs.put(pair[0], reader.getMethod("read", Path.class).invoke(null, file));
      } else {
        inputs.put(pair[0], picture(predictor, pair[0], pair[1]));
        image = image == null ? (Mat) inputs.get(pair[0]) : image;
      }
    }
    boolean isPicture = inputs.size() == 1 && image != null;
    Object only = inputs.values().iterator().next();
    Class<?> taken = only instanceof List ? List.class : Mat.class;
    Object result =
        isPicture
            ? type.getMethod("predict", taken).invoke(predictor, only)
            : type.getMethod("predict", Map.class).invoke(predictor, inputs);
    if (isPicture) {
      float[] blob = (float[]) type.getMethod("prepare", taken).invoke(predictor, only);
      ByteBuffer bytes = ByteBuffer.allocate(4 * blob.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(blob);
      Files.write(Paths.get(words[4] + ".blob"), bytes.array());
    }
    if (image != null && has(type, "drawable", Mat.class)) {
      image = (Mat) type.getMethod("drawable", Mat.class).invoke(predictor, image);
    }
    if (image != null) {
      Imgcodecs.imwrite(words[4] + ".png", drawn(result, image));
    }
    return (String) result.getClass().getMethod("toJson").invoke(result);
  }

  /** Returns an image as an input takes it, of which some have 16 bits or further channels. */
  private static Mat picture(Object predictor, String input, String file) throws Exception {
    Class<?> type = predictor.getClass();
    if (has(type, "read", String.class)) {
      return (Mat) type.getMethod("read", String.class).invoke(predictor, file);
    }
    if (has(type, "read", String.class, String.class)) {
      return (Mat) type.getMethod("read", String.class, String.class).invoke(predictor, file, input);
    }
    return Imgcodecs.imread(file);
  }

  private static boolean has(Class<?> type, String name, Class<?>... of) {
    try {
      return type.getMethod(name, of) != null;
    } catch (NoSuchMethodException error) {
      return false;
    }
  }

  private static Mat drawn(Object result, Mat image) throws Exception {
    try {
      return (Mat) result.getClass().getMethod("draw", Mat.class).invoke(result, image);
    } catch (NoSuchMethodException error) { // its answer is a picture
      return (Mat) result.getClass().getMethod("picture").invoke(result);
    }
  }

  private static ClassLoader loaderOf(String folder) {
    try {
      URL classes = Paths.get(folder, "classes").toUri().toURL();
      return new URLClassLoader(new URL[] {classes}, GoldenRunner.class.getClassLoader());
    } catch (java.net.MalformedURLException error) {
      throw new IllegalStateException(error);
    }
  }
}
