// Yes or no, from a single number.
import { caption } from "./drawing.js"; //@only drawn
import { findOutput } from "./net.js";
import { PredictError } from "./errors.js";

export function readTask(entry) {
  const labels = entry.has("labels") ? entry.at("labels").each("text") : ["no", "yes"];
  if (entry.has("labels")) entry.at("labels").expect([1, 2].includes(labels.length), "one or two");
  const chosen = entry.has("class_scores") ? entry.at("class_scores").each("number", 1)[0] : 0.5;
  return {
    output: entry.at("output").text(),
    scores: entry.at("scores").text(),
    labels: labels.length === 2 ? labels : [`not ${labels[0]}`, labels[0]],
    threshold: chosen,
  };
}

/** 1 / (1 + exp(-x)), by the form that does not overflow for the sign of x. */
function sigmoid(logit) {
  const small = Math.exp(-Math.abs(logit));
  return (logit >= 0 ? 1 : small) / (1 + small);
}

export function findAnswer(sample, { output, scores, labels, threshold }) {
  const { values } = findOutput(sample, output);
  if (values.length !== 1) {
    throw new PredictError("manifest.json: task.output must be one number. Export the bundle again.");
  }
  const probability = scores === "logits" ? sigmoid(values[0]) : values[0];
  if (!(probability >= 0 && probability <= 1)) {
    throw new PredictError(`The net's probability is ${probability}. If the model returns logits, export ` +
      "it with that said.");
  }
  return { task: "binary", label: labels[Number(probability >= threshold)], probability, threshold };
}

const scoreOf = ({ probability, threshold }) => (probability >= threshold ? probability : 1 - probability);

export const toLine = (answer) => `${answer.label} ${scoreOf(answer).toFixed(4)}`;
//@begin drawn

/** Draw the picture with the answer and its probability. */
export const draw = (canvas, picture, answer) =>
  caption(canvas, picture, [`${answer.label} ${scoreOf(answer).toFixed(3)}`]);
//@end
