// What the model does after the net, by TensorFlow's arithmetic: the steps of the manifest's tail.
// Arrays are {dtype, shape, values}. Numbers hold every float32 and int32; results are rounded to
// `dtype`, which for one operation on float32 gives what float32 arithmetic gives.
import { sizeOf } from "./bundle.js";
import { PredictError } from "./errors.js";

function asDtype(value, dtype) {
  if (dtype === "float32") return Math.fround(value);
  if (dtype === "float64") return value;
  return dtype === "bool" ? Number(value !== 0) : Math.trunc(value) + 0; // no -0
}

function require(fits, op) {
  if (!fits) {
    throw new PredictError(`manifest.json: tail: ${op} does not fit its inputs. Export the bundle again.`);
  }
}

/** Return what `make` gives for each position of an array, the last axis fastest. */
function overPositions(shape, make) {
  const at = shape.map(() => 0), values = [];
  for (let left = sizeOf(shape); left > 0; left--) {
    values.push(make(at));
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis] === shape[axis]; axis--) at[axis] = 0;
  }
  return values;
}

/** Where the value at a position lies; an axis of one element is read again and again. */
function offsetOf(shape, at) {
  const lead = at.length - shape.length;
  return shape.reduce((offset, size, axis) => offset * size + (size === 1 ? 0 : at[lead + axis]), 0);
}

/** The shape of element-wise operations, as NumPy has it. */
function broadcast(...shapes) {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((shape) => shape.at(i - rank) ?? 1).filter((size) => size !== 1);
    require(sizes.every((size) => size === sizes[0]), "broadcasting");
    return sizes[0] ?? 1;
  });
}

function elementwise(x, y, dtype, operation) {
  require(x.dtype === y.dtype, "an operation on two types");
  const shape = broadcast(x.shape, y.shape);
  const values = overPositions(shape, (at) =>
    asDtype(operation(x.values[offsetOf(x.shape, at)], y.values[offsetOf(y.shape, at)]), dtype));
  return { dtype, shape, values };
}

// Non-maximum suppression --------------------------------------------------------------------------

const f32 = Math.fround;

function readNms(entry) {
  const optional = (key, method, missing) => (entry.has(key) ? entry.at(key)[method]() : missing);
  return {
    maxBoxes: entry.at("max_boxes").integer(0),
    iou: f32(entry.at("iou").number()),
    score: f32(optional("score", "number", -Infinity)), // boxes with a higher score are candidates
    maxTotal: optional("max_total", "integer", 0),
    padPerClass: optional("pad_per_class", "flag", false),
    clip: optional("clip", "flag", false),
  };
}

/** Two opposite corners, y and x, in any order -> top, left, bottom, right. */
const cornersOf = ([y0, x0, y1, x1]) =>
  [Math.min(y0, y1), Math.min(x0, x1), Math.max(y0, y1), Math.max(x0, x1)].map(f32);

const areaOf = ([top, left, bottom, right]) => f32(f32(bottom - top) * f32(right - left));

/** A box without an area overlaps nothing. */
function overlaps(a, b, iou) {
  if (!(areaOf(a) > 0) || !(areaOf(b) > 0)) return false;
  const height = Math.max(f32(Math.min(a[2], b[2]) - Math.max(a[0], b[0])), 0);
  const width = Math.max(f32(Math.min(a[3], b[3]) - Math.max(a[1], b[1])), 0), both = f32(height * width);
  return f32(both / f32(f32(areaOf(a) + areaOf(b)) - both)) > iou;
}

const MOST_COMPARED = 2 ** 30; // pairs of boxes of one class: some seconds

/** Return the boxes of one class that are kept, best first; of equal scores the lower index. */
function keep(boxes, scores, { maxBoxes, iou, score }) {
  const candidates = [...scores.keys()].filter((i) => scores[i] > score);
  const { length } = candidates;
  require(length * Math.min(length, maxBoxes) <= MOST_COMPARED, `the suppression of ${length} boxes`);
  candidates.sort((a, b) => scores[b] - scores[a]);
  const kept = [];
  for (const box of candidates) {
    if (kept.length === maxBoxes) break;
    if (!kept.some((better) => overlaps(boxes[box], boxes[better], iou))) kept.push(box);
  }
  return kept;
}

const filledUp = (values, size) => [...values, ...Array(Math.max(0, size - values.length)).fill(0)];
const fours = (values) => Array.from({ length: values.length / 4 }, (_, i) => values.slice(4 * i, 4 * i + 4));

/** NonMaxSuppressionV4 and V5, padded: indices, scores and how many there are. */
function nms(boxes, scores, rule) {
  require(boxes.values.length === 4 * scores.values.length, "nms");
  const kept = keep(fours(boxes.values).map(cornersOf), scores.values, rule), shape = [rule.maxBoxes];
  return [
    { dtype: "int32", shape, values: filledUp(kept, rule.maxBoxes) },
    { dtype: "float32", shape, values: filledUp(kept.map((i) => scores.values[i]), rule.maxBoxes) },
    { dtype: "int32", shape: [], values: [kept.length] },
  ];
}

/** CombinedNonMaxSuppression: each class by itself, and the best of all of them.
 * boxes (N, M, q, 4), q being 1 or C, and scores (N, M, C) -> boxes, scores, classes, counts. */
function combinedNms(boxes, scores, rule) {
  require(boxes.shape.length === 4 && scores.shape.length === 3, "combined_nms");
  const [samples, count, classes] = scores.shape, sets = boxes.shape[2];
  require(boxes.values.length === samples * count * sets * 4, "combined_nms");
  require(sets === 1 || sets === classes, "combined_nms");
  const size = rule.padPerClass ? Math.min(rule.maxTotal, rule.maxBoxes * classes) : rule.maxTotal;
  const all = fours(boxes.values), found = [], best = [], numbers = [], counts = [];
  for (let sample = 0; sample < samples; sample++) {
    const boxAt = (box, label) => all[(sample * count + box) * sets + (sets > 1 ? label : 0)];
    const scoreAt = (box, label) => scores.values[(sample * count + box) * classes + label];
    const boxesOf = (label) => Array.from({ length: count }, (_, box) => cornersOf(boxAt(box, label)));
    const scoresOf = (label) => Array.from({ length: count }, (_, box) => scoreAt(box, label));
    const kept = Array.from({ length: classes }, (_, label) =>
      keep(boxesOf(label), scoresOf(label), rule).map((box) => ({ box, label, score: scoreAt(box, label) })));
    const chosen = kept.flat().sort((a, b) => b.score - a.score).slice(0, size);
    const edges = chosen.flatMap(({ box, label }) => boxAt(box, label));
    const clipped = (edge) => Math.min(Math.max(edge, 0), 1);
    found.push(...filledUp(rule.clip ? edges.map(clipped) : edges, 4 * size));
    best.push(...filledUp(chosen.map(({ score }) => score), size));
    numbers.push(...filledUp(chosen.map(({ label }) => label), size));
    counts.push(chosen.length);
  }
  return [
    { dtype: "float32", shape: [samples, size, 4], values: found },
    { dtype: "float32", shape: [samples, size], values: best },
    { dtype: "float32", shape: [samples, size], values: numbers },
    { dtype: "int32", shape: [samples], values: counts },
  ];
}

// Moving values about ------------------------------------------------------------------------------

function reshape(x, shape) {
  require(sizeOf(shape) === x.values.length, "reshape");
  return { ...x, shape };
}

/** y[i] = x[begin + i * strides] */
function slice(x, step) {
  const begin = step.at("begin").each("integer"), strides = step.at("strides").each("integer");
  const shape = step.at("shape").each("integer");
  require([begin, strides, shape].every((list) => list.length === x.shape.length), "slice");
  const values = overPositions(shape, (at) => {
    const from = at.map((i, axis) => begin[axis] + i * strides[axis]);
    require(from.every((i, axis) => i >= 0 && i < x.shape[axis]), "slice");
    return x.values[offsetOf(x.shape, from)];
  });
  return { dtype: x.dtype, shape, values };
}

function axisOf(signed, rank, op) {
  require(signed >= -rank && signed < rank, op);
  return signed < 0 ? signed + rank : signed;
}

function concat(parts, signedAxis) {
  const [{ dtype, shape: first }] = parts, axis = axisOf(signedAxis, first.length, "concat");
  const outer = sizeOf(first.slice(0, axis));
  const fits = ({ shape }) =>
    shape.length === first.length && shape.every((n, i) => i === axis || n === first[i]);
  require(parts.every(fits), "concat");
  const values = Array.from({ length: outer }, (_, i) => parts.flatMap((part) => {
    const run = sizeOf(part.shape.slice(axis));
    return part.values.slice(i * run, (i + 1) * run);
  })).flat();
  const size = parts.reduce((sum, { shape }) => sum + shape[axis], 0);
  return { dtype, shape: first.with?.(axis, size) ?? first.map((n, i) => (i === axis ? size : n)), values };
}

function stack(parts, signedAxis) {
  const axis = axisOf(signedAxis, parts[0].shape.length + 1, "stack");
  const longer = parts.map((part) => {
    const { shape } = part;
    return { ...part, shape: [...shape.slice(0, axis), 1, ...shape.slice(axis)] };
  });
  return concat(longer, axis);
}

/** y[lead, before, rest, after] = x[lead, before, indices[lead, rest], after], as tf.gather */
function gather(x, indices, axis, batchDims) {
  require(0 <= batchDims && batchDims <= axis && axis < x.shape.length, "gather");
  const lead = x.shape.slice(0, batchDims), rest = indices.shape.slice(batchDims);
  const before = x.shape.slice(batchDims, axis), after = x.shape.slice(axis + 1);
  require(String(indices.shape.slice(0, batchDims)) === String(lead), "gather");
  const values = [], count = sizeOf(rest), inner = sizeOf(after);
  const outer = sizeOf(before), size = x.shape[axis];
  for (let sample = 0; sample < sizeOf(lead); sample++) {
    for (let i = 0; i < outer; i++) {
      for (const index of indices.values.slice(sample * count, (sample + 1) * count)) {
        require(index >= 0 && index < size, "gather");
        const row = (sample * outer + i) * size + index;
        values.push(...x.values.slice(row * inner, (row + 1) * inner));
      }
    }
  }
  return { dtype: x.dtype, shape: [...lead, ...before, ...rest, ...after], values };
}

/** y's axis i is x's axis order[i]. */
function transpose(x, order) {
  const axes = [...order].sort((a, b) => a - b);
  require(axes.length === x.shape.length && axes.every((axis, i) => axis === i), "transpose");
  const shape = order.map((axis) => x.shape[axis]), from = Array(order.length);
  const values = overPositions(shape, (at) => {
    order.forEach((axis, i) => (from[axis] = at[i]));
    return x.values[offsetOf(x.shape, from)];
  });
  return { dtype: x.dtype, shape, values };
}

/** The k largest along the last axis, the earlier of equals first, and where they are. */
function topK(x, k) {
  const size = x.shape.at(-1) ?? 0, shape = [...x.shape.slice(0, -1), k], values = [], indices = [];
  require(k <= size, "top_k");
  for (let first = 0; first < x.values.length; first += size) {
    const row = x.values.slice(first, first + size);
    const order = [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, k);
    indices.push(...order);
    values.push(...order.map((i) => row[i]));
  }
  return [{ dtype: x.dtype, shape, values }, { dtype: "int32", shape, values: indices }];
}

function select(condition, x, y) {
  const shape = broadcast(condition.shape, x.shape, y.shape);
  const values = overPositions(shape, (at) => {
    const chosen = condition.values[offsetOf(condition.shape, at)] ? x : y;
    return chosen.values[offsetOf(chosen.shape, at)];
  });
  return { dtype: x.dtype, shape, values };
}

// The steps ----------------------------------------------------------------------------------------

const ARITHMETIC = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  minimum: Math.min, // NaN if one of them is
  maximum: Math.max,
  floor_divide: (a, b) => Math.floor(a / b),
  modulo: (a, b) => a - b * Math.floor(a / b),
};
const QUESTIONS = {
  equal: (a, b) => a === b,
  not_equal: (a, b) => a !== b,
  less: (a, b) => a < b,
  less_equal: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greater_equal: (a, b) => a >= b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
};

/** A division of whole numbers by zero is 0. */
const guarded = (op, dtype) => (a, b) =>
  b === 0 && dtype.includes("int") && ["floor_divide", "modulo"].includes(op) ? 0 : ARITHMETIC[op](a, b);

function twoOperands(op, x, y) {
  if (op in ARITHMETIC) return elementwise(x, y, x.dtype, guarded(op, x.dtype));
  if (op in QUESTIONS) return elementwise(x, y, "bool", (a, b) => Number(Boolean(QUESTIONS[op](a, b))));
  throw new PredictError(`manifest.json: tail: there is no step ${op}. Generate the program again.`);
}

const converted = (x, dtype) => ({ ...x, dtype, values: x.values.map((value) => asDtype(value, dtype)) });

const STEPS = {
  constant: (step) => [reshape({ dtype: step.at("dtype").text(), values: step.at("values").each("number") },
    step.at("shape").each("integer"))],
  top_k: (step, x) => topK(x, step.at("k").integer(0)),
  reshape: (step, x) => [reshape(x, step.at("shape").each("integer"))],
  slice: (step, x) => [slice(x, step)],
  concat: (step, ...parts) => [concat(parts, step.at("axis").integer())],
  stack: (step, ...parts) => [stack(parts, step.at("axis").integer())],
  transpose: (step, x) => [transpose(x, step.at("shape").each("integer"))],
  cast: (step, x) => [converted(x, step.at("dtype").text())],
  not: (step, x) => [{ ...x, dtype: "bool", values: x.values.map((value) => Number(value === 0)) }],
  where: (step, condition, x, y) => [select(condition, x, y)],
  nms: (step, boxes, scores) => nms(boxes, scores, readNms(step.at("nms"))),
  combined_nms: (step, boxes, scores) => combinedNms(boxes, scores, readNms(step.at("nms"))),
  gather: (step, x, indices) =>
    [gather(x, indices, step.at("axis").integer(), step.at("batch_dims").integer())],
};
const OPERANDS = { constant: 0, top_k: 1, reshape: 1, slice: 1, transpose: 1, cast: 1, not: 1, where: 3 };

function runStep(step, inputs) {
  const op = step.at("op").text(), isList = op === "concat" || op === "stack";
  require(isList ? inputs.length > 0 : inputs.length === (OPERANDS[op] ?? 2), op);
  return Object.hasOwn(STEPS, op) ? STEPS[op](step, ...inputs) : [twoOperands(op, ...inputs)];
}

/** The names of all arrays that the steps make. */
export const namesMade = (steps) => new Set(steps.list().flatMap((step) => step.at("outputs").each("text")));

/** Do the steps, and add what they make to `found`, net name -> values; `cut` gives a sample of a head. */
export function addTail(found, { heads, steps, outputs, batch }, cut) {
  const arrays = new Map();
  for (const head of heads) {
    const parts = Array.from({ length: head.batched ? batch : 1 }, (_, i) => [...cut(head, i).values]);
    arrays.set(head.name, { dtype: head.dtype, shape: head.kerasShape, values: parts.flat() });
  }
  for (const step of steps.list()) {
    const names = step.at("inputs").each("text");
    step.at("inputs").expect(names.every((name) => arrays.has(name)), "made by steps before");
    const made = runStep(step, names.map((name) => arrays.get(name)));
    step.at("outputs").each("text", made.length).forEach((name, i) => arrays.set(name, made[i]));
  }
  for (const { name, netName, netShape } of outputs) {
    const made = arrays.get(netName);
    if (!made || found.has(netName)) continue;
    if (String(made.shape) !== String(netShape)) {
      throw new PredictError(`manifest.json: tail: ${name} comes out in another shape. ` +
        "Export the bundle again.");
    }
    found.set(netName, Float32Array.from(made.values));
  }
}
