// A vector that is near another for pictures that are alike.
import { caption } from "./drawing.js"; //@only drawn
import { findOutput } from "./net.js";

export const readTask = (entry) => ({ output: entry.at("output").text() });

export const findAnswer = (sample, { output }) =>
  ({ task: "embed", vector: [...findOutput(sample, output).values] });

const lengthOf = (vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

/** 1 - cos of the angle between two vectors: 0 (same direction) to 2. */
export function cosineDistance(one, other) {
  const length = lengthOf(one) * lengthOf(other);
  if (!(length > 0)) return NaN;
  const product = one.reduce((sum, value, i) => sum + value * other[i], 0);
  return Math.min(Math.max(1 - product / length, 0), 2);
}

export const toLine = ({ vector }) => `${vector.length} numbers, length ${lengthOf(vector).toPrecision(6)}`;
//@begin drawn

/** Draw the picture with the vector's size and first numbers. */
export function draw(canvas, picture, answer) {
  const first = answer.vector.slice(0, 4).map((value) => value.toPrecision(3));
  caption(canvas, picture, [toLine(answer), first.join(" ")]);
}
//@end
