package @package@;

/** Something is wrong with the bundle, an image or the device: what, where, and what to do. */
public class BundleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a sentence for whoever runs the program. */
  public BundleException(String message) {
    super(message);
  }

  /** Creates the exception with what led to it. */
  public BundleException(String message, Throwable cause) {
    super(message, cause);
  }
}
