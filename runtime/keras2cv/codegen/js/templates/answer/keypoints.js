// Points of one figure: joints, corners, features of a face.
import { Pen, colourOf, drawTags, paint } from "./drawing.js"; //@only drawn
import { findOutput } from "./net.js";
import { drawPoints, isShown, placeOf } from "./points.js"; //@only drawn
import { isShown } from "./points.js"; //@only !drawn
import { PredictError } from "./errors.js";

const f32 = Math.fround;

export function readTask(entry) {
  const record = entry.at("keypoints");
  record.expectKeys("output form units activation refine score skeleton");
  return {
    output: record.at("output").text(),
    form: record.at("form").text(["heatmaps", "xy", "yx", "xys", "yxs"]),
    units: record.at("units").text(),
    activation: record.at("activation").text(["none", "sigmoid"]),
    refine: record.at("refine").text(),
    threshold: record.at("score").number(),
    skeleton: record.has("skeleton") ? record.at("skeleton").each("integer") : [],
    labels: entry.has("labels") ? entry.at("labels").each("text") : null,
  };
}

/** A point is the centre of the highest cell of its map, the first of equals; with "quarter" a
 * quarter of a cell from there towards the higher neighbour (Newell et al., Stacked Hourglass
 * Networks). As shares of the input's width and height. */
function heatmapPoints({ shape, values }, refine) {
  if (shape.length !== 3) {
    throw new PredictError("manifest.json: task.keypoints.output must be (h, w, K). " +
      "Export the bundle again.");
  }
  const [height, width, count] = shape;
  return Array.from({ length: count }, (_, k) => {
    const at = (x, y) => values[(y * width + x) * count + k];
    let x = 0, y = 0;
    for (let i = 1; i < width * height; i++) {
      const value = at(i % width, Math.floor(i / width)), highest = at(x, y);
      if (value > highest || (Number.isNaN(highest) && !Number.isNaN(value))) {
        x = i % width;
        y = Math.floor(i / width);
      }
    }
    const isRefined = refine === "quarter", side = (after, before) => Math.sign(f32(after - before)) || 0;
    const dx = isRefined && x > 0 && x < width - 1 ? side(at(x + 1, y), at(x - 1, y)) : 0;
    const dy = isRefined && y > 0 && y < height - 1 ? side(at(x, y + 1), at(x, y - 1)) : 0;
    return { x: f32((x + 0.5 + 0.25 * dx) / width), y: f32((y + 0.5 + 0.25 * dy) / height), score: at(x, y) };
  });
}

/** Points that the model gives as numbers, x and y or y and x, and maybe a score. */
function listedPoints({ values }, form) {
  const step = form.length;
  if (values.length % step !== 0) {
    throw new PredictError(`manifest.json: task.keypoints.output must be points of the form ${form}. ` +
      "Export the bundle again.");
  }
  return Array.from({ length: values.length / step }, (_, i) => {
    const [first, second, score = 1] = values.subarray(i * step, (i + 1) * step);
    return form.startsWith("x") ? { x: first, y: second, score } : { x: second, y: first, score };
  });
}

/** 1 / (1 + exp(-x)), through the exponential that does not overflow. */
function sigmoid(logit) {
  const small = f32(Math.exp(-Math.abs(logit)));
  return f32((logit >= 0 ? 1 : small) / f32(1 + small));
}

export function findAnswer(sample, task, place) {
  const output = findOutput(sample, task.output), { form, labels } = task;
  const found = form === "heatmaps" ? heatmapPoints(output, task.refine) : listedPoints(output, form);
  if (labels && labels.length !== found.length) {
    throw new PredictError("manifest.json: task.labels must be one per point. Export the bundle again.");
  }
  const [perX, perY] = task.units === "pixels" ? [1, 1] : [place.input.width, place.input.height];
  const hasScores = form !== "xy" && form !== "yx";
  const points = found.map(({ x, y, score }, number) => ({
    label: labels?.[number] ?? String(number),
    number,
    xy: place.toSource(x * perX, y * perY).map(f32),
    score: !hasScores ? null : task.activation === "sigmoid" ? sigmoid(score) : score,
  }));
  const { width, height } = place.source, { threshold, skeleton } = task;
  return { task: "keypoints", image_wh: [width, height], threshold, points, skeleton };
}

export function toLine({ points, threshold }) {
  const shown = points.filter((point) => isShown(point, threshold)).map(({ label, score, xy }) =>
    `${label}${score === null ? "" : ` ${score.toFixed(4)}`} at ${xy.map(Math.round).join(" ")}`);
  return shown.join(", ") || "nothing";
}
//@begin drawn

/** Draw the picture with the points that are shown, the lines between them, and their labels. */
export function draw(canvas, picture, answer) {
  const { context, factor } = paint(canvas, picture), shorter = Math.min(canvas.width, canvas.height);
  const radius = Math.max(3, Math.round(shorter / 120)), pen = new Pen(context, shorter / 1200), tags = [];
  drawPoints(context, factor, radius, answer);
  for (const point of answer.points.filter((one) => isShown(one, answer.threshold))) {
    const [column, row] = placeOf(point, factor).map(Math.floor);
    const isInside = column >= 0 && column < canvas.width && row >= 0 && row < canvas.height;
    if (isInside && point.label !== String(point.number)) {
      const box = [column - radius, row - radius, column + radius, row + radius];
      tags.push({ text: point.label, colour: colourOf(point.number), box });
    }
  }
  drawTags(canvas, tags, pen, 1, true);
}
//@end
