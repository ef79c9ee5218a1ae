/**
 * Predicts with a bundle of keras2cv by OpenCV alone. {@link @package@.Predictor} is where to begin.
 */
package @package@;
