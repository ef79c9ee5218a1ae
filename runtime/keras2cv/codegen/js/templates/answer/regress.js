// Numbers.
import { caption } from "./drawing.js"; //@only drawn
import { findOutput, nested } from "./net.js";
import { PredictError } from "./errors.js";

export const readTask = (entry) => ({
  output: entry.at("output").text(),
  labels: entry.has("labels") ? entry.at("labels").each("text") : null,
});

export function findAnswer(sample, { output, labels }) {
  const tensor = findOutput(sample, output);
  if (labels && labels.length !== tensor.values.length) {
    throw new PredictError("manifest.json: task.labels must be one per value. Export the bundle again.");
  }
  return { task: "regress", values: nested(tensor), ...(labels && { labels }) };
}

export function toLine({ values, labels }) {
  const flat = [values].flat(Infinity);
  const shown = flat.slice(0, 8).map((value, i) => (labels ? `${labels[i]} ` : "") + value.toPrecision(6));
  return shown.join(", ") + (flat.length > 8 ? ` ... ${flat.length - 8} more` : "");
}
//@begin drawn

/** Draw the picture with the first five values. */
export const draw = (canvas, picture, { values, labels }) =>
  caption(canvas, picture, [values].flat(Infinity).slice(0, 5).map((value, i) =>
    (labels ? `${labels[i]} ` : "") + Number(value.toPrecision(4))));
//@end
