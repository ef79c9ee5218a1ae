package @package@;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
//@begin bands
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.Size;
//@end

/** Reads .npy files, by numpy.lib.format. */
public final class NumpyFile {
  private static final Pattern HEADER =
      Pattern.compile("'descr': '[<|]([fiub][1248])'.*'fortran_order': False.*'shape': "
              + "\\(([0-9, ]*)\\)");

  private final String type;  //@only bands
  private final int[] shape;  //@only bands
  private final float[] numbers;

  private NumpyFile(String type, int[] shape, float[] numbers) {
    this.type = type;  //@only bands
    this.shape = shape;  //@only bands
    this.numbers = numbers;
  }

  /**
   * Returns the numbers of an array, in C order.
   *
   * @throws BundleException if the file is not there, is none, or holds another kind of numbers
   */
  public static float[] read(Path path) {
    return array(path).numbers;
  }
//@begin bands

  /**
   * Returns the image (H, W, C) in a file.
   *
   * @throws BundleException if there is none of 8 or 16 bits
   */
  static Mat image(Path path) {
    NumpyFile array = array(path);
    boolean isDeep = array.type.equals("u2");
    int[] shape = array.shape;
    if (shape.length != 3 || shape[2] > 512 || !isDeep && !array.type.equals("u1")) {
      throw new BundleException(
          path + " is no image: it must hold (H, W, C) of uint8 or uint16. Write it with np.save.");
    }
    Mat floats = Resizing.image32(array.numbers, new Size(shape[1], shape[0]), shape[2]);
    Mat found = new Mat();
    floats.convertTo(found, isDeep ? CvType.CV_16U : CvType.CV_8U);
    return found;
  }
//@end

  private static NumpyFile array(Path path) {
    byte[] content;
    try {
      content = Files.readAllBytes(path);
    } catch (IOException error) {
      throw new BundleException(path + " cannot be opened. Check the path.", error);
    }
    ByteBuffer buffer = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    boolean isNumpy =
        content.length > 12 && (content[0] & 255) == 0x93 && text(content, 1, 5).equals("NUMPY");
    int start = isNumpy && content[6] == 1 ? 10 : 12;
    long length = !isNumpy ? 0 : start == 10 ? buffer.getShort(8) & 0xffff : buffer.getInt(8);
    if (!isNumpy || length < 0 || start + length > content.length) {
      throw new BundleException(path + " is no .npy file. Write it with np.save.");
    }
    Matcher header = HEADER.matcher(text(content, start, (int) length));
    if (!header.find()) {
      throw new BundleException(
          path + " is no array of numbers in C order. Write it as float32 with np.save.");
    }
    buffer.position(start + (int) length);
    buffer = buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
    float[] numbers = numbers(buffer, header.group(1), path);
    String shape = header.group(2).replace(" ", "");
    int[] sizes =
        shape.isEmpty()
            ? new int[0]
            : Arrays.stream(shape.split(",")).mapToInt(Integer::parseInt).toArray();
    if (TensorSpec.product(sizes, 0) > numbers.length) {
      throw new BundleException(path + " is cut short. Copy it again.");
    }
    return new NumpyFile(header.group(1), sizes, numbers);
  }

  private static String text(byte[] content, int start, int length) {
    return new String(content, start, length, StandardCharsets.ISO_8859_1);
  }

  private static float[] numbers(ByteBuffer buffer, String type, Path path) {
    int size = type.charAt(1) - '0';
    float[] found = new float[buffer.remaining() / size];
    for (int i = 0; i < found.length; i++) {
      int at = i * size;
      switch (type) {
        case "f4":
          found[i] = buffer.getFloat(at);
          break;
        case "f8":
          found[i] = (float) buffer.getDouble(at);
          break;
        case "i4":
          found[i] = buffer.getInt(at);
          break;
        case "i8":
          found[i] = buffer.getLong(at);
          break;
        case "u2":
          found[i] = buffer.getShort(at) & 0xffff;
          break;
        case "u1":
        case "b1":
          found[i] = buffer.get(at) & 255;
          break;
        default:
          throw new BundleException(
              path + " holds numbers of type " + type + ". Convert them to float32.");
      }
    }
    return found;
  }
}
