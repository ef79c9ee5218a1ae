// From a detector's undecoded outputs to boxes, in double precision.
//@begin cells
// centre = (activated(xy) * scale + offset + cell) * stride, and size = exp(wh) * anchor,
// (2 * activated(wh)) ** 2 * anchor, or wh * anchor (Redmon & Farhadi, YOLOv3; YOLOv5).
//@end
//@begin distances
// A distance is a number, or the mean of 0 to bins - 1 under a softmax of as many numbers (Li et al.,
// distribution focal loss); the edges are so far from the cell's point (Tian et al., FCOS).
//@end
//@begin priors
// Offsets from prior boxes (Liu et al., SSD; Ren et al., Faster R-CNN, eq. 2).
//@end
//@begin peaks
// A cell that is the highest of those around it is the centre of a box (Zhou et al., CenterNet).
//@end
import { findOutput } from "./net.js";
import { PredictError } from "./errors.js";

const FORM = "anchors"; //@only cells
const FORM = "points"; //@only distances
const FORM = "offsets"; //@only priors
const FORM = "peaks"; //@only peaks
const FORM = "boxes"; //@only ready
const BESIDE = "point_numbers mask_numbers"; // of what belongs to a box
const AXES = ["cells,anchors,values", "cells,values,anchors", "anchors,cells,values", "anchors,values,cells",
  "values,anchors,cells", "values,cells,anchors"];

function readLevel(entry) {
  entry.expectKeys("rows columns boxes stride_wh xy_scale xy_offset anchors");
  const [rows, columns, boxes] = ["rows", "columns", "boxes"].map((key) => entry.at(key).integer(1));
  const level = { rows, columns, boxes, count: rows * columns * boxes };
  level.stride = entry.at("stride_wh").each("number", 2); //@only cells distances peaks readycells
  entry.expect(!entry.has("stride_wh"), "without stride_wh"); //@only ready !readycells
  level.offset = entry.at("xy_offset").number(); //@only cells distances peaks
  level.scale = entry.at("xy_scale").number(); //@only cells
  level.anchors = entry.at("anchors").each("number", 2 * boxes); //@only cells
  return level;
}

const readOutput = (entry, count) => {
  entry.expectKeys("output parts axes level");
  const level = entry.has("level") ? entry.at("level").integer(0) : null;
  entry.expect(level === null || level < count, `of a level below ${count}`);
  const parts = entry.at("parts").each("text");
  return { output: entry.at("output").text(), parts, axes: entry.at("axes").text(AXES), level };
};

/** How boxes are made of outputs: `task.detect.head`. */
export function readHead(entry) {
  const form = entry.at("form").text();
  if (form !== FORM) {
    throw new PredictError(`The bundle's head has the form ${form}, this program is for ${FORM}. ` +
      "Generate one with `keras2cv codegen BUNDLE --lang js`.");
  }
  const levels = entry.at("levels").list().map(readLevel);
  levels.reduce((first, level) => (level.first = first) + level.count, 0);
  const outputs = entry.at("outputs").list().map((output) => readOutput(output, levels.length));
  const isTurned = entry.at("pair_order").text(["x first", "y first"]) === "y first";
  entry.expectKeys("form levels outputs pair_order xy_activation size_activation size_form " + BESIDE); //@only cells
  entry.expectKeys("form levels outputs pair_order bins distance_activation " + BESIDE); //@only distances
  entry.expectKeys("form levels outputs pair_order offset_form anchor_format " + BESIDE); //@only priors
  entry.expectKeys("form levels outputs pair_order window size_units " + BESIDE); //@only peaks
  entry.expectKeys("form levels outputs pair_order " + BESIDE); //@only ready
  return {
    levels,
    outputs,
    isTurned,
    pointNumbers: entry.has("point_numbers") ? entry.at("point_numbers").integer(1) : 0, //@only boxpoints
    maskNumbers: entry.has("mask_numbers") ? entry.at("mask_numbers").integer(1) : 0, //@only weighted
    //@begin cells
    xyActivation: entry.at("xy_activation").text(["none", "sigmoid"]),
    sizeActivation: entry.at("size_activation").text(["none", "sigmoid"]),
    sizeForm: entry.at("size_form").text(["exp", "square", "linear"]),
    //@end
    //@begin distances
    bins: entry.at("bins").integer(1),
    activation: entry.at("distance_activation").text(["none", "exp", "relu"]),
    //@end
    //@begin priors
    offsetForm: entry.at("offset_form").text(["centres", "corners"]),
    hasCorners: entry.has("anchor_format") && entry.at("anchor_format").text(["cxcywh", "xyxy"]) === "xyxy",
    //@end
    //@begin peaks
    window: entry.at("window").integer(1),
    sizeUnits: entry.at("size_units").text(["cells", "pixels", "normalised"]),
    //@end
  };
}

/** How many numbers a box has in each part of an output; the scores have what the others leave. */
function widthsOf(parts, width) { //@only !distances !boxpoints !weighted
function widthsOf(parts, width, head) { //@only distances boxpoints weighted
  const boxWidth = 4; //@only !distances !peaks
  const boxWidth = 4 * head.bins; //@only distances
  const boxWidth = 2; //@only peaks
  const known = { box: boxWidth, objectness: 1, offset: 2, anchors: 4, variances: 4, scores: 0 };
  known.points = head.pointNumbers; //@only boxpoints
  known.coefficients = head.maskNumbers; //@only weighted
  const rest = width - parts.reduce((sum, part) => sum + known[part], 0);
  if (parts.includes("scores") ? rest < 1 : rest !== 0) {
    throw new PredictError(`manifest.json: task.detect.head: ${width} numbers of a box are not ` +
      `${parts.join("+")}. Export the bundle again.`);
  }
  return parts.map((part) => known[part] || rest);
}

/** Where a number lies in an output: a function of the box's number in its level, and its own. */
function placeOf(axes, level, width, cells, first, total) {
  const sizes = { cells, anchors: level.boxes, values: width }, steps = {};
  axes.split(",").reduceRight((step, axis) => (steps[axis] = step) * sizes[axis], 1);
  const isTurned = axes.startsWith("values"); // a row for each number, of all levels
  if (isTurned) steps.values = total;
  const start = isTurned || axes === AXES[3] ? first : first * width; // AXES[3]: one box a cell
  return (box, number) => start + Math.floor(box / level.boxes) * steps.cells +
    (box % level.boxes) * steps.anchors + number * steps.values;
}

/** Return what each box has of each part, in the order of levels, rows, columns and anchors: a
 * function from its number to its numbers. */
export function headParts(sample, head) {
  const count = head.levels.reduce((sum, level) => sum + level.count, 0), tables = {};
  for (const { output, parts, axes, level } of head.outputs) {
    const { values } = findOutput(sample, output);
    const levels = level === null ? head.levels : [head.levels[level]];
    const boxes = levels.reduce((sum, one) => sum + one.count, 0), width = values.length / boxes;
    const widths = widthsOf(parts, width); //@only !distances !boxpoints !weighted
    const widths = widthsOf(parts, width, head); //@only distances boxpoints weighted
    for (const one of levels) {
      const first = one.first - levels[0].first; // within the output
      const cells = axes === AXES[3] && levels.length > 1 ? boxes : one.rows * one.columns;
      const at = placeOf(axes, one, width, cells, first, boxes);
      let before = 0;
      parts.forEach((part, i) => {
        const table = (tables[part] ??= new Float32Array(count * widths[i]));
        let target = one.first * widths[i];
        for (let box = 0; box < one.count; box++) {
          for (let k = 0; k < widths[i]; k++) table[target++] = values[at(box, before + k)];
        }
        before += widths[i];
      });
    }
  }
  const reader = (table, step) => (box) => table.subarray(box * step, (box + 1) * step);
  const read = Object.entries(tables).map(([part, table]) => [part, reader(table, table.length / count)]);
  return { count, ...Object.fromEntries(read) };
}

//@begin cells distances peaks readycells
/** The level that a box is of, its cell, and which of the cell's boxes it is. */
function cellOf(head, box) {
  const level = head.levels.findLast(({ first }) => first <= box), own = box - level.first;
  const anchor = own % level.boxes, cell = Math.floor(own / level.boxes);
  return { level, anchor, x: cell % level.columns, y: Math.floor(cell / level.columns) };
}

//@begin framed
/** What the points of a box are counted from, and by what they are multiplied, in pixels. */
export function frameOf(head, box, { units, scale, offset }) { //@only cells
export function frameOf(head, box, { scale, offset }) { //@only !cells
  const { level, anchor, x, y } = cellOf(head, box), { stride } = level; //@only cells
  const { level, x, y } = cellOf(head, box), { stride } = level; //@only !cells
  const isOfAnchor = units === "anchors"; //@only cells
  const size = isOfAnchor ? level.anchors.slice(2 * anchor, 2 * anchor + 2) : stride; //@only cells
  const size = stride; //@only !cells
  return { from: [(x + offset) * stride[0], (y + offset) * stride[1]], by: size.map((one) => one * scale) };
}

//@end
//@end
/** Pairs with the horizontal number first. */
const inOrder = (numbers, { isTurned }) =>
  isTurned ? Array.from(numbers, (_, i) => numbers[i ^ 1]) : [...numbers];

//@begin cells
/** 1 / (1 + exp(-x)), by the form that does not overflow for the sign of x. */
function sigmoid(x) {
  const small = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : small) / (1 + small);
}

const activated = (number, activation) => (activation === "sigmoid" ? sigmoid(number) : number);
const SIZES = { exp: Math.exp, square: (x) => (2 * x) ** 2, linear: (x) => x };

/** The numbers of a box: its centre and size. */
export function boxOf(head, parts, box) {
  const { level, anchor, x, y } = cellOf(head, box), { stride, scale, offset, anchors } = level;
  const [across, down, width, height] = inOrder(parts.box(box), head);
  const place = (number, cell, axis) =>
    (activated(number, head.xyActivation) * scale + offset + cell) * stride[axis];
  const size = (number, axis) =>
    SIZES[head.sizeForm](activated(number, head.sizeActivation)) * anchors[2 * anchor + axis];
  return [place(across, x, 0), place(down, y, 1), size(width, 0), size(height, 1)];
}
//@end
//@begin distances
const ACTIVATIONS = { none: (x) => x, exp: Math.exp, relu: (x) => Math.max(x, 0) };

/** The mean of 0 to bins - 1 under a softmax of the numbers; of a single one, itself. */
function meanBin(numbers) {
  if (numbers.length === 1) return numbers[0];
  const largest = numbers.reduce((a, b) => Math.max(a, b));
  const powers = Array.from(numbers, (number) => Math.exp(number - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.reduce((mean, power, i) => mean + Math.fround(power / sum) * i, 0);
}

/** The numbers of a box: its edges. */
export function boxOf(head, parts, box) {
  const { level, x, y } = cellOf(head, box), { stride, offset } = level, { bins } = head;
  const numbers = parts.box(box), distances = [0, 1, 2, 3].map((side) =>
    meanBin(numbers.subarray(side * bins, (side + 1) * bins)));
  const [left, top, right, bottom] = inOrder(distances, head).map((distance, side) =>
    ACTIVATIONS[head.activation](distance) * stride[side % 2]);
  const [across, down] = [(x + offset) * stride[0], (y + offset) * stride[1]];
  return [across - left, down - top, across + right, down + bottom];
}
//@end
//@begin priors
/** The centre and size of a prior box, and its variances; `anchors` has them, or else an output. */
function priorOf(head, parts, box, anchors) {
  const known = anchors?.boxes.slice(4 * box, 4 * box + 4) ?? inOrder(parts.anchors(box), head);
  const factors = parts.variances ? inOrder(parts.variances(box), head) : anchors?.variances ?? [1, 1, 1, 1];
  const [x, y, width, height] = known;
  if (!head.hasCorners) return [x, y, width, height, factors];
  return [(x + width) / 2, (y + height) / 2, width - x, height - y, factors];
}

//@begin framed
/** What the points of a box are counted from, and by what they are multiplied, in units of boxes. */
export function frameOf(head, box, { scale }, parts, anchors) {
  const [x, y, width, height, factors] = priorOf(head, parts, box, anchors);
  return { from: [x, y], by: [width * factors[0] * scale, height * factors[1] * scale] };
}

//@end
/** The numbers of a box: its centre and size. `anchors` has the prior boxes, unless an output does. */
export function boxOf(head, parts, box, anchors) {
  const [x, y, width, height, factors] = priorOf(head, parts, box, anchors);
  const [a, b, c, d] = inOrder(parts.box(box), head).map((number, i) => number * factors[i]);
  if (head.offsetForm === "centres") {
    return [a * width + x, b * height + y, Math.exp(c) * width, Math.exp(d) * height];
  }
  const [left, top] = [a * width + x - width / 2, b * height + y - height / 2];
  const [right, bottom] = [c * width + x + width / 2, d * height + y + height / 2];
  return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top];
}
//@end
//@begin peaks
/** The numbers of a box: its centre and size. */
export function boxOf(head, parts, box, anchors, input) {
  const { level, x, y } = cellOf(head, box), { stride, offset } = level;
  const [right, down] = parts.offset ? inOrder(parts.offset(box), head) : [0, 0];
  const units = { cells: stride, pixels: [1, 1], normalised: [input.width, input.height] }[head.sizeUnits];
  const [width, height] = inOrder(parts.box(box), head);
  return [(x + (offset + right)) * stride[0], (y + (offset + down)) * stride[1],
    width * units[0], height * units[1]];
}

/** Whether no box of the window around one has a higher score; `scoreOf` is of a box's number. */
export function isPeak(head, box, scoreOf) {
  const { level, x, y } = cellOf(head, box), half = (head.window - 1) / 2, own = scoreOf(box);
  for (let row = Math.max(0, y - half); row <= Math.min(level.rows - 1, y + half); row++) {
    for (let column = Math.max(0, x - half); column <= Math.min(level.columns - 1, x + half); column++) {
      const other = level.first + (row * level.columns + column) * level.boxes + (box % level.boxes);
      if (!(scoreOf(other) <= own)) return false; // so of equals each is one, and of NaN none
    }
  }
  return true;
}
//@end
//@begin ready
/** The numbers of a box, as the outputs have them. */ //@only !readycells
export const boxOf = (head, parts, box) => inOrder(parts.box(box), head); //@only !readycells
//@begin readycells
/** The numbers of a box, which are in cells. */
export function boxOf(head, parts, box) {
  const { stride } = cellOf(head, box).level;
  return inOrder(parts.box(box), head).map((number, i) => number * stride[i % 2]);
}
//@end
//@end
