package @package@;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads .npy files, by numpy.lib.format. */
public final class NumpyFile {
  private static final Pattern HEADER =
      Pattern.compile("'descr': '[<|]([fiub][1248])'.*'fortran_order': False.*'shape': ");

  private NumpyFile() {}

  /**
   * Returns the numbers of an array, in C order.
   *
   * @throws BundleException if the file is not there, is none, or holds another kind of numbers
   */
  public static float[] read(Path path) {
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
    return numbers(buffer.slice().order(ByteOrder.LITTLE_ENDIAN), header.group(1), path);
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
