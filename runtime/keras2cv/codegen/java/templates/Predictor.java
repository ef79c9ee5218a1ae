package @package@;

import java.nio.file.Path;
import java.nio.file.Paths;  //@only bands
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.opencv.core.Mat;
import org.opencv.core.Size;  //@only pixels
import org.opencv.imgcodecs.Imgcodecs;  //@only deep bands
import org.opencv.imgproc.Imgproc;  //@only bands
import org.opencv.videoio.VideoCapture;  //@only cliponly

/**
 * A bundle of keras2cv, ready to predict. Load OpenCV's library first, such as by {@code
 * System.loadLibrary(Core.NATIVE_LIBRARY_NAME)}, or {@code OpenCVLoader.initLocal()} on Android.
 *
 * <p>One predictor may be used by several threads, which then wait for each other while the net
 * runs; for threads that do not wait, give each its own.
 */
public final class Predictor {
  private final Manifest manifest;
  private final Network network;
  private final @result@.Task task;

  /**
   * Loads a bundle.
   *
   * @param bundle the folder that {@code keras2cv export} wrote
   * @throws BundleException if there is none, it is altered or for another program, or this OpenCV
   *     cannot run it
   */
  public Predictor(Path bundle) {
    this(bundle, new Options());
  }

  /** Loads a bundle, with other settings than its own. */
  public Predictor(Path bundle, Options options) {
    manifest = new Manifest(bundle);
    task = new @result@.Task(manifest.task, options);
    network = new Network(manifest);
  }

//@begin pictures
  /** Returns the input whose image the answer is drawn on, and in whose pixels it is. */
  public String imageInput() {
    return manifest.preprocessing.input;
  }

//@end
//@begin deep bands
  /** Returns the image in a file as the model takes it: with 16 bits, or all of its channels. */  //@only !inputs
  public Mat read(String file) {  //@only !inputs
    Preprocessing rules = manifest.preprocessing;  //@only !inputs
  /** Returns the image in a file as an input takes it: with 16 bits, or all of its channels. */  //@only inputs
  public Mat read(String file, String input) {  //@only inputs
    Preprocessing rules = manifest.rulesOf(input);  //@only inputs
    if (rules == null) {  //@only inputs
      throw new BundleException(input + " is no input for an image.");  //@only inputs
    }  //@only inputs
    if (file.endsWith(".npy") && !rules.isOfColour()) {  //@only bands
      return NumpyFile.image(Paths.get(file));  //@only bands
    }  //@only bands
    int flags = Imgcodecs.IMREAD_COLOR;
    if (rules.isDeep) {  //@only deep
      flags |= Imgcodecs.IMREAD_ANYDEPTH;  //@only deep
    }  //@only deep
    Mat image = Imgcodecs.imread(file, rules.isOfColour() ? flags : Imgcodecs.IMREAD_UNCHANGED);
    if (rules.color.equals("CHANNELS") && image.channels() == 4) {  //@only bands
      Imgproc.cvtColor(image, image, Imgproc.COLOR_BGRA2RGBA);  //@only bands
    }  //@only bands
    return image;
  }

  /**
   * Returns what answers are drawn on: 8 bits in BGR, of an image that the model takes. Of further
   * channels the first are red, green and blue.
   */
  public Mat drawable(Mat image) {
    return Preparation.drawable(image, manifest.preprocessing);
  }

//@end
//@begin photo
  /** Returns whether an input takes an image. */  //@only bands
  boolean takesImage(String input) {  //@only bands
    return manifest.rulesOf(input) != null;  //@only bands
  }  //@only bands

//@end
  /** Returns whether the bundle's predictions were compared with the Keras model's. */
  public boolean isVerified() {
    return manifest.isVerified;
  }
//@begin clips

//@begin !inputs
  /** Returns what cuts the frames of a video into clips. */
  public ClipCutter cutter() {
    return new ClipCutter(manifest.preprocessing);
  }
//@end
//@begin inputs
  /** Returns whether an input takes the frames of a clip. */
  public boolean takesClip(String input) {
    Preprocessing rules = manifest.rulesOf(input);
    return rules != null && rules.window > 0;
  }

  /** Returns what cuts the frames of a video into clips for an input. */
  public ClipCutter cutter(String input) {
    if (!takesClip(input)) {
      throw new BundleException(input + " is no input for clips.");
    }
    return new ClipCutter(manifest.rulesOf(input));
  }
//@end
//@end
//@begin cliponly

  /** Returns how many frames of a video a clip covers. */
  public int clipFrames() {
    return manifest.preprocessing.span();
  }

  /**
   * Predicts one clip.
   *
   * @param frames as many as {@link #clipFrames} says, of one size and type CV_8UC3 in BGR order  //@only !deep !bands
   * @param frames as many as {@link #clipFrames} says, of one size, as {@link #read} gives them  //@only deep bands
   */
  public @result@ predict(List<Mat> frames) {
    float[] blob =
        Preparation.prepareClips(List.of(frames), manifest.preprocessing, manifest.batch);
    List<Tensor> sample = network.run(List.of(blob), 1).get(0);
    return task.read(sample);  //@only !pixels
    Size size = frames.get(frames.size() - 1).size();  //@only pixels
    return task.read(sample, Placement.of(size, manifest.preprocessing));  //@only pixels
  }

  /**
   * Predicts every clip in what is left of a video.
   *
   * @throws BundleException if that is shorter than one clip
   */
  public List<@result@> predict(VideoCapture video) {
    List<@result@> found = new ArrayList<>();
    ClipCutter cutter = cutter();
    Mat frame = new Mat();
    while (video.read(frame)) {
      List<Mat> clip = cutter.add(frame);
      if (!clip.isEmpty()) {
        found.add(predict(clip));
      }
      frame = new Mat();
    }
    cutter.finish();
    return found;
  }

  /** Returns the blob that a clip becomes, (1, C, frames, H, W). */
  public float[] prepare(List<Mat> frames) {
    return Preparation.prepareClips(List.of(frames), manifest.preprocessing, 1);
  }
//@end
//@begin !inputs !clips

  /**
   * Predicts one image.
   *
   * @param image of type CV_8UC3 in BGR order, of any size, as {@code Imgcodecs.imread} gives it  //@only !deep !bands
   * @param image of any size, as {@link #read} gives it  //@only deep bands
   */
  public @result@ predict(Mat image) {
    return predict(List.of(image)).get(0);
  }

  /** Predicts images of any sizes, as many at a time as the bundle's batch. */
  public List<@result@> predict(List<Mat> images) {
    List<@result@> found = new ArrayList<>();
    for (int first = 0; first < images.size(); first += manifest.batch) {
      int last = Math.min(first + manifest.batch, images.size());
      List<Mat> some = images.subList(first, last);
      float[] blob = Preparation.prepare(some, manifest.preprocessing, manifest.batch);
      List<List<Tensor>> samples = network.run(List.of(blob), some.size());
      for (int i = 0; i < some.size(); i++) {
        found.add(task.read(samples.get(i)));  //@only !pixels
        Size size = some.get(i).size();  //@only pixels
        found.add(task.read(samples.get(i), Placement.of(size, manifest.preprocessing)));  //@only pixels
      }
    }
    return found;
  }

  /** Returns the blob that an image becomes, (1, C, H, W): for comparing with other programs. */
  public float[] prepare(Mat image) {
    return Preparation.prepare(List.of(image), manifest.preprocessing, 1);
  }
//@end
//@begin inputs

  /**
   * Predicts one sample.
   *
   * @param inputs Keras' name of each input, and its numbers in Keras' order and layout{@code
   *     (float[])}, or the image (Mat, CV_8UC3, BGR) where the bundle prepares one, or a list of
   *     them, the frames of a clip  //@only clips
   */
  public @result@ predict(Map<String, ?> inputs) {
    TreeSet<String> names = new TreeSet<>();
    manifest.inputs.forEach(spec -> names.add(spec.name));
    if (!inputs.keySet().equals(names)) {
      throw new BundleException(
          "The model has the inputs " + String.join(", ", names) + ", got "
              + String.join(", ", inputs.keySet()) + ".");
    }
    List<float[]> blobs = new ArrayList<>();
    Size size = new Size();  //@only pixels
    for (TensorSpec spec : manifest.inputs) {
      Object value = inputs.get(spec.name);
//@begin photo
      Preprocessing rules = manifest.rulesOf(spec.name);
      if (rules != null) {
//@begin clips
        if (rules.window > 0) {
          List<Mat> frames = new ArrayList<>();
          for (Object one : given(List.class, value, spec)) {
            frames.add(given(Mat.class, one, spec));
          }
          blobs.add(Preparation.prepareClips(List.of(frames), rules, manifest.batch));
          Size own = frames.get(frames.size() - 1).size();  //@only pixels
          size = own;  //@only pixels !placedfirst
          size = rules == manifest.preprocessing ? own : size;  //@only placedfirst
          continue;
        }
//@end
        Mat image = given(Mat.class, value, spec);
        blobs.add(Preparation.prepare(List.of(image), rules, manifest.batch));
        size = image.size();  //@only pixels !placedfirst
        size = rules == manifest.preprocessing ? image.size() : size;  //@only placedfirst
        continue;
      }
//@end
      blobs.add(Network.asBlob(given(float[].class, value, spec), spec));
//@begin identity
      if (spec.layout.equals("NCHW")) {
        size = new Size(spec.netShape[3], spec.netShape[2]);
      }
//@end
    }
    List<Tensor> sample = network.run(blobs, 1).get(0);
    return task.read(sample);  //@only !pixels
    return task.read(sample, Placement.of(size, manifest.preprocessing));  //@only placed
    return task.read(sample, Placement.of(size));  //@only identity
  }

  private static <T> T given(Class<T> type, Object value, TensorSpec spec) {
    if (!type.isInstance(value)) {
      throw new BundleException(
          "Input " + spec.name + " takes a " + type.getSimpleName() + ", got "
              + (value == null ? "nothing" : value.getClass().getSimpleName()) + ".");
    }
    return type.cast(value);
  }
//@end
}
