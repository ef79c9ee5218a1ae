package @package@;

import java.nio.file.Files;  //@only !arrays
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;  //@only inputs
import java.util.List;
import java.util.Locale;  //@only cliponly
import java.util.Map;  //@only inputs
import org.opencv.core.Core;
import org.opencv.core.CvException;
import org.opencv.core.Mat;  //@only writes
import org.opencv.imgcodecs.Imgcodecs;  //@only writes
import org.opencv.videoio.VideoCapture;  //@only clips

/** Predicts files on the command line: an example of the library. */
public final class Main {
  private static final String USAGE =
      "usage: Main BUNDLE @sources@ @options@";

  private final Options options = new Options();
  private final List<String> words = new ArrayList<>();
  private boolean isJson;
  private String save = "";  //@only !arrays
  private String mask = "";  //@only mask

  private Main() {}

  /** Runs the program. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Returns the exit code: 0 done, 1 something is wrong with a file, 2 with the arguments. */
  static int run(String[] args) {
    try {
      Main program = new Main();
      program.parse(args);
      System.loadLibrary(Core.NATIVE_LIBRARY_NAME);
      program.predict();
      return 0;
    } catch (IllegalArgumentException error) {
      System.err.println("error: " + shown(error.getMessage()) + "\n" + USAGE);
      return 2;
    } catch (BundleException error) {
      System.err.println("error: " + shown(error.getMessage()));
    } catch (CvException error) {
      System.err.println(
          "error: OpenCV " + Core.VERSION + " failed: " + shown(error.getMessage())
              + ". Run `keras2cv selftest` on the bundle.");
    } catch (UnsatisfiedLinkError error) {
      System.err.println(
          "error: " + Core.NATIVE_LIBRARY_NAME + " cannot be loaded. Say where it is, such as by "
              + "-Djava.library.path=/usr/lib/jni.");
    }
    return 1;
  }

  private void parse(String[] args) {
    for (int i = 0; i < args.length; i++) {
      String word = args[i];
      if (!word.startsWith("--")) {
        words.add(word);
        continue;
      }
      if (word.equals("--json")) {
        isJson = true;
        continue;
      }
      if (i + 1 == args.length) {
        throw new IllegalArgumentException(word + " needs a value.");
      }
      set(word, args[++i]);
    }
    if (words.size() < 2) {
      throw new IllegalArgumentException("A bundle and a file are needed.");
    }
  }

  private void set(String option, String value) {
    switch (option) {
      case "--top":  //@only top
        options.top((int) number(option, value));  //@only top
        break;  //@only top
      case "--score":  //@only score
        options.score(number(option, value));  //@only score
        break;  //@only score
      case "--save":  //@only !arrays
        save = value;  //@only !arrays
        break;  //@only !arrays
      case "--mask":  //@only mask
        mask = value;  //@only mask
        break;  //@only mask
      default:
        throw new IllegalArgumentException("There is no option " + option + ".");
    }
  }

  private static double number(String option, String value) {
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException error) {
      throw new IllegalArgumentException(option + " needs a number, got " + value + ".", error);
    }
  }

  private void print(String name, Result result) {
    if (isJson) {
      String answer = result.toJson();
      System.out.println("{\"file\": " + Json.text(name) + ", " + answer.substring(1));
    } else {
      System.out.println(shown(name) + ": " + shown(result.toString()));
    }
  }

  /** Returns text on one line, without what a terminal acts on. */
  private static String shown(String text) {
    StringBuilder found = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              int type = Character.getType(c);
              boolean isHidden =
                  Character.isISOControl(c) || type == Character.FORMAT
                      || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR;
              found.append(isHidden ? String.format("\\u%04x", c) : Character.toString(c));
            });
    return found.toString();
  }
//@begin !arrays

  private static Mat read(String file) {  //@only !deep !bands
  private static Mat read(Predictor predictor, String file) {  //@only readone
  private static Mat read(Predictor predictor, String file, String input) {  //@only readnamed
    if (!Files.isReadable(Paths.get(file))) {
      throw new BundleException(file + " cannot be opened. Check the path.");
    }
    Mat image = Imgcodecs.imread(file, Imgcodecs.IMREAD_COLOR);  //@only !deep !bands
    Mat image = predictor.read(file);  //@only readone
    Mat image = predictor.read(file, input);  //@only readnamed
    if (image.empty()) {
      throw new BundleException(
          "OpenCV " + Core.VERSION + " cannot decode " + file + " as an image. If a viewer opens "
              + "it, save it as .png there.");
    }
    return image;
  }
//@end
//@begin writes

  private static void write(String file, Mat picture) {
    if (!Imgcodecs.imwrite(file, picture)) {
      throw new BundleException(file + " cannot be written. Check its folder and its ending.");
    }
  }
//@end
//@begin clips

  private static boolean isImage(String file) {
    return Imgcodecs.haveImageReader(file);  //@only !bands
    return file.endsWith(".npy") || Imgcodecs.haveImageReader(file);  //@only bands
  }

  private static VideoCapture open(String file) {
    VideoCapture video = new VideoCapture(file);
    if (!video.isOpened()) {
      throw new BundleException(
          "OpenCV " + Core.VERSION + " opens " + file + " neither as an image nor as a video. "
              + "Check the path.");
    }
    return video;
  }
//@end
//@begin cliponly

  private void predict() {
    Predictor predictor = new Predictor(Paths.get(words.get(0)), options);
    List<String> files = words.subList(1, words.size());
    ClipCutter images = null; // images that follow each other are frames, too
    String first = "";
    for (String file : files) {
      if (isImage(file)) {
        first = images == null ? file : first;
        images = images == null ? predictor.cutter() : images;
        Mat image = read(file);  //@only !deep !bands
        Mat image = read(predictor, file);  //@only deep bands
        add(predictor, images, image, first + ".." + Paths.get(file).getFileName());
        continue;
      }
      if (images != null) {
        images.finish();
        images = null;
      }
      ClipCutter cutter = predictor.cutter();
      VideoCapture video = open(file);
      Mat frame = new Mat();
      while (video.read(frame)) {
        long last = cutter.count();
        long start = last - predictor.clipFrames() + 1;
        add(predictor, cutter, frame, String.format(Locale.ROOT, "%s:%06d-%06d", file, start, last));
        frame = new Mat();
      }
      video.release();
      cutter.finish();
    }
    if (images != null) {
      images.finish();
    }
  }

  /** Takes a frame, and prints the answer for the clip that it completes. */
  private void add(Predictor predictor, ClipCutter cutter, Mat frame, String name) {
    List<Mat> clip = cutter.add(frame);
    if (clip.isEmpty()) {
      return;
    }
    @result@ result = predictor.predict(clip);
    print(name, result);
    if (!save.isEmpty()) {
      write(save, result.draw(frame));  //@only drawn !deep !bands
      write(save, result.draw(predictor.drawable(frame)));  //@only drawnspecial
      write(save, result.picture());  //@only picture
    }
    if (!mask.isEmpty()) {  //@only mask
      write(mask, result.toMask());  //@only mask
    }  //@only mask
  }
//@end
//@begin !inputs !clips

  private void predict() {
    Predictor predictor = new Predictor(Paths.get(words.get(0)), options);
    List<String> files = words.subList(1, words.size());
    if (files.size() > 1 && !save.isEmpty()) {
      throw new IllegalArgumentException("--save is for one image, got " + files.size() + ".");
    }
    for (String file : files) {
      Mat image = read(file);  //@only !deep !bands
      Mat image = read(predictor, file);  //@only deep bands
      @result@ result = predictor.predict(image);
      print(file, result);
      if (!save.isEmpty()) {
        write(save, result.draw(image));  //@only drawn !deep !bands
        write(save, result.draw(predictor.drawable(image)));  //@only drawnspecial
        write(save, result.picture());  //@only picture
      }
      if (!mask.isEmpty()) {  //@only mask
        write(mask, result.toMask());  //@only mask
      }  //@only mask
    }
  }
//@end
//@begin inputs
//@begin clips

  /** Returns the frames of the first clip of a video. */
  private static List<Mat> firstClip(Predictor predictor, String input, String file) {
    ClipCutter cutter = predictor.cutter(input);
    VideoCapture video = open(file);
    List<Mat> clip = List.of();
    Mat frame = new Mat();
    while (clip.isEmpty() && video.read(frame)) {
      clip = cutter.add(frame);
      frame = new Mat();
    }
    video.release();
    cutter.finish();
    return clip;
  }
//@end

  private void predict() {
    Predictor predictor = new Predictor(Paths.get(words.get(0)), options);
    Map<String, Object> inputs = new LinkedHashMap<>();
    Mat image = null; // the one that is drawn on  //@only photo
    String first = predictor.imageInput();  //@only pictures
    for (String word : words.subList(1, words.size())) {
      String[] pair = word.split("=", 2);
      if (pair.length < 2) {
        throw new IllegalArgumentException(word + " is not NAME=FILE. Give each input a file.");
      }
//@begin clips
      if (predictor.takesClip(pair[0])) {
        List<Mat> frames = firstClip(predictor, pair[0], pair[1]);
        inputs.put(pair[0], frames);
        Mat last = frames.get(frames.size() - 1);
        image = last;  //@only !pictures
        image = pair[0].equals(first) ? last : image;  //@only pictures
        continue;
      }
//@end
//@begin photo
      if (!pair[1].endsWith(".npy")) {  //@only !bands
      if (predictor.takesImage(pair[0])) {  //@only bands
        Mat found = read(pair[1]);  //@only !deep !bands
        Mat found = read(predictor, pair[1], pair[0]);  //@only deep bands
        inputs.put(pair[0], found);
        image = found;  //@only !pictures
        image = pair[0].equals(first) ? found : image;  //@only pictures
        continue;
      }
//@end
      inputs.put(pair[0], NumpyFile.read(Paths.get(pair[1])));
    }
    @result@ result = predictor.predict(inputs);
    print(String.join(" ", words.subList(1, words.size())), result);
    if (!mask.isEmpty()) {  //@only mask
      write(mask, result.toMask());  //@only mask
    }  //@only mask
//@begin photo
    if (!save.isEmpty() && image != null) {
      write(save, result.draw(image));  //@only drawn !deep !bands
      write(save, result.draw(predictor.drawable(image)));  //@only drawnspecial
      write(save, result.picture());  //@only picture
    }
//@end
  }
//@end
}
