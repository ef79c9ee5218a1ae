package @package@;
//@begin drawn

import org.opencv.core.Mat;
//@end

/** What the model answers for one image or sample. */
public interface Result {
  /** Returns the answer in one line, as {@code keras2cv run} prints it. */
  @Override
  String toString();

  /** Returns the answer as JSON, as {@code keras2cv run --json} writes it. */
  String toJson();
//@begin drawn

  /** Returns a new picture: a copy of the image with the answer drawn on it. */
  Mat draw(Mat image);
//@end
}
