import { MapEdge, mapGraph, MapNode } from './map-graph';
import { Item, Neighbours, neighboursOf, orderedItems, Route, sideOf, SLOT } from './map-order';
import { PostureDocument } from '../../../protocol/posture';

export interface Box {
  readonly node: MapNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where the number of a flow stands inside a box: at the foot of its arrow, or at the head. */
export interface NumberPlace {
  readonly number: number;
  readonly x: number;
  readonly y: number;
}

export interface Arrow {
  readonly edge: MapEdge;
  /** Data of an SVG path. */
  readonly path: string;
  readonly foot: NumberPlace;
  readonly head: NumberPlace;
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly headings: readonly { readonly title: string; readonly x: number }[];
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

const BOX_WIDTH = 192;
const MARGIN = 14;
const HEADING = 34;
const MIN_CHANNEL = 60;
const MAX_CHANNEL = 98;
const BOX_GAP = 18;
const LANE_GAP = 7;
const ROUNDS = 8;

/** Places of everything on the map, in pixels. The same document gives the same map. */
export function mapLayout(document: PostureDocument): MapLayout {
  const graph = mapGraph(document);
  const { items, routes } = orderedItems(graph);
  const tops = topsOf(items, neighboursOf(routes));
  const lefts = leftsOf(graph.columns.length, graph.edges);
  const bottom = Math.max(0, ...[...tops].map(([{ height }, top]) => top + height));
  const boxes = [...tops].flatMap(([{ node, height }, y]) => (
    node === undefined ? [] : [{ node, x: lefts[node.column], y, width: BOX_WIDTH, height }]));
  const turns = graph.edges.some(({ from, to }) => from.column === to.column && to.column === lefts.length - 1);
  const width = Math.max(0, ...lefts.map((x) => x + BOX_WIDTH)) + (turns ? MIN_CHANNEL : MARGIN);
  return {
    width: Math.max(width, 2 * MARGIN),
    height: bottom + MARGIN,
    headings: graph.columns.map(({ title }, column) => ({ title, x: lefts[column] + BOX_WIDTH / 2 })),
    boxes,
    arrows: arrowsOf(routes, tops, lefts),
  };
}

/** A channel is wide where many edges have to change their height. */
function leftsOf(columns: number, edges: readonly MapEdge[]): number[] {
  const lefts = [MARGIN];
  for (let column = 1; column < columns; column++) {
    const crossing = edges.filter(({ from, to }) => Math.min(from.column, to.column) < column && Math.max(from.column, to.column) >= column).length;
    lefts.push(lefts[column - 1] + BOX_WIDTH + Math.min(MAX_CHANNEL, MIN_CHANNEL + 4 * crossing));
  }
  return lefts.slice(0, columns);
}

/** Every item as near to the middle of its neighbours as the order of its column allows. */
function topsOf(items: readonly (readonly Item[])[], neighbours: Neighbours): Map<Item, number> {
  const tops = new Map<Item, number>();
  for (const column of items) stacked(column, column.map(() => 0)).forEach((top, index) => tops.set(column[index], top));
  for (let round = 0; round < ROUNDS; round++) {
    for (const column of round % 2 === 0 ? items : [...items].reverse()) {
      const wanted = column.map((item) => {
        const near = neighbours.get(item) ?? [];
        if (near.length === 0) return tops.get(item)!;
        return near.reduce((sum, other) => sum + tops.get(other)! + other.height / 2, 0) / near.length - item.height / 2;
      });
      stacked(column, wanted).forEach((top, index) => tops.set(column[index], top));
    }
  }
  const highest = Math.min(...tops.values());
  return new Map([...tops].map(([item, top]) => [item, Math.round(top - highest) + MARGIN + HEADING]));
}

/**
 * Tops without overlap that are nearest to the wanted ones: an isotonic regression by pooling
 * neighbours that violate the order. https://en.wikipedia.org/wiki/Isotonic_regression
 */
function stacked(column: readonly Item[], wanted: readonly number[]): number[] {
  const offsets: number[] = [];
  column.forEach((item, index) => offsets.push(index === 0 ? 0 : offsets[index - 1] + column[index - 1].height + gap(column[index - 1], item)));
  const pools: { sum: number; size: number }[] = [];
  wanted.forEach((top, index) => {
    pools.push({ sum: top - offsets[index], size: 1 });
    while (pools.length > 1 && mean(pools[pools.length - 2]) > mean(pools[pools.length - 1])) {
      const { sum, size } = pools.pop()!;
      const before = pools.pop()!;
      pools.push({ sum: before.sum + sum, size: before.size + size });
    }
  });
  return pools.flatMap((pool) => Array.from({ length: pool.size }, () => mean(pool))).map((shift, index) => shift + offsets[index]);
}

function mean({ sum, size }: { sum: number; size: number }): number {
  return sum / size;
}

function gap(above: Item, below: Item): number {
  return above.node !== undefined && below.node !== undefined ? BOX_GAP : LANE_GAP;
}

function arrowsOf(routes: readonly Route[], tops: ReadonlyMap<Item, number>, lefts: readonly number[]): Arrow[] {
  const slots = slotsOf(routes, tops);
  return routes.map((route) => {
    const [foot, head] = (['from', 'to'] as const).map((end) => {
      const { node } = end === 'from' ? route.stops[0] : route.stops[route.stops.length - 1];
      const side = sideOf(route.edge, end);
      return { number: route.edge.number, x: lefts[node!.column] + side * BOX_WIDTH, y: slots.get(route)![end] };
    });
    return { edge: route.edge, path: pathOf(route, foot, head, tops, lefts), foot: inside(foot, route, 'from'), head: inside(head, route, 'to') };
  });
}

function inside(at: NumberPlace, { edge }: Route, end: 'from' | 'to'): NumberPlace {
  return { ...at, x: at.x + (sideOf(edge, end) === 0 ? 16 : -16) };
}

/** Heights at which edges leave and reach boxes: on each side in the order of where they come from, so that they do not cross there. */
function slotsOf(routes: readonly Route[], tops: ReadonlyMap<Item, number>): Map<Route, { from: number; to: number }> {
  const found = new Map(routes.map((route) => [route, { from: 0, to: 0 }]));
  const ends = routes.flatMap((route) => [
    { route, end: 'from' as const, box: route.stops[0], next: route.stops[1] },
    { route, end: 'to' as const, box: route.stops[route.stops.length - 1], next: route.stops[route.stops.length - 2] },
  ]);
  const middle = (item: Item) => tops.get(item)! + item.height / 2;
  for (const box of new Set(ends.map((one) => one.box))) {
    for (const side of [0, 1]) {
      const mine = ends.filter((one) => one.box === box && sideOf(one.route.edge, one.end) === side)
        .sort((a, b) => middle(a.next) - middle(b.next) || a.route.edge.number - b.route.edge.number || (a.end === 'from' ? -1 : 1));
      mine.forEach(({ route, end }, index) => found.get(route)![end] = middle(box) + (index - (mine.length - 1) / 2) * SLOT);
    }
  }
  return found;
}

/** Level through every column that it passes, a curve through every channel. */
function pathOf({ stops, edge }: Route, foot: NumberPlace, head: NumberPlace, tops: ReadonlyMap<Item, number>, lefts: readonly number[]): string {
  if (edge.from.column === edge.to.column) {
    const out = foot.x + 34 + Math.min(24, Math.abs(head.y - foot.y) / 8);
    return `M${foot.x} ${foot.y}C${out} ${foot.y} ${out} ${head.y} ${head.x} ${head.y}`;
  }
  const right = edge.from.column < edge.to.column;
  const points = [foot, ...stops.slice(1, -1).flatMap((stop) => {
    const y = tops.get(stop)! + stop.height / 2;
    const [near, far] = right ? [lefts[stop.column], lefts[stop.column] + BOX_WIDTH] : [lefts[stop.column] + BOX_WIDTH, lefts[stop.column]];
    return [{ x: near, y }, { x: far, y }];
  }), head];
  return points.map(({ x, y }, index) => {
    if (index === 0) return `M${x} ${y}`;
    if (index % 2 === 0) return `L${x} ${y}`;
    const half = (points[index - 1].x + x) / 2;
    return `C${half} ${points[index - 1].y} ${half} ${y} ${x} ${y}`;
  }).join('');
}
