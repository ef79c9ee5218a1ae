/**
 * Predicts with a bundle of keras2cv by OpenCV alone. Begin with {@link @package@.Predictor}.
 */
package @package@;
