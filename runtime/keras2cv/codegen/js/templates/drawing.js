// Text and shapes on pictures, legible on any size and any background.

const LIGHT = "rgb(255 255 255)"; //@only !pixels
const DARK = "rgb(32 32 32)";

/** Paint a picture on a canvas, enlarged by a whole number if its shorter side is below 160 pixels,
 * where no text could be read; return the 2D context and the factor. */
export function paint(canvas, picture) {
  const { width, height } = picture;
  const shorter = Math.min(width, height), longer = Math.max(width, height);
  const factor = Math.max(1, Math.min(Math.ceil(160 / shorter), Math.floor(2560 / longer)));
  const plain = new OffscreenCanvas(width, height);
  plain.getContext("2d").putImageData(new ImageData(picture.data, width, height), 0, 0);
  canvas.width = width * factor;
  canvas.height = height * factor;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(plain, 0, 0, canvas.width, canvas.height);
  return { context, factor };
}

/** How text is written: its size, and the room that a line takes. */
export class Pen {
  constructor(context, wanted) {
    const scale = Math.max(0.35, wanted), thickness = Math.max(1, Math.round(scale * 1.6));
    this.context = context;
    this.ascent = Math.round(21 * scale + (thickness + 1) / 2);
    this.descent = Math.round(9 * scale + thickness / 2);
    context.font = `500 ${Math.round(scale * 31)}px sans-serif`;
  }

  get height() {
    return this.ascent + this.descent;
  }

  width(text) {
    return Math.ceil(this.context.measureText(text).width);
  }

  /** Return `text`, cut with dots at the end, so that it is at most `room` pixels wide. */
  fitted(text, room) {
    let line = text, kept = [...text].slice(0, 200);
    while (this.width(line) > room && kept.length > 1) {
      kept = kept.slice(0, -1);
      line = `${kept.join("")}...`;
    }
    return line;
  }

  write(text, x, y, ink) {
    this.context.fillStyle = ink;
    this.context.fillText(text, x, y);
  }
}

//@begin !pixels
/** Write lines in a box at the top left of a picture; those that do not fit are cut. */
export function caption(canvas, picture, lines) {
  const { context } = paint(canvas, picture), { width, height } = canvas;
  const pen = new Pen(context, Math.min(width, height) / 600);
  const step = pen.height + Math.max(2, Math.floor(pen.ascent / 3));
  const room = Math.max(1, Math.floor((height - pen.descent) / step));
  const shown = lines.slice(0, room).map((line) => pen.fitted(line, width));
  const widest = Math.max(...shown.map((line) => pen.width(line)));
  context.fillStyle = DARK;
  context.fillRect(0, 0, widest + pen.ascent + 1, step * shown.length + pen.descent + 1);
  const left = Math.floor(pen.ascent / 2);
  shown.forEach((line, i) => pen.write(line, left, step * (i + 1) - pen.descent, LIGHT));
}
//@end
//@begin score
/** Linear sRGB of CIELAB's L* 72, a chroma and a hue; beyond 0 to 1 where sRGB has no such colour. */
function linearRgb(chroma, hue) {
  const middle = (72 + 16) / 116;
  const roots = [middle + (chroma * Math.cos(hue)) / 500, middle, middle - (chroma * Math.sin(hue)) / 200];
  const powers = roots.map((root) => (root > 6 / 29 ? root ** 3 : 3 * (6 / 29) ** 2 * (root - 4 / 29)));
  const [x, y, z] = [0.95047, 1, 1.08883].map((white, i) => white * powers[i]);
  return [
    3.2404542 * x - 1.5371385 * y - 0.4985314 * z,
    -0.969266 * x + 1.8760108 * y + 0.041556 * z,
    0.0556434 * x - 0.2040259 * y + 1.0572252 * z,
  ];
}

/** The red, green and blue of a class, all of one lightness: a turn by the golden angle never comes
 * back to an earlier hue. */
export function rgbOf(number) {
  const hue = 2 * Math.PI * (((number * (Math.sqrt(5) - 1)) / 2 + 0.08) % 1);
  let low = 0, high = 90;
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    if (linearRgb(middle, hue).every((part) => part >= 0 && part <= 1)) low = middle;
    else high = middle;
  }
  return linearRgb(low, hue).map((linear) => {
    const part = Math.min(Math.max(linear, 0), 1);
    return Math.round(255 * (part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055));
  });
}

export const colourOf = (number) => `rgb(${rgbOf(number).join(" ")})`;

const PAPER = 3; // pixels of paper beside a text

/** Write a line that fits on paper of a colour. */
export function writeTag(pen, line, x, y, colour) {
  pen.context.fillStyle = colour;
  pen.context.fillRect(x, y, pen.width(line) + 2 * PAPER, pen.height);
  pen.write(line, x + PAPER, y + pen.ascent, DARK);
}

/** The pixels of a rectangle [left, top, right, bottom] that lie on another. */
function pixelsOn(rect, other) {
  const width = Math.min(rect[2], other[2]) - Math.max(rect[0], other[0]);
  const height = Math.min(rect[3], other[3]) - Math.max(rect[1], other[1]);
  return Math.max(width, 0) * Math.max(height, 0);
}

/** Where a text of a box may have its left top, the best places first: above, below, beside, in it. */
function placesOf([x0, y0, x1, y1], gap, w, h) {
  const left = x0 - gap, top = y0 - gap, right = x1 + gap + 1, bottom = y1 + gap + 1;
  return [
    [left, top - h], [left, bottom], [right - w, top - h], [right - w, bottom], [right, top], [left - w, top],
    [x0 + gap + 1, y0 + gap + 1], [right, bottom - h], [left - w, bottom - h], [x1 - gap - w, y1 - gap - h],
    [left, top - 2 * h], [left, bottom + h],
  ];
}

/** Write the texts of boxes or points, {text, colour, box}, the first ones where they like best,
 * none on another if that is possible. */
export function drawTags(canvas, tags, pen, gap, ofPoints = false) {
  const taken = [], h = pen.height, { width, height } = canvas;
  const lines = tags.map(({ text }) => pen.fitted(text, width - 2 * PAPER));
  tags.forEach(({ box }, index) => {
    const w = pen.width(lines[index]) + 2 * PAPER, found = placesOf(box, gap, w, h);
    const places = ofPoints ? [4, 5, 0, 1].map((i) => found[i]) : found;
    const rects = places.map(([left, top]) => {
      const x = Math.max(0, Math.min(left, width - w)), y = Math.max(0, Math.min(top, height - h));
      return [x, y, x + w, y + h];
    });
    const costs = rects.map((rect, i) => {
      let cost = i * Math.floor((w * h) / 8);
      for (const other of taken) cost += 64 * pixelsOn(rect, other);
      for (const { box: [x0, y0, x1, y1] } of tags) {
        const inside = pixelsOn(rect, [x0 + gap + 1, y0 + gap + 1, x1 - gap, y1 - gap]);
        cost += 4 * (pixelsOn(rect, [x0 - gap, y0 - gap, x1 + gap + 1, y1 + gap + 1]) - inside) + inside;
      }
      return cost;
    });
    taken.push(rects[costs.indexOf(Math.min(...costs))]);
  });
  for (let i = tags.length - 1; i >= 0; i--) {
    writeTag(pen, lines[i], taken[i][0], taken[i][1], tags[i].colour);
  }
}
//@end
