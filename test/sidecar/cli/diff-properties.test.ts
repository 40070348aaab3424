import fc from 'fast-check';
import { BASE } from './documents';
import { diffOf } from '../../../sidecar/src/cli/diff';
import { PostureDocument, postureProblems } from '../../../src/protocol/posture';

type Path = readonly (string | number)[];

/** Places of all texts, numbers and flags in a value. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => leaves(one, [...path, index]));
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([key, one]) => leaves(one, [...path, key]));
  return [path];
}

function lists(value: unknown, path: Path = []): Path[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((one, index) => lists(one, [...path, index]))];
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, one]) => lists(one, [...path, key])) : [];
}

function at(value: any, path: Path): any {
  return path.reduce((part, key) => part[key], value);
}

function changed(document: PostureDocument, path: Path, change: (value: any) => any): PostureDocument {
  const copy = structuredClone(document);
  at(copy, path.slice(0, -1))[path[path.length - 1]] = change(at(copy, path));
  return copy;
}

const OTHER_WORDS: Record<string, string> = {
  restricted: 'baseline', rule: 'open', outside: 'open', part: 'workers', place: 'foreign', HarnessTemplate: 'ClusterHarnessTemplate',
};

function otherLeaf(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  return typeof value === 'number' ? value + 1 : OTHER_WORDS[value as string] ?? `${String(value)}x`;
}

// The schema is what makes it a document at all, and flows need the parties that they name.
const LEAVES = leaves(BASE).filter(([section, , field]) => section !== 'schema' && !(section === 'flows' && ['from', 'to'].includes(String(field))));
const LISTS = lists(BASE);
const isEmpty = ({ opens, closes, changes }: ReturnType<typeof diffOf>) => opens.length + closes.length + changes.length === 0;

const edit = fc.oneof(
  fc.constantFrom(...LEAVES).map((path) => (document: PostureDocument) => changed(document, path, otherLeaf)),
  fc.constantFrom(...LISTS).map((path) => (document: PostureDocument) => changed(document, path, (list: unknown[]) => list.slice(1))),
);

/** Documents that several edits lead to; an edit whose place is gone changes nothing. */
const documents = fc.array(edit, { maxLength: 6 }).map((edits) => edits.reduce((document, change) => {
  try {
    return change(document);
  } catch {
    return document;
  }
}, BASE)).filter((document) => postureProblems(document).length === 0);

const sides = (differences: readonly { text: string }[]) => differences.map(({ text }) => text.replace(/ (now|no longer) /, ' ')).sort();

test('a document does not differ from itself', () => {
  fc.assert(fc.property(documents, (document) => expect(isEmpty(diffOf(document, structuredClone(document)))).toBe(true)));
});

test('what a change opens, the way back closes', () => {
  fc.assert(fc.property(documents, documents, (a, b) => {
    const [there, back] = [diffOf(a, b), diffOf(b, a)];
    expect(sides(there.opens)).toEqual(sides(back.closes));
    expect(sides(there.closes)).toEqual(sides(back.opens));
  }));
});

test('nothing opens and closes at once', () => {
  fc.assert(fc.property(documents, documents, (a, b) => {
    const { opens, closes } = diffOf(a, b);
    expect(sides(opens).filter((text) => sides(closes).includes(text))).toEqual([]);
  }));
});

test.each(LEAVES.map((path) => [path.join('.'), path] as const))('a change of %s is told', (_, path) => {
  expect(isEmpty(diffOf(BASE, changed(BASE, path, otherLeaf)))).toBe(false);
});

test('the order of rows is told nowhere', () => {
  const turned = (value: any): any => {
    if (Array.isArray(value)) return value.map(turned).reverse();
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, turned(one)])) : value;
  };
  const { opens, closes } = diffOf(BASE, turned(BASE));
  expect([opens, closes]).toEqual([[], []]);
});
