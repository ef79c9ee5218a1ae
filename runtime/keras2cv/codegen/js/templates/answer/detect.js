// Boxes around things.
import { Pen, colourOf, drawTags, paint } from "./drawing.js"; //@only drawn
//@begin drawn
import { rgbOf } from "./drawing.js"; //@only masks
import { coverMasks } from "./masks.js"; //@only masks
import { drawPoints } from "./points.js"; //@only boxpoints
//@end
//@begin peaks
import { boxOf, frameOf, headParts, isPeak, readHead } from "./head.js"; //@only framed
import { boxOf, headParts, isPeak, readHead } from "./head.js"; //@only !framed
//@end
//@begin head !peaks
import { boxOf, frameOf, headParts, readHead } from "./head.js"; //@only framed
import { boxOf, headParts, readHead } from "./head.js"; //@only !framed
//@end
import { maskOf, readMasks } from "./masks.js"; //@only masks
import { findOutput } from "./net.js"; //@only tables
import { isShown, pointsOf, readPoints } from "./points.js"; //@only boxpoints !joints
import { isShown, peakFinder, pointsOf, readPoints } from "./points.js"; //@only joints
import { angleOf, around, outlineOf, readAngles, suppressRotated } from "./rotated.js"; //@only rotated
import { PredictError } from "./errors.js";
import { rint } from "./rounding.js";

const f32 = Math.fround;
const ROLES = ["boxes", "scores", "classes", "objectness", "raw"]; //@only !head
const KEYS = [
  "box_format box_units activation objectness_activation score nms background max_detections chosen",
  "anchors", "head", //@only head
  "anchors", "columns", ...ROLES, //@only !head
  "columns_axis", //@only columns
  "multi_label", //@only several
  "masks", //@only masks
  "points", //@only boxpoints
  "angles", //@only rotated
].join(" ");

/** How the outputs are read; an output without a name is not there. */
export function readTask(entry) {
  const record = entry.at("detect");
  const optional = (key, method) => (record.has(key) ? record.at(key)[method]() : null);
  record.expectKeys(KEYS);
  const anchors = record.has("anchors") ? record.at("anchors") : null;
  const nms = record.has("nms") ? record.at("nms") : null;
  const task = {
    ...Object.fromEntries(ROLES.map((key) => [key, optional(key, "text")])), //@only !head
    columns: record.has("columns") ? record.at("columns").text().split("+") : null, //@only !head
    hasRowsLast: record.has("columns_axis") && record.at("columns_axis").text(["first"]) === "first", //@only columns
    head: readHead(record.at("head")), //@only head
    masks: readMasks(record.at("masks")), //@only masks
    points: readPoints(record.at("points")), //@only boxpoints
    angles: readAngles(record.at("angles")), //@only rotated
    isSeveral: record.has("multi_label") && record.at("multi_label").flag(), //@only several
    boxFormat: record.at("box_format").text(["yxyx", "xyxy", "xywh", "cxcywh"]),
    isNormalised: record.at("box_units").text(["normalised", "pixels"]) === "normalised",
    activation: record.at("activation").text(["none", "sigmoid", "softmax"]),
    objectnessActivation: optional("objectness_activation", "text"),
    anchors: anchors && { boxes: anchors.at("boxes").each("number"),
      variances: anchors.at("variances").each("number", 4) },
    score: f32(record.at("score").number()),
    iou: nms && nms.at("iou").number(),
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

//@begin tables
/** What box i has of a table: a function from i to its numbers. */
const reader = (values, step, first = 0, size = step) => (box) =>
  values.subarray(box * step + first, box * step + first + size);

/** The same of an output by its name, for `count` boxes; null without a name. */
function readOutput(sample, name, count) {
  if (name === null) return null;
  const { values } = findOutput(sample, name), step = values.length / count;
  if (step >= 1 && Number.isInteger(step)) return reader(values, step);
  throw new PredictError(`manifest.json: task.detect: ${name} does not hold ${count} boxes. ` +
    "Export the bundle again.");
}

//@end
//@begin !head
/** The parts of a table's rows, which lie side by side. */
function columnParts(sample, task) {
  const { shape, values } = findOutput(sample, task.raw); //@only !columns
  const { shape, values } = rowsOf(findOutput(sample, task.raw), task); //@only columns
  const width = shape.at(-1) ?? 0, parts = { count: values.length / width };
  const sizes = { box: 4, objectness: 1, score: 1, class: 1 };
  sizes.angle = 1; //@only rotated
  sizes.coefficients = findOutput(sample, task.masks.prototypes).shape.at(-1); //@only weighted
  sizes.points = task.points.size; //@only boxpoints
  const rest = width - task.columns.reduce((sum, part) => sum + (sizes[part] ?? 0), 0);
  let first = 0;
  for (const part of task.columns) {
    const size = sizes[part] ?? (part === "scores" ? rest : 0);
    if (size < 1) break;
    parts[{ score: "scores", class: "classes" }[part] ?? part] = reader(values, width, first, size);
    first += size;
  }
  if (width > 0 && first === width) return parts;
  throw new PredictError(`manifest.json: task.detect.raw has ${width} columns, which are not ` +
    `${task.columns.join("+")}. Export the bundle again.`);
}

//@begin columns
/** A table with a row for each box. */
function rowsOf({ shape, values }, { hasRowsLast }) {
  if (!hasRowsLast) return { shape, values };
  const width = shape[0], count = values.length / width;
  const turned = Float32Array.from(values, (_, i) => values[(i % width) * count + Math.floor(i / width)]);
  return { shape: [...shape.slice(1), width], values: turned };
}

//@end
function outputParts(sample, task) {
  const { values } = findOutput(sample, task.boxes);
  const width = 4; //@only !rotated
  const width = task.angles.output === null ? 5 : 4; // the angle is the last of a box's numbers //@only rotated
  const count = Math.max(1, values.length / width), read = (name) => readOutput(sample, name, count);
  return { count, box: read(task.boxes), scores: read(task.scores), classes: read(task.classes),
    objectness: read(task.objectness),
    angle: reader(values, width, 4), //@only rotated
  };
}

//@end
/** What each box has: part -> a function from the box's number to its numbers. */
function partsOf(sample, task) {
  //@begin !weighted !boxpoints !rotated
  return task.raw === null ? outputParts(sample, task) : columnParts(sample, task); //@only !head
  return headParts(sample, task.head); //@only head
  //@end
  //@begin weighted boxpoints rotated
  const parts = task.raw === null ? outputParts(sample, task) : columnParts(sample, task); //@only !head
  const parts = headParts(sample, task.head); //@only head
  parts.coefficients ??= readOutput(sample, task.masks.coefficients, parts.count); //@only weighted
  if (task.points.output !== null) parts.points = readOutput(sample, task.points.output, parts.count); //@only boxpoints
  if (task.angles.output !== null) parts.angle = readOutput(sample, task.angles.output, parts.count); //@only rotated
  return parts;
  //@end
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

//@begin !peaks
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

function readClass(parts, box, task) {
  let found;
  if (parts.classes) {
    const classId = rint(parts.classes(box)[0]);
    const score = activated(parts.scores(box)[0], task.activation);
    found = { classId, score: classId === task.background ? 0 : score };
  } else {
    found = bestClass(parts.scores(box), task);
  }
  if (parts.objectness) {
    found.score = f32(found.score * activated(parts.objectness(box)[0], task.objectnessActivation));
  }
  return found;
}

//@end
//@begin several peaks
/** A box's score in each class, `background` aside. */
function everyScore(parts, box, task) {
  const scores = parts.scores(box), values = task.activation === "softmax" ? softmax(scores) : scores;
  const factor = parts.objectness ? activated(parts.objectness(box)[0], task.objectnessActivation) : 1;
  const found = values.map((score) => activated(score, task.activation) * factor);
  if (task.background !== null) found[task.background] = NaN; // which is above no threshold
  return found;
}

//@end
/** Left, top, right and bottom of a box, in pixels of the net's input. */
function cornersOf(parts, box, task, input) {
  let [a, b, c, d] = parts.box(box); //@only !head
  const [a, b, c, d] = boxOf(task.head, parts, box, task.anchors, input); //@only head
  //@begin !head
  if (task.anchors) {
    // Offsets from an anchor (Ren et al., Faster R-CNN, eq. 2), with SSD's variances.
    const { boxes, variances } = task.anchors, [x, y, width, height] = boxes.slice(4 * box, 4 * box + 4);
    a = a * variances[0] * width + x;
    b = b * variances[1] * height + y;
    c = Math.exp(c * variances[2]) * width;
    d = Math.exp(d * variances[3]) * height;
  }
  //@end
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

function findCandidates(parts, task, input) {
  const candidates = [];
  if (task.anchors && task.anchors.boxes.length !== 4 * parts.count) {
    throw new PredictError(`manifest.json: task.detect.anchors must be ${parts.count}. ` +
      "Export the bundle again.");
  }
  const scoresOf = Array.from({ length: parts.count }, (_, box) => everyScore(parts, box, task)); //@only peaks
  for (let row = 0; row < parts.count; row++) {
    //@begin !several !peaks
    const { classId, score } = readClass(parts, row, task);
    if (!(score > (task.classScores[classId] ?? task.score))) continue;
    const corners = cornersOf(parts, row, task, input);
    if (isBox(corners, classId)) candidates.push({ row, classId, score, corners });
    //@end
    //@begin several peaks
    const every = scoresOf[row].entries(); //@only peaks
    //@begin !peaks
    const { classId: best, score: highest } = readClass(parts, row, task);
    const every = task.isSeveral ? everyScore(parts, row, task).entries() : [[best, highest]];
    //@end
    for (const [classId, score] of every) {
      if (!(score > (task.classScores[classId] ?? task.score))) continue;
      if (!isPeak(task.head, row, (box) => scoresOf[box][classId])) continue; //@only peaks
      const corners = cornersOf(parts, row, task, input);
      if (isBox(corners, classId)) candidates.push({ row, classId, score, corners });
    }
    //@end
  }
  return candidates.sort((a, b) => b.score - a.score);
}

//@begin !rotated
/** By how much two boxes overlap: what both cover of what one covers. */
function overlap(a, b) {
  const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const both = width > 0 && height > 0 ? width * height : 0;
  return f32(1 - f32(1 - both / (area(a) + area(b) - both)));
}

const BLOCK = 8192; // boxes whose pairs are counted at a time, at least
const MOST_PAIRS = 2 ** 31; // to compare: some seconds

/** Leave the boxes that no better one overlaps by more than `iou`, best first. */
function suppress(candidates, { iou, acrossClasses, most }) {
  const kept = [], limit = f32(iou);
  let pairs = 0, end = 0;
  for (const [i, one] of candidates.entries()) {
    if (kept.length >= most) break;
    if (i === end) {
      end = Math.min(i + Math.max(BLOCK, kept.length), candidates.length);
      pairs += Math.floor((kept.length + end - i) ** 2 / 2); // as keras2cv counts them
    }
    if (pairs > MOST_PAIRS) {
      throw new PredictError(`${candidates.length} boxes are above the score, and overlap so little ` +
        "that to compare them takes minutes. Export the model with a higher --score.");
    }
    const isWorse = (other) =>
      (acrossClasses || other.classId === one.classId) && overlap(one.corners, other.corners) > limit;
    if (!kept.some(isWorse)) kept.push(one);
  }
  return kept;
}

//@end
/** A box in pixels of the picture, and whether some of it lies there. */
function onPicture(found, task, place) {
  const { source: { width, height } } = place, { classId, score } = found;
  //@begin !rotated
  const [left, top, right, bottom] = found.corners;
  const edges = [...place.toSource(left, top), ...place.toSource(right, bottom)];
  //@end
  //@begin rotated
  const outline = found.outline.map((corner) => place.toSource(...corner));
  const edges = around(outline);
  //@end
  const box = edges.map((edge, i) => f32(Math.min(Math.max(edge, 0), i % 2 ? height : width)));
  const record = { label: task.labels[classId] ?? String(classId), class_id: classId, score, box_xyxy: box };
  const isInside = box[2] > box[0] && box[3] > box[1];
  return { record, isInside }; //@only !masks !boxpoints !rotated
  return { found, edges, record, isInside }; //@only masks boxpoints !rotated
  return { found, edges, record, outline, isInside }; //@only rotated
}

export function findAnswer(sample, task, place) {
  const { source: { width, height } } = place, parts = partsOf(sample, task);
  let candidates = findCandidates(parts, task, place.input);
  //@begin rotated
  candidates = candidates.filter(({ row }) => Number.isFinite(parts.angle(row)[0]));
  for (const one of candidates) one.outline = outlineOf(one.corners, parts.angle(one.row)[0], task.angles);
  if (task.iou !== null) candidates = suppressRotated(candidates, task);
  //@end
  if (task.iou !== null) candidates = suppress(candidates, task); //@only !rotated
  const shown = candidates.slice(0, task.most).map((found) => onPicture(found, task, place));
  const finder = peakFinder(sample, task.points.joints, task.head.levels[0], task.points.count); //@only joints
  const detections = shown.filter(({ isInside }) => isInside).map(({ record }) => record); //@only !masks !boxpoints !rotated
  //@begin masks boxpoints rotated
  const detections = shown.filter(({ isInside }) => isInside).map((one) => {
    const { record } = one;
    record.mask = maskOf(task.masks, sample, parts, one.found, one.edges, place); //@only masks
    //@begin framed
    const frame = frameOf(task.head, one.found.row, task.points); //@only !priors
    //@begin priors
    const frame = frameOf(task.head, one.found.row, task.points, parts, task.anchors);
    if (task.isNormalised) {
      const sides = [place.input.width, place.input.height];
      for (const pair of Object.values(frame)) pair.forEach((number, i) => (pair[i] = number * sides[i]));
    }
    //@end
    const numbers = parts.points(one.found.row), { points } = task;
    record.keypoints = pointsOf(numbers, points, place, frame); //@only !joints
    record.keypoints = pointsOf(numbers, points, place, frame, finder(one.found.corners)); //@only joints
    //@end
    record.keypoints = pointsOf(parts.points(one.found.row), task.points, place); //@only boxpoints !framed
    record.polygon_xy = one.outline.map((corner) => corner.map(f32)); //@only rotated
    record.angle = f32(angleOf(one.outline)); //@only rotated
    return record;
  });
  //@end
  const { threshold, skeleton } = task.points; //@only boxpoints
  return { task: "detect", image_wh: [width, height], detections, threshold, skeleton }; //@only boxpoints
  return { task: "detect", image_wh: [width, height], detections }; //@only !boxpoints
}

//@begin masks boxpoints rotated
/** What belongs to a box, in a few words. */
function wordsOf(detection, threshold) { //@only boxpoints
function wordsOf(detection) { //@only !boxpoints
  const words = [];
  //@begin masks
  const pixels = detection.mask.counts.reduce((sum, count, i) => sum + (i % 2 ? count : 0), 0);
  words.push(`mask of ${pixels} pixels`);
  //@end
  //@begin boxpoints
  const shown = detection.keypoints.filter((point) => isShown(point, threshold)).length;
  words.push(`${shown} of ${detection.keypoints.length} points`);
  //@end
  words.push(`turned by ${Math.round(detection.angle)} degrees`); //@only rotated
  return words.map((word) => `, ${word}`).join("");
}

//@end
//@begin !masks !boxpoints !rotated
export const toLine = ({ detections }) =>
  detections.map(({ label, score, box_xyxy: edges }) =>
    `${label} ${score.toFixed(4)} at ${edges.map(Math.round).join(" ")}`).join(", ") || "nothing";
//@end
//@begin masks boxpoints rotated
export const toLine = ({ detections, threshold }) => detections.map((one) => //@only boxpoints
export const toLine = ({ detections }) => detections.map((one) => //@only !boxpoints
  `${one.label} ${one.score.toFixed(4)} at ${one.box_xyxy.map(Math.round).join(" ")}` +
    wordsOf(one, threshold)).join("; ") || "nothing"; //@only boxpoints
    wordsOf(one)).join("; ") || "nothing"; //@only !boxpoints
//@end
//@begin drawn

/** Draw the picture with every box, its label and score; the best on top. */
export function draw(canvas, picture, answer) {
  const { detections } = answer;
  const masks = detections.map(({ mask, class_id: number }) => ({ mask, rgb: rgbOf(number) })); //@only masks
  const covered = coverMasks(picture, masks); //@only masks
  const { context, factor } = paint(canvas, covered); //@only masks
  const { context, factor } = paint(canvas, picture); //@only !masks
  const shorter = Math.min(canvas.width, canvas.height);
  const pen = new Pen(context, shorter / 1000), thickness = Math.max(2, rint(shorter / 240));
  const tags = detections.map(({ label, class_id: number, score, box_xyxy: edges }) => {
    const [x0, y0, x1, y1] = edges.map((edge) => rint(edge * factor));
    // The last pixel inside, and not the first beyond.
    const box = [x0, y0, Math.max(x0, x1 - 1), Math.max(y0, y1 - 1)];
    return { text: `${label} ${score.toFixed(2)}`, colour: colourOf(number), box };
  });
  //@begin rotated
  context.lineWidth = 2 * Math.ceil(thickness / 2) + 1;
  for (const { polygon_xy: outline, class_id: number } of [...detections].reverse()) {
    context.strokeStyle = colourOf(number);
    context.beginPath();
    for (const corner of outline) context.lineTo(...corner.map((edge) => rint(edge * factor - 0.5) + 0.5));
    context.closePath();
    context.stroke();
  }
  //@end
  //@begin !rotated
  const gap = Math.ceil(thickness / 2), line = 2 * gap + 1; // whole pixels: no grey edges
  for (const { colour, box: [x0, y0, x1, y1] } of [...tags].reverse()) {
    const left = x0 - gap, top = y0 - gap, width = x1 - x0 + line, height = y1 - y0 + line;
    context.fillStyle = colour;
    for (const y of [top, y1 - gap]) context.fillRect(left, y, width, line);
    for (const x of [left, x1 - gap]) context.fillRect(x, top, line, height);
  }
  //@end
  drawTags(canvas, tags, pen, Math.floor(thickness / 2));
  //@begin boxpoints
  const radius = Math.max(3, Math.round(shorter / 120));
  for (const { keypoints: points } of detections) drawPoints(context, factor, radius, { ...answer, points });
  //@end
}
//@end
