// Boxes at an angle: their corners, and the best of them. An outline is the left top corner before it
// was turned, then right top, right bottom and left bottom, clockwise as OpenCV turns them.
import { PredictError } from "./errors.js";

const MOST_PAIRS = 2e6; // to compare: some seconds

/** How angles are read: `task.detect.angles`. */
export function readAngles(entry) {
  entry.expectKeys("units direction output");
  const isDegrees = entry.at("units").text(["degrees", "radians"]) === "degrees";
  const isBack = entry.at("direction").text(["clockwise", "counterclockwise"]) === "counterclockwise";
  const factor = (isDegrees ? 1 : 180 / Math.PI) * (isBack ? -1 : 1); // to degrees, clockwise
  return { output: entry.has("output") ? entry.at("output").text() : null, factor };
}

/** The outline of a box with corners [left, top, right, bottom], turned around its centre. */
export function outlineOf([left, top, right, bottom], angle, { factor }) {
  const turn = (angle * factor * Math.PI) / 180, cosine = Math.cos(turn), sine = Math.sin(turn);
  const [x, y] = [(left + right) / 2, (top + bottom) / 2], [w, h] = [(right - left) / 2, (bottom - top) / 2];
  return [[-w, -h], [w, -h], [w, h], [-w, h]].map(([along, down]) =>
    [along * cosine - down * sine + x, along * sine + down * cosine + y]);
}

/** The angle of an outline's first side, in degrees. */
export const angleOf = ([[x0, y0], [x1, y1]]) => (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI;

/** The upright box around an outline. */
export const around = (outline) => [Math.min, Math.max].flatMap((pick) =>
  [0, 1].map((axis) => pick(...outline.map((corner) => corner[axis]))));

const cross = ([a, b], [c, d]) => a * d - b * c;
const minus = ([a, b], [c, d]) => [a - c, b - d];
const areaOf = (outline) =>
  Math.abs(outline.reduce((sum, corner, i) => sum + cross(corner, outline[(i + 1) % outline.length]), 0)) / 2;

/** The part of a convex outline on the inner side of the line from one corner of another to the next. */
function clipped(outline, from, to) {
  const way = minus(to, from), side = (corner) => cross(way, minus(corner, from));
  return outline.flatMap((corner, i) => {
    const next = outline[(i + 1) % outline.length], here = side(corner), there = side(next);
    const found = here >= 0 ? [corner] : [];
    if (here * there < 0) {
      const share = here / (here - there);
      found.push([corner[0] + share * (next[0] - corner[0]), corner[1] + share * (next[1] - corner[1])]);
    }
    return found;
  });
}

/** The intersection over union of two outlines: exact, of polygons. */
function overlap(one, other) {
  const [a, b] = [one, other].map((outline) => outline.map((corner) => minus(corner, one[0])));
  const shared = b.reduce((rest, corner, i) => clipped(rest, corner, b[(i + 1) % 4]), a);
  const both = areaOf(shared), union = areaOf(a) + areaOf(b) - both;
  return union > 0 ? both / union : 0;
}

/** Leave the boxes that no better one overlaps by more than `iou`, best first. */
export function suppressRotated(candidates, { iou, acrossClasses, most }) {
  for (const one of candidates) one.upright = around(one.outline);
  const kept = [];
  let left = candidates, pairs = 0;
  while (left.length > 0 && !(kept.length >= most)) {
    const [best, ...others] = left, [x0, y0, x1, y1] = best.upright;
    kept.push(best);
    const near = others.filter(({ classId, upright: [left, top, right, bottom] }) =>
      left < x1 && right > x0 && top < y1 && bottom > y0 && (acrossClasses || classId === best.classId));
    pairs += near.length;
    if (pairs > MOST_PAIRS) {
      throw new PredictError(`${candidates.length} rotated boxes are above the score, and to compare them ` +
        "takes minutes. Export the model with a higher --score.");
    }
    const worse = new Set(near.filter(({ outline }) => overlap(best.outline, outline) > iou));
    left = others.filter((one) => !worse.has(one));
  }
  return kept;
}
