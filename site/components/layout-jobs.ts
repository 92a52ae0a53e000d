// Where each job of a run is drawn: a layer to the right of all that it needs, and lines that run between the
// layers and never through a box. Pure; the same jobs always give the same drawing.

export interface JobShape {
  key: string;
  needs: readonly string[];
}

export interface PlacedJob {
  key: string;
  /** Of the upper left corner, in pixels. */
  x: number;
  y: number;
}

export interface PlacedEdge {
  from: string;
  to: string;
  /** The corners of a line of horizontal and vertical parts. */
  points: readonly { x: number; y: number }[];
}

export interface JobsLayout {
  width: number;
  height: number;
  jobs: PlacedJob[];
  edges: PlacedEdge[];
}

export const BOX_WIDTH_PX = 168;
export const BOX_HEIGHT_PX = 44;
const LAYER_GAP_PX = 48;
const ROW_GAP_PX = 12;
/** The height of the place where a line passes a layer. */
const PASS_HEIGHT_PX = 8;
/** Room for the outline of a box at the edge. */
const MARGIN_PX = 2;
const SWEEPS = 4;

/** A job, or the place where a line passes a layer that it doesn't end in. */
interface Slot {
  id: string;
  layer: number;
  heightPx: number;
  /** Slots of the layer before that a line comes from. */
  sources: string[];
}

interface Place {
  x: number;
  y: number;
  /** Where lines meet it. */
  middle: number;
}

/** @param jobs in the order of the definition; needs that name no job, or close a circle, draw no line */
export function layoutJobs(jobs: readonly JobShape[]): JobsLayout {
  const layerOf = layerJobs(jobs);
  const { slots, chains } = makeSlots(jobs, layerOf);
  const layers = orderLayers(slots);
  const tallest = Math.max(0, ...layers.map(measureLayer));
  const placed = new Map<string, Place>();
  for (const [index, layer] of layers.entries()) {
    const x = MARGIN_PX + index * (BOX_WIDTH_PX + LAYER_GAP_PX);
    let y = MARGIN_PX + Math.floor((tallest - measureLayer(layer)) / 2);
    for (const slot of layer) {
      placed.set(slot.id, { x, y, middle: y + slot.heightPx / 2 });
      y += slot.heightPx + ROW_GAP_PX;
    }
  }
  return {
    width: Math.max(0, layers.length * (BOX_WIDTH_PX + LAYER_GAP_PX) - LAYER_GAP_PX) + 2 * MARGIN_PX,
    height: tallest + 2 * MARGIN_PX,
    jobs: jobs.map(({ key }) => ({ key, x: placed.get(key)?.x ?? 0, y: placed.get(key)?.y ?? 0 })),
    edges: chains.map((chain) => traceEdge(chain, placed, layers)),
  };
}

const measureLayer = (layer: readonly Slot[]): number =>
  Math.max(0, layer.reduce((sum, slot) => sum + slot.heightPx + ROW_GAP_PX, 0) - ROW_GAP_PX);

/** The length of the longest way to each job. */
function layerJobs(jobs: readonly JobShape[]): Map<string, number> {
  const byKey = new Map(jobs.map((job) => [job.key, job]));
  const layerOf = new Map<string, number>();
  const visit = (job: JobShape, above: ReadonlySet<string>): number => {
    const known = layerOf.get(job.key);
    if (known !== undefined) return known;
    const within = new Set(above).add(job.key);
    const before = job.needs.flatMap((key) => {
      const need = byKey.get(key);
      return need === undefined || within.has(key) ? [] : [visit(need, within) + 1];
    });
    const layer = Math.max(0, ...before);
    layerOf.set(job.key, layer);
    return layer;
  };
  for (const job of jobs) visit(job, new Set());
  return layerOf;
}

/** A chain is an edge as the slots it goes through, from the needed job to the one that needs it. */
function makeSlots(jobs: readonly JobShape[], layerOf: ReadonlyMap<string, number>) {
  const slots: Slot[] = jobs.map(({ key }) => ({
    id: key,
    layer: layerOf.get(key) ?? 0,
    heightPx: BOX_HEIGHT_PX,
    sources: [],
  }));
  const byId = new Map(slots.map((slot) => [slot.id, slot]));
  const chains: string[][] = [];
  for (const job of jobs) {
    for (const key of new Set(job.needs)) {
      const from = layerOf.get(key);
      const to = layerOf.get(job.key) ?? 0;
      if (from === undefined || from >= to) continue;
      const chain = [key];
      for (let layer = from + 1; layer < to; layer += 1) {
        const id = `${key} → ${job.key} @ ${layer}`;
        slots.push({ id, layer, heightPx: PASS_HEIGHT_PX, sources: [chain.at(-1) ?? key] });
        chain.push(id);
      }
      byId.get(job.key)?.sources.push(chain.at(-1) ?? key);
      chains.push([...chain, job.key]);
    }
  }
  return { slots, chains };
}

/** Sorts each layer by where its lines come from, then where they go, a few times over, which undoes most crossings. */
function orderLayers(slots: readonly Slot[]): Slot[][] {
  const layers: Slot[][] = [];
  for (const slot of slots) {
    while (layers.length <= slot.layer) layers.push([]);
    layers[slot.layer]?.push(slot);
  }
  const targets = new Map<string, string[]>(slots.map((slot) => [slot.id, []]));
  for (const slot of slots) for (const source of slot.sources) targets.get(source)?.push(slot.id);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (let i = 1; i < layers.length; i += 1) sortByNeighbours(layers, i, i - 1, (slot) => slot.sources);
    for (let i = layers.length - 2; i >= 0; i -= 1) {
      sortByNeighbours(layers, i, i + 1, (slot) => targets.get(slot.id) ?? []);
    }
  }
  return layers;
}

function sortByNeighbours(
  layers: Slot[][],
  index: number,
  besideIndex: number,
  neighboursOf: (slot: Slot) => readonly string[],
): void {
  const layer = layers[index] ?? [];
  const beside = layers[besideIndex] ?? [];
  const rowOf = new Map(beside.map((slot, row) => [slot.id, relativeRow(row, beside.length)]));
  const weightOf = new Map(
    layer.map((slot, row) => {
      const rows = neighboursOf(slot).flatMap((id) => rowOf.get(id) ?? []);
      const mean = rows.reduce((sum, value) => sum + value, 0) / rows.length;
      return [slot.id, rows.length === 0 ? relativeRow(row, layer.length) : mean];
    }),
  );
  layer.sort((a, b) => (weightOf.get(a.id) ?? 0) - (weightOf.get(b.id) ?? 0));
}

/** Rows are centred, so two layers compare by the distance from their middle. */
const relativeRow = (row: number, count: number): number => row - (count - 1) / 2;

function traceEdge(
  chain: readonly string[],
  placed: ReadonlyMap<string, Place>,
  layers: readonly Slot[][],
): PlacedEdge {
  const points: { x: number; y: number }[] = [];
  for (const [index, id] of chain.entries()) {
    const { x, middle: y } = placed.get(id) ?? { x: 0, middle: 0 };
    if (index > 0) {
      const before = points.at(-1) ?? { x, y };
      const turn = x - LAYER_GAP_PX + channelOf(chain[index - 1] ?? "", layers);
      if (before.y !== y) points.push({ x: turn, y: before.y }, { x: turn, y });
    }
    if (index > 0) points.push({ x, y });
    if (index < chain.length - 1) points.push({ x: x + BOX_WIDTH_PX, y });
  }
  return { from: chain[0] ?? "", to: chain.at(-1) ?? "", points };
}

/** Each slot turns its lines at a place of its own in the gap, so that two jobs' lines don't run into one. */
function channelOf(id: string, layers: readonly Slot[][]): number {
  for (const layer of layers) {
    const row = layer.findIndex((slot) => slot.id === id);
    if (row >= 0) return Math.round((LAYER_GAP_PX * (row + 1)) / (layer.length + 1));
  }
  return LAYER_GAP_PX / 2;
}
