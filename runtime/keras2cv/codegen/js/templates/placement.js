// Where a picture lies in the net's input, and the way back. Coordinates are in pixels, (0, 0) at
// the top left corner of the first one: pixel i spans i to i + 1.
import { centerBox } from "./fit.js"; //@only cropped
import { letterboxBox } from "./fit.js"; //@only letterbox
import { padBars } from "./fit.js"; //@only padded
import { rint } from "./rounding.js"; //@only crops weighted

//@begin crops weighted
const clip = (value, most) => Math.min(Math.max(value, 0), most);
const isNear = (value) => Math.abs(value - Math.round(value)) < 1e-6;

//@end
/** input = source * scale + offset, on each axis */
export class Placement {
  constructor(scale, offset, source, input) {
    this.scale = scale;
    this.offset = offset;
    this.source = source;
    this.input = input;
  }

  toSource(x, y) {
    return [(x - this.offset[0]) / this.scale[0], (y - this.offset[1]) / this.scale[1]];
  }
  //@begin crops weighted

  /** The part of the source that the net sees, in whole pixels of the source. */
  get visible() {
    const { source, input } = this;
    return whole([...this.toSource(0, 0), ...this.toSource(input.width, input.height)], source);
  }

  /** The part of the input that the source fills: left, top, right, bottom. */
  get filled() {
    const { source, input, scale, offset } = this, limits = [input.width, input.height];
    const ends = [offset[0] + source.width * scale[0], offset[1] + source.height * scale[1]];
    return [...offset, ...ends].map((edge, i) => clip(isNear(edge) ? Math.round(edge) : edge, limits[i % 2]));
  }

  /** The same in whole pixels of the input. */
  get content() {
    return whole(this.filled, this.input);
  }
  //@end
}
//@begin crops weighted

function whole(edges, { width, height }) {
  const [x, y, right, bottom] = edges.map((edge, i) => clip(rint(edge), i % 2 ? height : width));
  return { x, y, width: right - x, height: bottom - y };
}
//@end
//@begin arrays

/** An input that is no picture's: its own pixels. */
export const placeArray = ([, , height, width]) =>
  new Placement([1, 1], [0, 0], { width, height }, { width, height });
//@end
//@begin !arrays

/** Return where `prepare` puts a picture of that size. */
export function place({ width, height }, rules) {
  const source = { width, height };
  const input = { width: rules.width, height: rules.height };
  //@begin letterbox
  if (rules.resize === "letterbox") { //@only pictures
  // Each axis has its own scale: rounding the extent changed the aspect ratio a little.
  const box = letterboxBox(source, rules);
  return new Placement([box.width / width, box.height / height], [box.x, box.y], source, input);
  } //@only pictures
  //@end
  //@begin stretched cropped padded
  const box = boxOf(source, rules); //@only cropped padded
  const box = { x: 0, y: 0, width, height }; //@only !cropped !padded
  const scale = [input.width / box.width, input.height / box.height];
  return new Placement(scale, [-box.x * scale[0], -box.y * scale[1]], source, input);
  //@end
}
//@begin cropped padded

/** The part of a picture that becomes the input. */
function boxOf({ width, height }, rules) {
  if (rules.resize === "center-crop") return centerBox({ width, height }, rules); //@only cropped
  //@begin padded
  if (rules.resize === "pad") {
    const bar = padBars({ width, height }, rules);
    return { x: -bar.x, y: -bar.y, width: width + 2 * bar.x, height: height + 2 * bar.y };
  }
  //@end
  return { x: 0, y: 0, width, height };
}
//@end
//@end
//@begin mask

/** From a grid over the net's input, such as a mask's, to the visible pixels of the picture. The
 * grid and the input share their corners; only what the picture fills is used. */
export class Spread {
  constructor({ width, height }, place) {
    const perPixel = [width / place.input.width, height / place.input.height];
    const edges = place.filled.map((edge, i) => edge * perPixel[i % 2]);
    this.visible = place.visible;
    this.isWhole = edges.every(isNear);
    [this.left, this.top, this.right, this.bottom] = this.isWhole ? edges.map(rint) : edges;
    this.grid = { width, height };
  }

  /** Bilinear, as tf.image.resize: (h, w) float32 in, a value per visible pixel out. */
  linear(grid) {
    const across = this.#pairs(this.left, this.right, this.visible.width, this.grid.width);
    const down = this.#pairs(this.top, this.bottom, this.visible.height, this.grid.height);
    const result = new Float32Array(across.length * down.length), { width } = this.grid;
    const f32 = Math.fround;
    const blend = (a, b, share) => f32(f32(a * f32(1 - share)) + f32(b * share));
    let target = 0;
    for (const row of down) {
      const upper = row.first * width, lower = row.second * width;
      for (const { first, second, share } of across) {
        const above = blend(grid[upper + first], grid[upper + second], share);
        result[target++] = blend(above, blend(grid[lower + first], grid[lower + second], share), row.share);
      }
    }
    return result;
  }

  /** Each pixel by the cell that its centre lies in. */
  nearest(grid) {
    const rows = this.#cells(this.top, this.bottom, this.visible.height, this.grid.height);
    const columns = this.#cells(this.left, this.right, this.visible.width, this.grid.width);
    const { width } = this.grid;
    return Int32Array.from(rows.flatMap((row) => columns.map((column) => grid[row * width + column])));
  }

  // Between the outermost cells that the picture fills, if it fills whole ones; else, of the grid.
  #pairs(from, to, count, cells) {
    const [low, high] = this.isWhole ? [from, to - 1] : [0, cells - 1];
    return Array.from({ length: count }, (_, i) => {
      const at = clip(from + (i + 0.5) * ((to - from) / count) - 0.5 - low, high - low);
      const first = Math.floor(at);
      return { first: low + first, second: Math.min(low + first + 1, high), share: Math.fround(at - first) };
    });
  }

  // In float32, as TensorFlow finds them: a centre may lie on an edge, and rounding decides.
  #cells(from, to, count, cells) {
    const f32 = Math.fround, step = f32((to - from) / count);
    return Array.from({ length: count }, (_, i) =>
      Math.min(Math.trunc(f32(f32(from) + f32(f32(i + 0.5) * step))), cells - 1));
  }
}
//@end
