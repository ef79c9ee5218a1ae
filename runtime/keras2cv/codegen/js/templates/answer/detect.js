// Boxes around things.
import { Pen, colourOf, drawTags, paint } from "./drawing.js"; //@only drawn
import { findOutput } from "./net.js";
import { PredictError } from "./errors.js";
import { rint } from "./rounding.js";

const f32 = Math.fround;
const FIRST_SCORE = { "box+objectness+scores": 5, "box+scores": 4, "box+score+class": 4 };

/** How the outputs are read; an output without a name is not there. */
export function readTask(entry) {
  const record = entry.at("detect");
  const optional = (key, method) => (record.has(key) ? record.at(key)[method]() : null);
  const roles = ["boxes", "scores", "classes", "objectness", "raw"];
  const names = roles.map((key) => [key, optional(key, "text")]);
  const anchors = record.has("anchors") ? record.at("anchors") : null;
  const nms = record.has("nms") ? record.at("nms") : null;
  const task = {
    ...Object.fromEntries(names),
    columns: record.has("columns") ? record.at("columns").text(Object.keys(FIRST_SCORE)) : null,
    boxFormat: record.at("box_format").text(["yxyx", "xyxy", "xywh", "cxcywh"]),
    isNormalised: record.at("box_units").text(["normalised", "pixels"]) === "normalised",
    activation: record.at("activation").text(["none", "sigmoid", "softmax"]),
    objectnessActivation: optional("objectness_activation", "text"),
    anchors: anchors?.at("boxes").each("number"),
    variances: anchors?.at("variances").each("number", 4),
    score: f32(record.at("score").number()),
    iou: nms && f32(nms.at("iou").number()),
    acrossClasses: nms?.at("across_classes").flag(),
    background: optional("background", "integer"),
    most: optional("max_detections", "integer") ?? Infinity,
    labels: entry.has("labels") ? entry.at("labels").each("text") : [],
    classScores: [],
  };
  if (!entry.has("class_scores")) return task;
  task.classScores = entry.at("class_scores").each("number", task.labels.length).map(f32);
  return task;
}

/** What a box has in each role: a function from its number to its numbers. */
function readColumns(sample, task) {
  if (task.raw !== null) {
    const { shape, values } = findOutput(sample, task.raw), step = shape.at(-1) ?? 0;
    const first = FIRST_SCORE[task.columns];
    if (step <= first) {
      throw new PredictError("manifest.json: task.detect.raw has too few columns. Export the bundle again.");
    }
    const part = (from, to) => (box) => values.subarray(box * step + from, box * step + to);
    const isNumbered = task.columns === "box+score+class";
    return { count: values.length / step, boxes: part(0, 4), scores: part(first, isNumbered ? 5 : step),
      classes: isNumbered && part(5, 6), objectness: first === 5 && part(4, 5) };
  }
  const count = Math.max(1, findOutput(sample, task.boxes).values.length / 4);
  const whole = (name) => {
    if (name === null) return null;
    const { values } = findOutput(sample, name), step = values.length / count;
    if (!(step >= 1 && Number.isInteger(step))) {
      throw new PredictError(`manifest.json: task.detect: ${name} does not hold ${count} boxes. ` +
        "Export the bundle again.");
    }
    return (box) => values.subarray(box * step, (box + 1) * step);
  };
  return { count, boxes: whole(task.boxes), scores: whole(task.scores), classes: whole(task.classes),
    objectness: whole(task.objectness) };
}

/** 1 / (1 + exp(-x)), through the exponential that does not overflow. */
function sigmoid(logit) {
  const small = f32(Math.exp(-Math.abs(logit)));
  return f32((logit >= 0 ? 1 : small) / f32(1 + small));
}

const activated = (value, activation) => (activation === "sigmoid" ? sigmoid(value) : value);

function softmax(scores) {
  const largest = scores.reduce((a, b) => Math.max(a, b));
  const powers = scores.map((score) => Math.exp(f32(score - largest)));
  const sum = powers.reduce((a, b) => f32(a + b));
  return powers.map((power) => power / sum);
}

/** The class with the best score, `background` aside; a score that is no number wins, and no
 * threshold lets it through. */
function bestClass(scores, { activation, background }) {
  const values = activation === "softmax" ? softmax(scores) : scores;
  let classId = 0, score = -Infinity;
  for (let i = 0; i < values.length && !Number.isNaN(score); i++) {
    if (i === background || values[i] <= score) continue;
    classId = i;
    score = values[i];
  }
  return { classId, score: activated(score, activation) };
}

function readClass(columns, box, task) {
  let found;
  if (columns.classes) {
    const classId = rint(columns.classes(box)[0]);
    const score = activated(columns.scores(box)[0], task.activation);
    found = { classId, score: classId === task.background ? 0 : score };
  } else {
    found = bestClass(columns.scores(box), task);
  }
  if (columns.objectness) {
    found.score = f32(found.score * activated(columns.objectness(box)[0], task.objectnessActivation));
  }
  return found;
}

/** Left, top, right and bottom of a box, in pixels of the net's input. */
function cornersOf([a, b, c, d], box, task, input) {
  if (task.anchors) {
    // Offsets from an anchor (Ren et al., Faster R-CNN, eq. 2), with SSD's variances.
    const [x, y, width, height] = task.anchors.slice(4 * box, 4 * box + 4), { variances } = task;
    a = a * variances[0] * width + x;
    b = b * variances[1] * height + y;
    c = Math.exp(c * variances[2]) * width;
    d = Math.exp(d * variances[3]) * height;
  }
  const corners = {
    xyxy: [a, b, c, d],
    yxyx: [b, a, d, c],
    xywh: [a, b, a + c, b + d],
    cxcywh: [a - c / 2, b - d / 2, a + c / 2, b + d / 2],
  }[task.boxFormat];
  return task.isNormalised ? corners.map((edge, i) => edge * (i % 2 ? input.height : input.width)) : corners;
}

/** A NaN, an infinity, no area, or a class below 0, as in the padding of a fixed size: no box. */
const isBox = ([left, top, right, bottom], classId) =>
  [left, top, right, bottom].every(Number.isFinite) && right > left && bottom > top && classId >= 0;

function readCandidates(sample, task, input) {
  const columns = readColumns(sample, task), candidates = [];
  if (task.anchors && task.anchors.length !== 4 * columns.count) {
    throw new PredictError(`manifest.json: task.detect.anchors must be ${columns.count}. ` +
      "Export the bundle again.");
  }
  for (let box = 0; box < columns.count; box++) {
    const { classId, score } = readClass(columns, box, task);
    if (!(score > (task.classScores[classId] ?? task.score))) continue;
    const corners = cornersOf(columns.boxes(box), box, task, input);
    if (isBox(corners, classId)) candidates.push({ classId, score, corners });
  }
  return candidates.sort((a, b) => b.score - a.score);
}

/** By how much two boxes overlap: what both cover of what one covers. */
function overlap(a, b) {
  const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const both = width > 0 && height > 0 ? width * height : 0;
  return f32(1 - f32(1 - both / (area(a) + area(b) - both)));
}

/** Leave the boxes that no better one overlaps by more than `iou`, best first. */
function suppress(candidates, { iou, acrossClasses, most }) {
  const kept = [];
  for (const one of candidates) {
    if (kept.length >= most) break;
    const isWorse = (other) =>
      (acrossClasses || other.classId === one.classId) && overlap(one.corners, other.corners) > iou;
    if (!kept.some(isWorse)) kept.push(one);
  }
  return kept;
}

export function findAnswer(sample, task, place) {
  const { source, input } = place, limits = [source.width, source.height];
  let candidates = readCandidates(sample, task, input);
  if (task.iou !== null) candidates = suppress(candidates, task);
  const detections = candidates.slice(0, task.most).map(({ classId, score, corners }) => {
    const edges = [...place.toSource(corners[0], corners[1]), ...place.toSource(corners[2], corners[3])];
    const box = edges.map((edge, i) => f32(Math.min(Math.max(edge, 0), limits[i % 2])));
    return { label: task.labels[classId] ?? String(classId), class_id: classId, score, box_xyxy: box };
  }).filter(({ box_xyxy: [left, top, right, bottom] }) => right > left && bottom > top);
  return { task: "detect", image_wh: limits, detections };
}

export const toLine = ({ detections }) =>
  detections.map(({ label, score, box_xyxy: edges }) =>
    `${label} ${score.toFixed(4)} at ${edges.map(Math.round).join(" ")}`).join(", ") || "nothing";
//@begin drawn

/** Draw the picture with every box, its label and score; the best on top. */
export function draw(canvas, picture, { detections }) {
  const { context, factor } = paint(canvas, picture), shorter = Math.min(canvas.width, canvas.height);
  const pen = new Pen(context, shorter / 1000), thickness = Math.max(2, rint(shorter / 240));
  const tags = detections.map(({ label, class_id: number, score, box_xyxy: edges }) => {
    const [x0, y0, x1, y1] = edges.map((edge) => rint(edge * factor));
    // The last pixel inside, and not the first beyond.
    const box = [x0, y0, Math.max(x0, x1 - 1), Math.max(y0, y1 - 1)];
    return { text: `${label} ${score.toFixed(2)}`, colour: colourOf(number), box };
  });
  const gap = Math.ceil(thickness / 2), line = 2 * gap + 1; // whole pixels: no grey edges
  for (const { colour, box: [x0, y0, x1, y1] } of [...tags].reverse()) {
    const left = x0 - gap, top = y0 - gap, width = x1 - x0 + line, height = y1 - y0 + line;
    context.fillStyle = colour;
    for (const y of [top, y1 - gap]) context.fillRect(left, y, width, line);
    for (const x of [left, x1 - gap]) context.fillRect(x, top, line, height);
  }
  drawTags(canvas, tags, pen, Math.floor(thickness / 2));
}
//@end
