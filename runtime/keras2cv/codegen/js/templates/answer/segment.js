// A class for every pixel.
import { Pen, colourOf, paint, rgbOf, writeTag } from "./drawing.js"; //@only drawn
import { findOutput } from "./net.js";
import { PredictError } from "./errors.js";
import { Spread } from "./placement.js";

const UNSEEN = -1; // pixels that a center-crop cut off
const f32 = Math.fround;

export function readTask(entry) {
  const record = entry.at("segment");
  record.expectKeys("output scores threshold");
  return {
    output: record.at("output").text(),
    scores: record.at("scores").text(["softmax", "sigmoid", "logits", "labels"]),
    threshold: record.has("threshold") ? f32(record.at("threshold").number()) : null, // of one channel
    labels: entry.has("labels") ? entry.at("labels").each("text") : [],
  };
}

/** Turn logits of (pixels, channels) into probabilities: sigmoid for one channel, else softmax. */
function toProbabilities(logits, channels) {
  if (channels === 1) {
    return logits.map((logit) => {
      const small = f32(Math.exp(-Math.abs(logit)));
      return (logit >= 0 ? 1 : small) / f32(1 + small);
    });
  }
  const values = new Float32Array(logits.length);
  for (let first = 0; first < values.length; first += channels) {
    const row = values.subarray(first, first + channels), scores = logits.subarray(first, first + channels);
    const largest = scores.reduce((a, b) => Math.max(a, b));
    row.set(scores.map((score) => Math.exp(f32(score - largest))));
    const sum = row.reduce((a, b) => f32(a + b));
    row.forEach((power, i) => (row[i] = power / sum));
  }
  return values;
}

/** The class of each visible pixel: the best after every class was enlarged by itself. */
function bestChannel(gridOf, channels, spread) {
  const highest = spread.linear(gridOf(0)), winner = new Int32Array(highest.length);
  for (let number = 1; number < channels; number++) {
    spread.linear(gridOf(number)).forEach((value, i) => {
      if (!(value > highest[i])) return;
      highest[i] = value;
      winner[i] = number;
    });
  }
  return winner;
}

function findClasses({ shape, values }, { scores, threshold }, place) {
  const [height, width, channels = 1] = shape, spread = new Spread({ width, height }, place);
  const numbers = scores === "logits" ? toProbabilities(values, channels) : values;
  const gridOf = (c) => Float32Array.from({ length: width * height }, (_, i) => numbers[i * channels + c]);
  if (scores === "labels") return spread.nearest(gridOf(0));
  if (threshold === null) return bestChannel(gridOf, channels, spread);
  return Int32Array.from(spread.linear(gridOf(0)), (value) => Number(value > threshold));
}

/** Put the visible part where it lies in the picture. */
function onPicture(classes, { source, visible }) {
  const whole = new Int32Array(source.width * source.height).fill(UNSEEN);
  for (let row = 0; row < visible.height; row++) {
    const part = classes.subarray(row * visible.width, (row + 1) * visible.width);
    whole.set(part, (visible.y + row) * source.width + visible.x);
  }
  return whole;
}

export function findAnswer(sample, task, place) {
  const output = findOutput(sample, task.output);
  if (output.shape.length < 2 || output.shape.length > 3) {
    throw new PredictError("manifest.json: task.segment.output must be (h, w, C). Export the bundle again.");
  }
  const classOfPixel = onPicture(findClasses(output, task, place), place), counts = new Map();
  for (const number of classOfPixel) if (number !== UNSEEN) counts.set(number, (counts.get(number) ?? 0) + 1);
  const areas = [...counts].sort(([a, m], [b, n]) => n - m || a - b); // the largest first
  const classes = areas.map(([index, pixels]) => ({
    label: task.labels[index] ?? String(index),
    index,
    pixels,
    share: pixels / classOfPixel.length,
  }));
  const { width, height } = place.source, isBinary = task.threshold !== null;
  return { task: "segment", image_wh: [width, height], classes, classOfPixel, isBinary };
}

export const toLine = ({ classes }) =>
  classes.map(({ label, share }) => `${label} ${(100 * share).toFixed(2)}%`).join(", ");
//@begin drawn

/** Draw the picture, half covered by the colours of its classes, with their names; the background of
 * a binary mask is left as it is. */
export function draw(canvas, picture, { classes, classOfPixel, isBinary }) {
  const shown = classes.filter(({ index }) => !isBinary || index !== 0);
  const halves = new Map(shown.map(({ index }) => [index, rgbOf(index).map((part) => part >> 1)]));
  const data = picture.data.slice();
  classOfPixel.forEach((number, i) => {
    const half = halves.get(number);
    for (let c = 0; half && c < 3; c++) data[4 * i + c] = (data[4 * i + c] >> 1) + half[c];
  });
  const { context } = paint(canvas, { data, width: picture.width, height: picture.height });
  const pen = new Pen(context, Math.min(canvas.width, canvas.height) / 1000), step = pen.height + 1;
  shown.slice(0, Math.max(1, Math.floor(canvas.height / step) - 1)).forEach(({ label, index }, row) =>
    writeTag(pen, pen.fitted(label, canvas.width), 0, row * step, colourOf(index)));
}
//@end
