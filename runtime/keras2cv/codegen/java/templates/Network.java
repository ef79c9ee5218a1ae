package @package@;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;  //@only tail
import org.opencv.core.Core;
import org.opencv.core.CvException;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.dnn.Dnn;
import org.opencv.dnn.Net;

/** The net: blobs in, each output of each sample out, under Keras' names and in Keras' layout. */
final class Network {
  // OpenCV 5.0's numbers of its engines, for readNet.
  private static final int CLASSIC = 1;
  private static final int MODERN = 2;

  private final Manifest manifest;
  private final Net net;
  private final List<String> names; // of the net's outputs that are asked for

  Network(Manifest manifest) {
    this.manifest = manifest;
    boolean hasTwo = Core.VERSION_MAJOR >= 5;
    if (manifest.engine.equals("new") && !hasTwo) {
      throw new BundleException(
          "The bundle was verified with OpenCV 5's new engine only, this is OpenCV " + Core.VERSION
              + ". Use OpenCV 5, or export it with --opencv " + Core.VERSION + ".");
    }
    Net found = hasTwo && !manifest.engine.equals("classic") ? modern(manifest) : null;
    boolean isClassic = found == null;
    net = isClassic ? classic(manifest, hasTwo) : found;
    names = isClassic ? netOutputs(manifest) : net.getUnconnectedOutLayersNames();
    if (isClassic) {
      net.setPreferableBackend(Dnn.DNN_BACKEND_OPENCV);
      net.setPreferableTarget(Dnn.DNN_TARGET_CPU);
      if (!manifest.fuses) {
        net.enableFusion(false);
      }
      if (!manifest.usesWinograd) {
        disableWinograd(net);
      }
    }
  }

  /** A bundle that was verified with both engines goes to the classic one if the new refuses it. */
  private static Net modern(Manifest manifest) {
    try {
      return read(manifest, MODERN);
    } catch (CvException error) {
      if (manifest.engine.equals("new")) {
        throw unreadable(manifest, error);
      }
      return null;
    }
  }

  private static Net classic(Manifest manifest, boolean hasTwo) {
    try {
      return hasTwo ? read(manifest, CLASSIC) : Dnn.readNet(manifest.model.toString());
    } catch (CvException error) {
      throw unreadable(manifest, error);
    }
  }

  private static BundleException unreadable(Manifest manifest, CvException error) {
    return new BundleException(
        "OpenCV " + Core.VERSION + " does not load " + manifest.model
            + ". Export it for this OpenCV, with --opencv.",
        error);
  }

  /** Reads by an engine of OpenCV 5, whose call OpenCV 4 does not have. */
  private static Net read(Manifest manifest, int engine) {
    String path = manifest.model.toString();
    try {
      return (Net)
          Dnn.class
              .getMethod("readNet", String.class, String.class, String.class, int.class)
              .invoke(null, path, "", "", engine);
    } catch (InvocationTargetException error) {
      throw new CvException(String.valueOf(error.getCause()));
    } catch (ReflectiveOperationException error) { // an OpenCV with one engine
      return Dnn.readNet(path);
    }
  }

  /** OpenCV has the switch since 4.7. */
  private static void disableWinograd(Net net) {
    try {
      Net.class.getMethod("enableWinograd", boolean.class).invoke(net, false);
    } catch (ReflectiveOperationException error) {
      return; // nothing to switch off
    }
  }

  /**
   * Runs a batch.
   *
   * @param blobs the numbers of each input, as the net takes them
   * @param count how many samples of the batch to return
   * @return every output of each sample, in Keras' order
   */
  synchronized List<List<Tensor>> run(List<float[]> blobs, int count) {
    for (int i = 0; i < blobs.size(); i++) {
      TensorSpec spec = manifest.inputs.get(i);
      Mat blob = new Mat(spec.netShape, CvType.CV_32F);
      blob.put(new int[spec.netShape.length], blobs.get(i));
      net.setInput(blob, spec.netName);
    }
    List<Mat> arrays = new ArrayList<>();
    net.forward(arrays, names);
    Map<String, float[]> found = new HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      found.put(names.get(i), floats(arrays.get(i)));
    }
    addTail(found);  //@only tail
    List<List<Tensor>> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<Tensor> sample = new ArrayList<>();
      for (TensorSpec spec : manifest.outputs) {
        sample.add(cut(array(found, spec), spec, i));
      }
      samples.add(sample);
    }
    return samples;
  }

  /** Returns the numbers of an array, one after the other. */
  static float[] floats(Mat array) {
    Mat whole = array;
    if (array.depth() != CvType.CV_32F) {
      whole = new Mat();
      array.convertTo(whole, CvType.CV_32F);
    } else if (!array.isContinuous()) {
      whole = array.clone();
    }
    Mat row = whole.reshape(1, 1);
    float[] found = new float[(int) row.total()];
    row.get(0, 0, found);
    return found;
  }

  /** What the net itself gives: its own of the outputs, and the heads that a tail reads. */
  private static List<String> netOutputs(Manifest manifest) {
    List<String> found = new ArrayList<>();
//@begin tail
    Set<String> made = Tail.namesMade(manifest.steps);
    for (TensorSpec output : manifest.outputs) {
      if (!made.contains(output.netName)) {
        found.add(output.netName);
      }
    }
    for (TensorSpec head : manifest.heads) {
      found.add(head.netName);
    }
//@end
//@begin !tail
    for (TensorSpec output : manifest.outputs) {
      found.add(output.netName);
    }
//@end
    return found;
  }
//@begin tail

  /** Does the tail's steps, and adds what they make. */
  private void addTail(Map<String, float[]> found) {
    Map<String, Tail.Array> arrays = new HashMap<>();
    for (TensorSpec head : manifest.heads) {
      int size = TensorSpec.product(head.kerasShape, 0);
      double[] values = new double[size];
      int at = 0;
      for (int i = 0; at < size; i++) {
        for (float value : cut(array(found, head), head, i).values()) {
          values[at++] = value;
        }
      }
      arrays.put(head.name, new Tail.Array(head.dtype, head.kerasShape, values));
    }
    Tail.finish(arrays, manifest.steps);
    for (TensorSpec output : manifest.outputs) {
      Tail.Array made = arrays.get(output.netName);
      if (made == null || found.containsKey(output.netName)) {
        continue;
      }
      if (!Arrays.equals(made.shape, output.netShape)) {
        throw new BundleException(
            "manifest.json: tail: " + output.name + " comes out in another shape. Export the "
                + "bundle again.");
      }
      float[] values = new float[made.values.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) made.values[i];
      }
      found.put(output.netName, values);
    }
  }
//@end

  private static float[] array(Map<String, float[]> arrays, TensorSpec spec) {
    float[] found = arrays.get(spec.netName);
    if (found == null) {
      throw new BundleException(
          "The net has no output " + spec.netName + ". Export the bundle again.");
    }
    if (found.length != TensorSpec.product(spec.netShape, 0)) {
      throw new BundleException(
          "OpenCV " + Core.VERSION + " gives output " + spec.name + " another shape than the "
              + "manifest says. Export the bundle for this OpenCV, with --opencv.");
    }
    return found;
  }

  /** Returns a sample of an output, in Keras' layout. */
  private static Tensor cut(float[] array, TensorSpec spec, int index) {
    int[] shape = spec.sampleShape();
    int size = TensorSpec.product(shape, 0);
    int first = spec.isBatched ? index * size : 0;
    float[] values = Arrays.copyOfRange(array, first, first + size);
    if (!spec.layout.equals("same")) {
      values = channelsLast(values, shape[shape.length - 1]);
    }
    boolean isWhole = spec.dtype.contains("int");
    for (int i = 0; i < size && (isWhole || spec.dtype.equals("bool")); i++) {
      values[i] = isWhole ? (float) Math.rint(values[i]) + 0.0f : values[i] != 0 ? 1 : 0; // no -0
    }
    return new Tensor(spec.name, spec.dtype, shape, values);
  }

  /** (C, ...) to (..., C). */
  private static float[] channelsLast(float[] values, int channels) {
    float[] found = new float[values.length];
    int plane = values.length / channels;
    for (int i = 0; i < values.length; i++) {
      found[i % plane * channels + i / plane] = values[i];
    }
    return found;
  }

  /**
   * Returns one sample's numbers as a whole batch for the net: the channels before the other axes,
   * and the same sample again and again.
   */
  static float[] asBlob(float[] values, TensorSpec spec) {
    int[] shape = spec.sampleShape();
    int size = TensorSpec.product(shape, 0);
    if (values.length != size) {
      throw new BundleException(
          "Input " + spec.name + " takes one sample of shape " + Arrays.toString(shape) + ", "
              + size + " numbers, got " + values.length + ".");
    }
    int channels = spec.layout.equals("same") ? 1 : shape[shape.length - 1];
    float[] found = new float[size * spec.netShape[0]];
    int at = 0;
    while (at < found.length) {
      for (int c = 0; c < channels; c++) {
        for (int i = c; i < size; i += channels) {
          found[at++] = values[i];
        }
      }
    }
    return found;
  }
}
