// A line of text, read by CTC.
import { caption } from "./drawing.js"; //@only drawn
import { findOutput } from "./net.js";
import { PredictError } from "./errors.js";

const NEVER = -Infinity; // log of probability 0

export function readTask(entry) {
  const record = entry.at("text");
  record.expectKeys("output class_axis scores charset blank decode beam_width top_paths");
  const task = {
    output: record.at("output").text(),
    isLast: record.at("class_axis").text(["first", "last"]) === "last",
    scores: record.at("scores").text(["softmax", "logits"]),
    decode: record.at("decode").text(["greedy", "beam"]),
    charset: record.at("charset").each("text"), // of each class but the blank
    blank: record.at("blank").integer(0),
  };
  record.at("blank").expect(task.blank <= task.charset.length, "the number of a class");
  if (task.decode !== "beam") return task;
  return { ...task, width: record.at("beam_width").integer(1), count: record.at("top_paths").integer(1) };
}

const characterOf = (number, { charset, blank }) => charset[number - Number(number > blank)];

/** The scores of each step as logits, (T, classes); of probabilities, log(p + 1e-7). */
function logitsOf({ shape, values }, { charset, isLast, scores }) {
  const classes = charset.length + 1, steps = shape[isLast ? 0 : 1];
  if (shape.length !== 2 || shape[isLast ? 1 : 0] !== classes) {
    throw new PredictError("manifest.json: task.text.charset must have a character for each class but the " +
      "blank. Export the bundle again.");
  }
  return Array.from({ length: steps }, (_, t) => Float32Array.from({ length: classes }, (_, c) => {
    const value = values[isLast ? t * classes + c : c * steps + t];
    return scores === "softmax" ? Math.log(Math.fround(value + Math.fround(1e-7))) : value;
  }));
}

function logSoftmax(logits) {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  const row = Array.from(logits, (logit) => logit - largest - Math.log(sum));
  if (row.some(Number.isNaN)) throw new PredictError("The net's scores are not numbers. Run the self-test.");
  return row;
}

/** The best class of each step: runs once, blanks left out. */
function bestPath(logits, rows, { blank }) {
  const classes = [];
  let score = 0, previous = blank;
  logits.forEach((step, t) => {
    const number = step.indexOf(step.reduce((a, b) => Math.max(a, b)));
    if (number !== blank && number !== previous) classes.push(number);
    score += rows[t][number];
    previous = number;
  });
  return { classes, score };
}

function addLogs(one, two) {
  const high = Math.max(one, two), low = Math.min(one, two);
  return low === NEVER ? high : high + Math.log1p(Math.exp(low - high));
}

/** A beginning of a text, with log-probabilities now and (`old`) a step before. `total` is `blank`
 * (it ends in a blank) and `label` (it ends in its last character) together. */
class Prefix {
  children = new Map();
  total = NEVER;
  blank = NEVER;
  label = NEVER;
  oldTotal = NEVER;
  oldBlank = NEVER;

  constructor(parent, last) {
    this.parent = parent;
    this.last = last;
  }

  /** How probable it was, a step before, that `next` may follow as a new character. */
  before(next) {
    return this.parent && next === this.last ? this.oldBlank : this.oldTotal;
  }

  /** Add the paths that end in this prefix still, or only now. */
  stay(row, blank) {
    if (this.parent) {
      if (this.parent.total !== NEVER) this.label = addLogs(this.label, this.parent.before(this.last));
      this.label += row[this.last];
    }
    this.blank = this.oldTotal + row[blank];
    this.total = addLogs(this.blank, this.label);
  }

  /** Let the prefixes that are a character longer into the beam, where they are better. */
  grow(row, blank, leaves) {
    row.forEach((score, label) => {
      if (label === blank) return;
      const total = score + this.before(label);
      let child = this.children.get(label);
      if (child && child.total !== NEVER) return;
      if (total > leaves.floor) {
        if (!child) this.children.set(label, (child = new Prefix(this, label)));
        child.total = child.label = total;
        child.blank = NEVER;
        leaves.push(child);
      } else if (child) { // it left the beam in this very step, and grows no more
        child.oldTotal = child.oldBlank = NEVER;
      }
    });
  }

  get classes() {
    return this.parent ? [...this.parent.classes, this.last] : [];
  }
}

/** The beam that is being made: the best prefixes so far; of equals, the one that came first. */
class Leaves {
  sorted = []; // best first

  constructor(width) {
    this.width = width;
  }

  get floor() {
    return this.sorted.length === this.width ? this.sorted.at(-1).total : NEVER;
  }

  push(prefix) {
    if (this.sorted.length === this.width) {
      const worst = this.sorted.pop();
      worst.total = worst.blank = worst.label = NEVER;
    }
    const place = this.sorted.findIndex(({ total }) => total < prefix.total);
    this.sorted.splice(place < 0 ? this.sorted.length : place, 0, prefix);
  }
}

/** The most probable texts, best first: tf.nn.ctc_beam_search_decoder, which adds up the paths that
 * give the same text. */
function beamSearch(rows, { blank, width, count }) {
  const root = new Prefix(null, 0);
  root.total = root.blank = 0;
  let beam = [root];
  for (const row of rows) {
    for (const prefix of beam) {
      prefix.oldTotal = prefix.total;
      prefix.oldBlank = prefix.blank;
    }
    const leaves = new Leaves(width);
    for (const prefix of beam) {
      prefix.stay(row, blank);
      leaves.push(prefix);
    }
    for (const prefix of beam) if (prefix.oldTotal > leaves.floor) prefix.grow(row, blank, leaves);
    beam = leaves.sorted;
  }
  return beam.slice(0, count).map(({ classes, total }) => ({ classes, score: total }));
}

/** The state of each step on the most probable path: 2k + 1 is the k-th class, even ones are blanks. */
function align(rows, classes, blank) {
  const states = [blank, ...classes.flatMap((number) => [number, blank])], count = states.length;
  let best = states.map((state, s) => (s < 2 ? rows[0][state] : NEVER));
  const moves = rows.map(() => new Uint8Array(count));
  for (let t = 1; t < rows.length; t++) {
    best = states.map((state, s) => {
      let score = best[s];
      if (s > 0 && best[s - 1] > score) [score, moves[t][s]] = [best[s - 1], 1];
      const maySkip = s > 2 && s % 2 === 1 && state !== states[s - 2];
      if (maySkip && best[s - 2] > score) [score, moves[t][s]] = [best[s - 2], 2];
      return score + rows[t][state];
    });
  }
  let state = count > 1 && best[count - 2] > best[count - 1] ? count - 2 : count - 1;
  const path = [];
  for (let t = rows.length - 1; t >= 0; t--) {
    path[t] = state;
    state -= moves[t][state];
  }
  return path;
}

function charactersOf(classes, rows, task) {
  const unplaced = { score: 0, steps: [rows.length, 0] };
  const found = classes.map((number) => ({ text: characterOf(number, task), ...unplaced }));
  align(rows, classes, task.blank).forEach((state, t) => {
    if (state % 2 === 0) return;
    const k = (state - 1) / 2, character = found[k];
    character.score = Math.max(character.score, Math.exp(rows[t][classes[k]]));
    character.steps = [Math.min(character.steps[0], t), t + 1];
  });
  return found;
}

export function findAnswer(sample, task) {
  const logits = logitsOf(findOutput(sample, task.output), task), rows = logits.map(logSoftmax);
  const found = task.decode === "beam" ? beamSearch(rows, task) : [bestPath(logits, rows, task)];
  const paths = found.map(({ classes, score }) => ({
    text: classes.map((number) => characterOf(number, task)).join(""),
    score: Math.exp(score),
  }));
  const characters = charactersOf(found[0].classes, rows, task);
  return { task: "text", ...paths[0], characters, paths, step_count: rows.length };
}

export const toLine = ({ paths }) =>
  paths.map(({ text, score }) => `${text || "(nothing)"} ${score.toFixed(4)}`).join(", ");
//@begin drawn

/** Draw the picture with the three best texts. */
export const draw = (canvas, picture, { paths }) =>
  caption(canvas, picture, paths.slice(0, 3).map(({ text, score }) => `${text} ${score.toFixed(3)}`));
//@end
