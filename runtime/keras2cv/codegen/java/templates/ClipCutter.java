package @package@;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.opencv.core.Mat;

/** Collects the frames of a video, and gives a clip whenever one is full. */
public final class ClipCutter {
  private final Deque<Mat> held = new ArrayDeque<>(); // no more than a clip covers
  private final int span;
  private final int hop;
  private long count;

  ClipCutter(Preprocessing rules) {
    span = rules.span();
    hop = rules.hop;
  }

  /**
   * Takes a frame.
   *
   * @param frame which nobody changes afterwards: read each into a Mat of its own
   * @return the frames of the clip that it completes, or none
   */
  public List<Mat> add(Mat frame) {
    held.addLast(frame);
    if (held.size() > span) {
      held.removeFirst();
    }
    count++;
    boolean isFull = count >= span && (count - span) % hop == 0;
    return isFull ? new ArrayList<>(held) : List.of();
  }

  /** Returns how many frames there were. */
  public long count() {
    return count;
  }

  /**
   * Requires that there was a clip in a video.
   *
   * @throws BundleException if it was shorter than one, with both numbers
   */
  public void finish() {
    if (count < span) {
      throw new BundleException(
          "A clip covers " + span + " frames, and there are only " + count
              + ". Give a longer video.");
    }
  }
}
