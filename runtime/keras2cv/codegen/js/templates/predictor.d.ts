/** An opencv.js, 4.10 or newer, as it is delivered: the module, a promise of it, or a function. */
export type OpenCV = object | Promise<object> | (() => object | Promise<object>);

/** The URL of a bundle's folder, or a function from a file's name to a promise of its bytes. */
export type Bundle = string | ((name: string, progress?: Progress) => Promise<Uint8Array>);

/** Bytes so far, and of how many (0: not known). */
export type Progress = (loaded: number, total: number) => void;

//@begin !depth !alpha !bands
/** Red, green, blue and alpha of each pixel, 0 to 255; an ImageData is one. */
export interface Picture {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}
//@end
//@begin depth alpha bands
/** Red, green, blue and alpha of each pixel, or other channels, in 8 or 16 bits; an ImageData is one. */
export interface Picture {
  readonly data: Uint8ClampedArray | Uint8Array | Uint16Array;
  readonly width: number;
  readonly height: number;
  /** Of each pixel: 1 (gray), 4, or as many as the model takes; 4 if left out. */
  readonly channels?: number;
}
//@end

//@begin clips
/** As many frames of a video as a clip covers, all of one size. */
export type Clip = readonly Picture[];

//@end
/** What `predict` takes. */ //@only !inputs
export type Sample = Picture; //@only !inputs !clips
export type Sample = Clip; //@only clips !inputs
//@begin inputs
/** What `predict` takes: a value for each input, by its name. */
export type Sample = Record<string, Picture | Float32Array | readonly number[]>; //@only photo !clips
export type Sample = Record<string, Picture | Clip | Float32Array | readonly number[]>; //@only clips
export type Sample = Record<string, Float32Array | readonly number[]>; //@only arrays
//@end

//@begin classify
export interface ScoredClass {
  label: string;
  index: number;
  score: number;
}

/** The best class; its label is "unknown" where it does not score above its threshold. */
export interface Answer extends ScoredClass {
  task: "classify";
  /** The five best classes. */
  top: ScoredClass[];
  /** Of every class. */
  scores: number[];
}
//@end
//@begin binary
export interface Answer {
  task: "binary";
  label: string;
  /** Of the second label. */
  probability: number;
  /** A probability from here on is the second label. */
  threshold: number;
}
//@end
//@begin regress
export interface Answer {
  task: "regress";
  /** In nested lists, as the model's output. */
  values: Nested;
  labels?: string[];
}
//@end
//@begin raw
export interface Answer {
  task: "raw";
  /** Each output in nested lists, by its name. */
  outputs: Record<string, Nested>;
}
//@end
//@begin nested

export type Nested = number | boolean | Nested[];
//@end
//@begin embed
export interface Answer {
  task: "embed";
  vector: number[];
}
//@end
//@begin detect
export interface Detection {
  label: string;
  class_id: number;
  score: number;
  /** Left, top, right and bottom edge, in pixels of the picture. */
  box_xyxy: [number, number, number, number];
  mask: Mask; //@only masks
  keypoints: Keypoint[]; //@only boxpoints
  //@begin rotated
  /** Left top, right top, right bottom and left bottom before it was turned, in pixels of the picture;
   * `box_xyxy` is the upright box around them. */
  polygon_xy: [Corner, Corner, Corner, Corner];
  /** Of the side from the first corner to the second, in degrees, clockwise. */
  angle: number;
  //@end
}

export type Corner = [x: number, y: number]; //@only rotated
//@begin masks
/** A mask of the whole picture in COCO's run lengths. */
export interface Mask {
  /** Height and width of the picture. */
  size: [number, number];
  /** Of pixels outside and inside in turns, column by column. */
  counts: number[];
}

/** The pixels of a mask, row by row: 1 inside, 0 outside. */
export function maskPixels(mask: Mask): Uint8Array;

//@end
//@begin boxpoints
export interface Keypoint {
  label: string;
  number: number;
  /** In pixels of the picture. */
  xy: [number, number];
  score: number | null;
}

//@end
export interface Answer {
  task: "detect";
  image_wh: [number, number];
  /** The best first. */
  detections: Detection[];
  //@begin boxpoints
  /** Points above it are drawn. */
  threshold: number;
  /** Numbers of points that a line joins, in pairs. */
  skeleton: number[];
  //@end
}
//@end
//@begin segment
export interface Area {
  label: string;
  index: number;
  pixels: number;
  /** Of the picture's pixels. */
  share: number;
}

export interface Answer {
  task: "segment";
  image_wh: [number, number];
  /** The classes that are there, the largest first. */
  classes: Area[];
  /** Of each pixel, row by row; -1 where a crop hides it. */
  classOfPixel: Int32Array;
  /** Whether there is a background and one class. */
  isBinary: boolean;
}
//@end
//@begin keypoints
export interface Keypoint {
  label: string;
  number: number;
  /** In pixels of the picture. */
  xy: [number, number];
  score: number | null;
}

export interface Answer {
  task: "keypoints";
  image_wh: [number, number];
  /** Points above it are drawn. */
  threshold: number;
  points: Keypoint[];
  /** Numbers of points that a line joins, in pairs. */
  skeleton: number[];
}
//@end
//@begin image
export interface Answer {
  task: "image";
  image_wh: [number, number];
  mean_bgr: [number, number, number];
  /** What the model made of the visible part of the picture. */
  made: Picture & { visible: { x: number; y: number; width: number; height: number } };
}
//@end
//@begin text
export interface ReadText {
  text: string;
  score: number;
}

export interface Answer extends ReadText {
  task: "text";
  /** Of the best text, each with its first step and the one behind its last. */
  characters: (ReadText & { steps: [number, number] })[];
  /** The best texts. */
  paths: ReadText[];
  step_count: number;
}
//@end

export interface Build {
  version: string;
  simd: boolean;
  threads: boolean;
}

/** Something is wrong with the bundle, a picture or the memory: what, and what to do. */
export class PredictError extends Error {}

export interface Predictor {
  readonly build: Build;
  /** A sentence, where nothing compared the bundle with TensorFlow. */
  readonly warning: string | null;
  predict(sample: Sample): Answer;
  predictAll(samples: readonly Sample[]): Answer[];
  /** Give the memory back: WebAssembly does not do so by itself. */
  delete(): void;
}

/** Load a bundle. Throws a PredictError if it is missing, altered, too new or too large. */
export function load(opencv: OpenCV, bundle: Bundle, progress?: Progress): Promise<Predictor>;

/** An answer on one line. */
export function toLine(answer: Answer): string;
