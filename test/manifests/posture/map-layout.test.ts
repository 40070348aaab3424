import fc from 'fast-check';
import { Box, mapLayout } from '../../../src/manifests/posture/html/map-layout';
import { wrapped } from '../../../src/manifests/posture/html/map-words';
import { POSTURE_SCHEMA, PostureDocument, PostureFlow, PostureParty } from '../../../src/protocol/posture';

const end = { decision: 'rule', policies: ['n/p'] } as const;
const flow = (from: string, to: string): PostureFlow => ({ from, to, ports: ['TCP 443'], sender: end, receiver: end, rows: [] });

function documentWith(parties: readonly PostureParty[], flows: readonly PostureFlow[]): PostureDocument {
  const empty = { namespaces: [], pods: [], accounts: [], credentials: [], egress: [], policies: [], waivers: [], unknown: [] };
  return { schema: POSTURE_SCHEMA, platform: 'p', parties, flows, ...empty };
}

const kind = fc.constantFrom('agents', 'foreign', 'part', 'place', 'workers') as fc.Arbitrary<PostureParty['kind']>;
const role = fc.constantFrom('broker', 'egress', 'gateway', 'probe', 'never-heard-of');
const title = fc.oneof(fc.string({ maxLength: 80 }), fc.constantFrom('pool python-data-science-with-gpus', 'broker', 'x'.repeat(63)));

/** One to forty nodes, and flows between any of them, also to themselves. */
const documents = fc.array(fc.record({ kind, role, title }), { minLength: 1, maxLength: 40 }).chain((drafts) => {
  const parties = drafts.map((draft, index): PostureParty => ({ ...draft, id: `n${index}`, members: [] }));
  const place = fc.nat(parties.length - 1);
  const pairs = fc.uniqueArray(fc.tuple(place, place), { maxLength: 60, selector: (pair) => pair.join() });
  return pairs.map((some) => documentWith(parties, some.map(([from, to]) => flow(`n${from}`, `n${to}`))));
});

const overlap = (a: Box, b: Box) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const inside = ({ x, y, width, height }: Box, at: { x: number; y: number }, margin: number) => (
  at.x >= x + margin && at.x <= x + width - margin && at.y >= y + margin && at.y <= y + height - margin);

test('no two boxes overlap, and all are on the map', () => {
  fc.assert(fc.property(documents, (document) => {
    const { boxes, width, height } = mapLayout(document);
    boxes.forEach((box, index) => {
      expect(boxes.slice(index + 1).filter((other) => overlap(box, other))).toEqual([]);
      expect([box.x >= 0, box.y >= 24, box.x + box.width <= width, box.y + box.height <= height]).toEqual([true, true, true, true]);
    });
  }), { numRuns: 60 });
});

test('every number is inside the box that it belongs to, and has a place of its own', () => {
  fc.assert(fc.property(documents, (document) => {
    const { boxes, arrows } = mapLayout(document);
    const numbers = arrows.flatMap(({ foot, head, edge }) => [{ at: foot, party: edge.from }, { at: head, party: edge.to }]);
    for (const { at, party } of numbers) expect(inside(boxes.find(({ node }) => node === party)!, at, 6)).toBe(true);
    const touch = (a: { x: number; y: number }, b: { x: number; y: number }) => Math.abs(a.x - b.x) < 20 && Math.abs(a.y - b.y) < 14;
    expect(numbers.filter(({ at }, index) => numbers.slice(index + 1).some((other) => touch(at, other.at)))).toEqual([]);
  }), { numRuns: 60 });
});

test('every flow is an arrow, and every party has a box', () => {
  fc.assert(fc.property(documents, (document) => {
    const { boxes, arrows } = mapLayout(document);
    const shown = new Set(boxes.map(({ node }) => node.party.id));
    const used = new Set(document.flows.flatMap(({ from, to }) => [from, to]));
    expect(arrows.map(({ edge }) => edge.number)).toEqual(document.flows.map((_, index) => index + 1));
    expect(document.parties.filter(({ id, kind: what }) => !shown.has(id) && (what !== 'place' || used.has(id)))).toEqual([]);
  }), { numRuns: 40 });
});

test('arrows that pass a column go between its boxes', () => {
  const parties: PostureParty[] = [
    { id: 'm', title: 'monitoring', kind: 'place', members: [] },
    ...['a', 'b', 'c'].map((id): PostureParty => ({ id, title: id, kind: 'part', role: 'gateway', members: [] })),
    { id: 'w', title: 'pool w', kind: 'workers', members: [] },
  ];
  const { boxes, arrows: [arrow] } = mapLayout(documentWith(parties, [flow('m', 'w'), flow('m', 'a'), flow('m', 'b'), flow('m', 'c')]));
  const level = Number(/L\S+ (\S+?)C/.exec(arrow.path)![1]);
  expect(boxes.filter(({ node, y, height }) => node.column === 1 && level >= y && level <= y + height)).toEqual([]);
});

test('the same document gives the same map', () => {
  fc.assert(fc.property(documents, (document) => expect(mapLayout(document)).toEqual(mapLayout(structuredClone(document)))), { numRuns: 20 });
});

test('a document without anything gives a map without anything', () => {
  expect(mapLayout(documentWith([], []))).toMatchObject({ boxes: [], arrows: [], headings: [] });
});

test.each([
  ['broker', ['broker']],
  ['pool python-data-science', ['pool python-', 'data-science']],
  ['x'.repeat(63), ['x'.repeat(15), 'x'.repeat(15), `${'x'.repeat(14)}…`]],
  ['', []],
])('%j fits into lines', (text, lines) => {
  expect(wrapped(text)).toEqual(lines);
});
