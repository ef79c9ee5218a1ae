// Every output as it is.
import { caption } from "./drawing.js"; //@only drawn
import { nested } from "./net.js";

export const readTask = () => ({});

export function findAnswer(sample) {
  const outputs = Object.fromEntries(sample.map((tensor) => [tensor.name, nested(tensor)]));
  return { task: "raw", outputs };
}

function shapeOf(values) {
  return Array.isArray(values) ? [values.length, ...shapeOf(values[0])] : [];
}

export const toLine = ({ outputs }) =>
  Object.entries(outputs).map(([name, values]) => {
    const flat = [values].flat(Infinity).map(Number);
    const range = [Math.min, Math.max].map((pick) => flat.reduce((a, b) => pick(a, b)).toPrecision(3));
    return `${name} [${shapeOf(values).join(", ")}] ${range.join("..")}`;
  }).join("; ");
//@begin drawn

/** Draw the picture with each output's name, shape and range. */
export const draw = (canvas, picture, answer) => caption(canvas, picture, toLine(answer).split("; "));
//@end
