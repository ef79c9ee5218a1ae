// From an image to another size as Pillow does it, in its integers: along one axis, rounded to 8 bits, //@only pillow
// then along the other. Source: Pillow's src/libImaging/Resample.c. //@only pillow
// From an image to another size as tf.image.resize does it: along the height, then along the width. //@only tensorflow
// Source: scale_and_translate_op.cc, resize_bicubic_op.cc, resize_area_op.cc of TensorFlow. //@only tensorflow

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const triangle = (x) => Math.max(1 - Math.abs(x), 0);
const lanczos = (radius) => (x) => (Math.abs(x) < radius ? sinc(x) * sinc(x / radius) : 0);
const range = (count, make) => Array.from({ length: count }, (_, i) => make(i));

/** Keys' cubic, with a = -0.5; that of cv2's INTER_CUBIC is -0.75. */
function cubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

//@begin pillow
/** As in Pillow, closed on the right: a pixel on the border of two counts once. */
const flat = (x) => (x > -0.5 && x <= 0.5 ? 1 : 0);

function hamming(x) {
  const [a, b] = [0.54, 0.46].map(Math.fround); // floats, as Pillow writes them
  return Math.abs(x) < 1 ? sinc(x) * (a + b * Math.cos(Math.PI * x)) : 0;
}

// What a source pixel weighs at a distance from the centre of a target pixel, and where that ends.
const FILTERS = {
  box: [flat, 0.5],
  bilinear: [triangle, 1],
  hamming: [hamming, 1],
  bicubic: [cubic, 2],
  lanczos: [lanczos(3), 3],
};

const BITS = 22; // below the point of a weight

/** precompute_coeffs and normalize_coeffs_8bpc of Resample.c: for each of `count` pixels, made of the
 * `size` from `start` on, the first source pixel and weights; as there, also of the pixels around. */
function findTaps([weigh, radius], sourceSize, start, size, count) {
  const scale = size / count, stretch = Math.max(scale, 1), reach = radius * stretch;
  return range(count, (i) => {
    const centre = start + (i + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const last = Math.min(Math.trunc(centre + reach + 0.5), sourceSize); // exclusive
    const weights = range(last - first, (k) => weigh((first + k - centre + 0.5) * (1 / stretch)));
    const total = weights.reduce((a, b) => a + b, 0);
    const fixed = (weight) => {
      const normal = weight / (total || 1);
      return Math.trunc(normal * 2 ** BITS + (normal < 0 ? -0.5 : 0.5));
    };
    return { first, weights: weights.map(fixed) };
  });
}

/** Each row of the result is a weighted sum of rows of the image, rounded. */
function filterHeight({ data, width, channels }, taps) {
  const length = width * channels;
  const result = { data: new Uint8ClampedArray(taps.length * length), width, height: taps.length, channels };
  const sums = new Int32Array(length);
  taps.forEach(({ first, weights }, y) => {
    sums.fill(2 ** (BITS - 1));
    weights.forEach((weight, k) => {
      const row = (first + k) * length;
      for (let i = 0; i < length; i++) sums[i] += weight * data[row + i];
    });
    for (let i = 0; i < length; i++) result.data[y * length + i] = sums[i] >> BITS;
  });
  return result;
}

//@end
//@begin tensorflow
const f32 = Math.fround;
const clamp = (value, size) => Math.min(Math.max(Math.trunc(value), 0), size - 1);

const gaussian = (x) => (Math.abs(x) < 1.5 ? Math.exp(-2 * x * x) : 0);

function mitchellCubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return ((7 / 6) * x - 2) * x * x + 8 / 9;
  return x < 2 ? (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9 : 0;
}

// What a source pixel weighs at a distance from the centre of a target pixel, and where that ends.
const FILTERS = {
  bilinear: [triangle, 1],
  bicubic: [cubic, 2],
  lanczos3: [lanczos(3), 3],
  lanczos5: [lanczos(5), 5],
  gaussian: [gaussian, 1.5],
  mitchellcubic: [mitchellCubic, 2],
};

/** The weights add up to one; those of nothing stay nothing, as in TensorFlow. */
function normalised(first, weights) {
  const total = weights.reduce((a, b) => a + b, 0), isSomething = Math.abs(total) >= 1000 * 2 ** -126;
  return { first, weights: weights.map((weight) => (isSomething ? f32(weight / total) : 0)) };
}

/** ComputeSpansCore of scale_and_translate_op.cc. */
function filterTaps([weigh, radius], antialias, size, count, i) {
  const scale = f32(1 / f32(count / size)), stretch = antialias ? Math.max(scale, 1) : 1;
  const reach = f32(radius * stretch), centre = f32(f32(i + 0.5) * scale);
  const first = clamp(Math.ceil(f32(f32(centre - reach) - 0.5)), size);
  const last = clamp(Math.floor(f32(f32(centre + reach) - 0.5)), size);
  const distance = (pixel) => f32(f32(f32(pixel + 0.5) - centre) * f32(1 / stretch));
  return normalised(first, range(last + 1 - first, (k) => weigh(distance(first + k))));
}

/** GetWeightsAndIndices of resize_bicubic_op.cc, which looks weights up in a table of 1024 positions. */
function bicubicTaps(size, count, i) {
  const position = f32(f32(f32(i + 0.5) * f32(size / count)) - 0.5), whole = Math.floor(position);
  const scaled = f32(f32(position - whole) * 1024), near = Math.round(scaled);
  const fraction = (near - scaled === 0.5 && near % 2 ? near - 1 : near) / 1024;
  const first = clamp(whole - 1, size), last = clamp(whole + 2, size);
  return normalised(first, range(last + 1 - first, (k) => cubic(first + k - whole - fraction)));
}

/** ResizeAreaOp: a source pixel weighs as much as the target pixel covers of it. */
function areaTaps(size, count, i) {
  const scale = f32(size / count), start = f32(i * scale), stop = f32((i + 1) * scale);
  const first = clamp(start, size), weights = [];
  for (let left = Math.floor(start); left < Math.ceil(stop); left++) {
    const overlap = Math.max(f32(Math.min(left + 1, stop) - Math.max(left, start)), 0);
    const covered = left < start && left + 1 > stop ? scale : overlap;
    const k = clamp(left, size) - first; // rounding may lead beyond the last pixel
    weights[k] = f32((weights[k] ?? 0) + f32(covered / scale));
  }
  return { first, weights };
}

function findTaps(interpolation, size, count) {
  if (interpolation === "tf-area") return range(count, (i) => areaTaps(size, count, i));
  if (interpolation === "tf-bicubic") return range(count, (i) => bicubicTaps(size, count, i));
  const [, name, antialias] = interpolation.split("-");
  return range(count, (i) => filterTaps(FILTERS[name], antialias === "antialias", size, count, i));
}

/** Each row of the result (float32) is a weighted sum of rows of the image. */
function filterHeight({ data, width, channels }, taps) {
  const length = width * channels;
  const result = { data: new Float32Array(taps.length * length), width, height: taps.length, channels };
  taps.forEach(({ first, weights }, y) => {
    const sums = result.data.subarray(y * length, (y + 1) * length);
    weights.forEach((weight, k) => {
      const row = (first + k) * length;
      for (let i = 0; i < length; i++) sums[i] += f32(weight * data[row + i]);
    });
  });
  return result;
}

//@end
/** Return the transposed image. */
function turned({ data, width, height, channels }) {
  const result = { data: new data.constructor(data.length), width: height, height: width, channels };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        result.data[(x * height + y) * channels + c] = data[(y * width + x) * channels + c];
      }
    }
  }
  return result;
}

const filterWidth = (image, taps) => turned(filterHeight(turned(image), taps));
//@begin pillow

const namesOf = (interpolation) => interpolation.split("-");

export function isResampled(interpolation) {
  const [library, name] = namesOf(interpolation);
  return library.startsWith("pil") && name in FILTERS;
}

/** Bring a part of an image to a size: Image.resize(size, ..., box=part). */
export function resample(image, part, width, height, interpolation) {
  const isWhole = [part.width, image.width].every((side) => side === width);
  if (isWhole && [part.height, image.height].every((side) => side === height)) return image;
  const [library, name] = namesOf(interpolation);
  const down = findTaps(FILTERS[name], image.height, part.y, part.height, height);
  const across = findTaps(FILTERS[name], image.width, part.x, part.width, width);
  // Since Pillow 13 the height comes first where it shrinks by far more than the width.
  const lostWidth = image.width - width, lostHeight = image.height - height;
  if (library === "pil13" && lostHeight > 0 && lostHeight > 2 * lostWidth) {
    return filterWidth(filterHeight(image, down), across);
  }
  return filterHeight(filterWidth(image, across), down);
}
//@end
//@begin tensorflow

export function isResampled(interpolation) {
  const [library, name] = interpolation.split("-");
  return library === "tf" && (name === "area" || name in FILTERS) && interpolation !== "tf-bilinear";
}

/** Bring an image to a size, in float32: tf.image.resize(image, size, ...). */
export function resample(image, width, height, interpolation) {
  const down = findTaps(interpolation, image.height, height);
  return filterWidth(filterHeight(image, down), findTaps(interpolation, image.width, width));
}
//@end
