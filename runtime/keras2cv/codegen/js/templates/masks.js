// The mask of each box, in pixels of the picture.
import { findOutput } from "./net.js";
import { PredictError } from "./errors.js"; //@only boxmask
import { rint } from "./rounding.js";

const f32 = Math.fround;

/** How masks are read: `task.detect.masks`. */
export function readMasks(entry) {
  const optional = (key) => (entry.has(key) ? entry.at(key).text() : null); //@only weighted
  entry.expectKeys("activation threshold edges cut coefficients prototypes"); //@only weighted
  entry.expectKeys("activation threshold edges per_box"); //@only boxmask
  return {
    isSigmoid: entry.at("activation").text(["none", "sigmoid"]) === "sigmoid",
    threshold: f32(entry.at("threshold").number()),
    edges: entry.at("edges").text(["exact", "round", "floor", "ceil"]),
    coefficients: optional("coefficients"), //@only weighted
    prototypes: entry.at("prototypes").text(), //@only weighted
    isCutBefore: optional("cut") === "prototypes", //@only weighted
    perBox: entry.at("per_box").text(), //@only boxmask
  };
}

/** 1 / (1 + exp(-x)), through the exponential that does not overflow. */
function sigmoid(logit) {
  const small = f32(Math.exp(-Math.abs(logit)));
  return f32((logit >= 0 ? 1 : small) / f32(1 + small));
}

/** The first column and row of a box's pixels, and the first ones after them. Nearer to a whole or
 * half number than 0.0005, rounding decides nothing. */
function wholeEdges(box, edges) {
  const { floor, ceil } = Math, pick = { exact: (edge) => ceil(edge - 0.5), round: rint, floor, ceil }[edges];
  return box.map((edge) => pick(rint(edge * 1000) / 1000));
}

/** The part of a box within limits; one without pixels, if there is none. */
function within(box, limits) {
  const [x0, y0] = [Math.max(box[0], limits[0]), Math.max(box[1], limits[1])];
  return [x0, y0, Math.max(x0, Math.min(box[2], limits[2])), Math.max(y0, Math.min(box[3], limits[3]))];
}

/** A grid with a column and a row at each place, bilinear as tf.image.resize, columns first. */
function blend({ values, width, height }, columns, rows) {
  const between = (a, b, share) => f32(a + f32(f32(b - a) * share));
  const pairs = (places, size) => places.map((at) => {
    const low = Math.floor(at);
    return { low, high: Math.min(low + 1, size - 1), share: f32(at - low) };
  });
  const across = pairs(columns, width), result = new Float32Array(columns.length * rows.length);
  let target = 0;
  for (const { low, high, share } of pairs(rows, height)) {
    for (const { low: left, high: right, share: part } of across) {
      const along = (row) => between(values[row * width + left], values[row * width + right], part);
      result[target++] = between(along(low), along(high), share);
    }
  }
  return result;
}

const clip = (value, least, most) => Math.min(Math.max(value, least), most);

//@begin weighted
/** A grid over the net's input, at the pixels of a part of the picture. */
function spread(grid, place, part) {
  const { visible, filled, input } = place, sizes = [grid.width, grid.height];
  const edges = filled.map((edge, i) => (edge * sizes[i % 2]) / [input.width, input.height][i % 2]);
  const isWhole = edges.every((edge) => Math.abs(edge - Math.round(edge)) < 1e-6);
  const firsts = [visible.x, visible.y], counts = [visible.width, visible.height];
  const [columns, rows] = [0, 1].map((axis) => {
    const [start, stop] = [edges[axis], edges[axis + 2]], step = (stop - start) / counts[axis];
    const cells = isWhole ? [Math.round(start), Math.round(stop)] : [0, sizes[axis]];
    return Array.from({ length: part[axis + 2] - part[axis] }, (_, i) =>
      clip(start + (i + part[axis] - firsts[axis] + 0.5) * step - 0.5, cells[0], cells[1] - 1));
  });
  return blend(grid, columns, rows);
}

/** Make a grid zero outside of a box of the picture, and return the pixels that it may still reach. */
function cut(grid, box, edges, place) {
  const cells = [grid.width / place.input.width, grid.height / place.input.height];
  const corners = box.map((edge, i) => (edge * place.scale[i % 2] + place.offset[i % 2]) * cells[i % 2]);
  const [x0, y0, x1, y1] = within(wholeEdges(corners, edges), [0, 0, grid.width, grid.height]);
  grid.values.forEach((_, i) => {
    const x = i % grid.width, y = Math.floor(i / grid.width);
    if (x < x0 || x >= x1 || y < y0 || y >= y1) grid.values[i] = 0;
  });
  const [left, top] = place.toSource((x0 - 1) / cells[0], (y0 - 1) / cells[1]);
  const [right, bottom] = place.toSource((x1 + 1) / cells[0], (y1 + 1) / cells[1]);
  return [Math.floor(left), Math.floor(top), Math.ceil(right), Math.ceil(bottom)];
}

/** The weighted sum of the prototypes inside of a box, as numbers of a part of the picture. */
function numbersOf(masks, sample, parts, { row }, box, place) {
  const { shape: [height, width, count], values } = findOutput(sample, masks.prototypes);
  const weights = parts.coefficients(row), grid = { width, height, values: new Float32Array(width * height) };
  for (let i = 0; i < grid.values.length; i++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += weights[k] * values[i * count + k];
    grid.values[i] = masks.isSigmoid ? sigmoid(f32(sum)) : sum;
  }
  const { visible: { x, y, width: wide, height: high } } = place;
  const reached = masks.isCutBefore ? cut(grid, box, masks.edges, place) : wholeEdges(box, masks.edges);
  const part = within(reached, [x, y, x + wide, y + high]);
  return { part, values: spread(grid, place, part) };
}
//@end
//@begin boxmask
/** The mask of a box, of its class if there is one for each. */
function gridOf(masks, sample, count, { row, classId }) {
  const { shape, values } = findOutput(sample, masks.perBox), [boxes, height, width, classes = 1] = shape;
  if (boxes !== count || shape.length < 3) {
    throw new PredictError(`manifest.json: task.detect.masks: ${masks.perBox} does not hold ${count} ` +
      "masks. Export the bundle again.");
  }
  if (classes > 1 && classId >= classes) {
    throw new PredictError(`The net names class ${classId}, and there are masks of ${classes} classes. ` +
      "Export the model again, with the masks of every class.");
  }
  const first = row * height * width * classes + (classes > 1 ? classId : 0);
  const own = Float32Array.from({ length: height * width }, (_, i) => values[first + i * classes]);
  return { width, height, values: masks.isSigmoid ? own.map(sigmoid) : own };
}

/** A box's own mask stretched over it, as numbers of a part of the picture. */
function numbersOf(masks, sample, parts, found, box, place) {
  const grid = gridOf(masks, sample, parts.count, found), whole = wholeEdges(box, masks.edges);
  const part = within(whole, [0, 0, place.source.width, place.source.height]);
  const over = masks.edges === "exact" ? box : whole;
  // In float32, as TensorFlow, so that a pixel that is at the threshold is there in both.
  const [columns, rows] = [0, 1].map((axis) => {
    const cells = [grid.width, grid.height][axis], size = Math.max(over[axis + 2] - over[axis], 1e-6);
    const ratio = f32(cells / f32(size));
    return Array.from({ length: part[axis + 2] - part[axis] }, (_, i) =>
      clip(f32(f32(f32(part[axis] + i + 0.5 - over[axis]) * ratio) - 0.5), 0, cells - 1));
  });
  return { part, values: blend(grid, columns, rows) };
}
//@end

/** COCO's run lengths of the picture's pixels, by columns, beginning outside of the mask. */
function runsOf(isInside, [x0, y0, x1, y1], { width, height }) {
  const counts = [], rows = y1 - y0, columns = x1 - x0;
  let last = 0; // where the run before ends
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < rows; y++) {
      if (!isInside(y * columns + x)) continue;
      const start = (x0 + x) * height + y0 + y;
      if (counts.length && start === last) counts[counts.length - 1] += 1;
      else counts.push(start - last, 1);
      last = start + 1;
    }
  }
  return [...counts, width * height - last];
}

/** The mask of a box, as COCO has it: `box` are its edges in the picture, before they are clipped. */
export function maskOf(masks, sample, parts, found, box, place) {
  const { part, values } = numbersOf(masks, sample, parts, found, box, place), { source } = place;
  const counts = runsOf((i) => values[i] > masks.threshold, part, source);
  return { size: [source.height, source.width], counts };
}

/** The pixels of a mask, row by row: 1 inside, 0 outside. */
export function maskPixels({ size: [height, width], counts }) {
  const pixels = new Uint8Array(width * height);
  let place = 0;
  counts.forEach((count, i) => {
    for (const end = place + count; place < end; place++) {
      if (i % 2) pixels[(place % height) * width + Math.floor(place / height)] = 1;
    }
  });
  return pixels;
}
//@begin drawn

/** Cover a picture's pixels by half with masks, {mask, rgb}, the best first; outlines are whole. */
export function coverMasks({ data, width, height }, masks) {
  const covered = data.slice();
  for (const { mask, rgb } of [...masks].reverse()) {
    const pixels = maskPixels(mask);
    const isIn = (x, y) => x >= 0 && x < width && y >= 0 && y < height && pixels[y * width + x] === 1;
    pixels.forEach((inside, i) => {
      if (!inside) return;
      const x = i % width, y = Math.floor(i / width);
      let isInner = true;
      for (let k = 0; k < 9; k++) isInner &&= isIn(x + (k % 3) - 1, y + Math.floor(k / 3) - 1);
      for (let c = 0; c < 3; c++) {
        covered[4 * i + c] = isInner ? (covered[4 * i + c] >> 1) + (rgb[c] >> 1) : rgb[c];
      }
    });
  }
  return { data: covered, width, height };
}
//@end
