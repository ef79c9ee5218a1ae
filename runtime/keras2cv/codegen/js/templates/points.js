// Points in pixels of the picture: which of them are shown, and how.
import { PredictError } from "./errors.js"; //@only joints
import { colourOf } from "./drawing.js"; //@only drawn
import { findOutput } from "./net.js"; //@only joints

//@begin boxpoints
const f32 = Math.fround;

//@begin joints
/** The heatmaps of joints, and which of their peaks take a point's place. */
function readJoints(entry) {
  entry.expectKeys("heat activation score reach shift");
  return {
    heat: entry.at("heat").text(),
    shift: entry.has("shift") ? entry.at("shift").text() : null,
    activation: entry.at("activation").text(["none", "sigmoid"]),
    score: f32(entry.at("score").number()),
    reach: entry.at("reach").number(),
  };
}

//@end
/** How the points of each box are read: `task.detect.points`. */
export function readPoints(entry) {
  entry.expectKeys("form units activation score count output labels skeleton"); //@only !framed
  entry.expectKeys("form units activation score count output labels skeleton scale offset"); //@only framed !joints
  entry.expectKeys("form units activation score count output labels skeleton scale offset joints"); //@only joints
  const form = entry.at("form").text(["xy", "yx", "xys", "yxs"]), count = entry.at("count").integer(1);
  return {
    form,
    count,
    size: count * form.length,
    units: entry.at("units").text(["normalised", "pixels"]), //@only !framed
    units: entry.at("units").text(["cells", "anchors"]), //@only framed
    scale: entry.has("scale") ? entry.at("scale").number() : 1, //@only framed
    offset: entry.has("offset") ? entry.at("offset").number() : 0, //@only framed
    joints: readJoints(entry.at("joints")), //@only joints
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

//@begin joints
const MOST = 100; // peaks of a map

/** The cells of a map that are the highest of 3 x 3, the best first, as x and y in cells. */
function peaksOf(values, joint, level, { score, activation }, shift) {
  const { rows, columns } = level, count = values.length / (rows * columns), found = [];
  const at = (x, y) => values[(y * columns + x) * count + joint];
  const heat = (x, y) => (activation === "sigmoid" ? sigmoid(at(x, y)) : at(x, y));
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const own = heat(x, y);
      let isPeak = own > score;
      for (let j = Math.max(0, y - 1); isPeak && j <= Math.min(rows - 1, y + 1); j++) {
        for (let i = Math.max(0, x - 1); i <= Math.min(columns - 1, x + 1); i++) {
          if (!(heat(i, j) <= own)) isPeak = false;
        }
      }
      const first = 2 * (y * columns + x), [right, down] = shift?.subarray(first, first + 2) ?? [0.5, 0.5];
      if (isPeak) found.push({ score: own, xy: [x + right, y + down] });
    }
  }
  return found.sort((a, b) => b.score - a.score).slice(0, MOST).map(({ xy }) => xy);
}

/** A function from a box's corners and a point's number and place to the place of the nearest peak
 * of its map, if that lies in the box and near enough; all in pixels of the input. */
export function peakFinder(sample, joints, level, count) {
  const { values } = findOutput(sample, joints.heat);
  const shift = joints.shift === null ? null : findOutput(sample, joints.shift).values;
  const cells = level.rows * level.columns;
  if (values.length !== cells * count || (shift !== null && shift.length !== 2 * cells)) {
    throw new PredictError(`manifest.json: task.detect.points.joints do not have ${cells} cells of ` +
      `${count} points. Export the bundle again.`);
  }
  const maps = Array.from({ length: count }, (_, joint) => peaksOf(values, joint, level, joints, shift));
  const [across, down] = level.stride;
  return (corners) => {
    const [left, top, right, bottom] = corners.map((edge, i) => edge / level.stride[i % 2]);
    const reach = joints.reach * Math.max(right - left, bottom - top);
    return (number, place) => {
      const [x, y] = [place[0] / across, place[1] / down];
      let nearest = null, least = Infinity;
      for (const peak of maps[number]) {
        const gap = Math.sqrt((x - peak[0]) ** 2 + (y - peak[1]) ** 2);
        if (gap < least) [nearest, least] = [peak, gap];
      }
      const isInside = nearest !== null && nearest[0] >= left && nearest[1] >= top &&
        nearest[0] <= right && nearest[1] <= bottom;
      return isInside && least <= reach ? [nearest[0] * across, nearest[1] * down] : place;
    };
  };
}

//@end
/** The points of a box, of its numbers. */ //@only !framed
export function pointsOf(numbers, { form, count, units, activation, labels }, place) { //@only !framed
/** The points of a box, of its numbers, in the frame of its cell or prior box. */ //@only framed
export function pointsOf(numbers, { form, count, activation, labels }, place, { from, by }) { //@only framed !joints
export function pointsOf(numbers, { form, count, activation, labels }, place, { from, by }, moved) { //@only joints
  const [perX, perY] = units === "pixels" ? [1, 1] : [place.input.width, place.input.height]; //@only !framed
  return Array.from({ length: count }, (_, number) => {
    const [first, second, score = null] = numbers.subarray(number * form.length, (number + 1) * form.length);
    const [x, y] = form.startsWith("x") ? [first, second] : [second, first];
    const framed = [from[0] + x * by[0], from[1] + y * by[1]]; //@only framed
    return {
      label: labels?.[number] ?? String(number),
      number,
      xy: place.toSource(x * perX, y * perY).map(f32), //@only !framed
      xy: place.toSource(...framed).map(f32), //@only framed !joints
      xy: place.toSource(...moved(number, framed)).map(f32), //@only joints
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
