// One of many classes.
import { caption } from "./drawing.js"; //@only drawn
import { findOutput } from "./net.js";
import { PredictError } from "./errors.js";

export const readTask = (entry) => {
  const each = (key, ...rule) => entry.has(key) ? entry.at(key).each(...rule) : null;
  const labels = each("labels", "text");
  const thresholds = each("class_scores", "number", labels?.length ?? 0); // below which one is unknown
  return { output: entry.at("output").text(), scores: entry.at("scores").text(), labels, thresholds };
};

/** Logits become probabilities; the largest is subtracted first, so that nothing overflows. */
function softmax(logits) {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b);
  return Float32Array.from(powers, (power) => power / sum);
}

export function findAnswer(sample, { output, scores: meaning, labels, thresholds }) {
  const { values } = findOutput(sample, output);
  const scores = meaning === "logits" ? softmax(values) : values;
  if (scores.some(isNaN)) throw new PredictError("The net's scores are not numbers. Run the self-test.");
  const misfit = "manifest.json: task.labels must be one per class. Export the bundle again.";
  if (labels && labels.length !== scores.length) throw new PredictError(misfit);
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]); // of equals, the smaller first
  const top = order.slice(0, 5).map((i) => ({ label: labels?.[i] ?? `${i}`, index: i, score: scores[i] }));
  const isKnown = !thresholds || top[0].score > thresholds[top[0].index];
  return { task: "classify", ...top[0], label: isKnown ? top[0].label : "unknown", top, scores: [...scores] };
}

/** The best classes as people read them: the first may be "unknown (label)". */
const shown = ({ label: best, top }, digits) =>
  top.slice(0, 3).map(({ label, score }, place) =>
    `${place > 0 || label === best ? label : `unknown (${label})`} ${score.toFixed(digits)}`);

export const toLine = (result) => shown(result, 4).join(", ");
//@begin drawn

/** Draw the picture with the three best classes. */
export const draw = (canvas, picture, result) => caption(canvas, picture, shown(result, 3));
//@end
