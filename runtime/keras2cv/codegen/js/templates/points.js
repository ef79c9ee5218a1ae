// Points in pixels of the picture: which of them are shown, and how.
import { colourOf } from "./drawing.js"; //@only drawn

//@begin boxpoints
const f32 = Math.fround;

/** How the points of each box are read: `task.detect.points`. */
export function readPoints(entry) {
  entry.expectKeys("form units activation score count output labels skeleton");
  const form = entry.at("form").text(["xy", "yx", "xys", "yxs"]), count = entry.at("count").integer(1);
  return {
    form,
    count,
    size: count * form.length,
    units: entry.at("units").text(["normalised", "pixels"]),
    activation: entry.at("activation").text(["none", "sigmoid"]),
    threshold: entry.at("score").number(),
    output: entry.has("output") ? entry.at("output").text() : null,
    labels: entry.has("labels") ? entry.at("labels").each("text", count) : null,
    skeleton: entry.has("skeleton") ? entry.at("skeleton").each("integer") : [],
  };
}

/** 1 / (1 + exp(-x)), through the exponential that does not overflow. */
function sigmoid(logit) {
  const small = f32(Math.exp(-Math.abs(logit)));
  return f32((logit >= 0 ? 1 : small) / f32(1 + small));
}

/** The points of a box, of its numbers. */
export function pointsOf(numbers, { form, count, units, activation, labels }, place) {
  const [perX, perY] = units === "pixels" ? [1, 1] : [place.input.width, place.input.height];
  return Array.from({ length: count }, (_, number) => {
    const [first, second, score = null] = numbers.subarray(number * form.length, (number + 1) * form.length);
    const [x, y] = form.startsWith("x") ? [first, second] : [second, first];
    return {
      label: labels?.[number] ?? String(number),
      number,
      xy: place.toSource(x * perX, y * perY).map(f32),
      score: score !== null && activation === "sigmoid" ? sigmoid(score) : score,
    };
  });
}

//@end
export const isShown = ({ score }, threshold) => score === null || score > Math.fround(threshold);
//@begin drawn

/** The pixels of a point on the picture that is drawn on. */
export const placeOf = ({ xy }, factor) => xy.map((edge) => Math.round(edge * factor - 0.5) + 0.5);

/** Draw the points that are shown, as dots of a radius, and the lines between them. */
export function drawPoints(context, factor, radius, { points, threshold, skeleton }) {
  const visible = points.filter((point) => isShown(point, threshold));
  const shown = new Map(visible.map((point) => [point.number, point]));
  for (let i = 0; i + 1 < skeleton.length; i += 2) {
    const [from, to] = [shown.get(skeleton[i]), shown.get(skeleton[i + 1])];
    if (!from || !to) continue;
    context.strokeStyle = colourOf(to.number);
    context.lineWidth = Math.max(1, Math.floor(radius / 2));
    context.beginPath();
    context.moveTo(...placeOf(from, factor));
    context.lineTo(...placeOf(to, factor));
    context.stroke();
  }
  for (const point of shown.values()) {
    for (const [size, fill] of [[radius + 1, "rgb(32 32 32)"], [radius, colourOf(point.number)]]) {
      context.fillStyle = fill;
      context.beginPath();
      context.arc(...placeOf(point, factor), size + 0.5, 0, 2 * Math.PI);
      context.fill();
    }
  }
}
//@end
