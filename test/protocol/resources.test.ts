import { problemsWith, RESOURCE_KINDS, STATUS_WRITERS } from '../../src/protocol/resources';
import { objectSchema } from '../../src/protocol/resources/kind';
import { ROWS, sentence } from '../fixtures/resources';
import { rulePlaces } from '../helpers/schema-walk';

test.each(ROWS.filter(({ accepted }) => accepted).map((row) => [sentence(row), row]))('%s', (_sentence, row) => {
  expect(problemsWith(row.kind, row.object, row.old)).toEqual([]);
});

test.each(ROWS.filter(({ accepted }) => !accepted).map((row) => [sentence(row), row]))('%s', (_sentence, row) => {
  const problems = problemsWith(row.kind, row.object, row.old);
  expect(problems).not.toEqual([]);
  if (row.because !== undefined) expect(problems.join('\n')).toContain(row.because);
  if (row.at !== undefined) expect(problems.some((problem) => problem.startsWith(row.at!))).toBe(true);
});

test('every refused row says which rule or field refuses it', () => {
  expect(ROWS.filter(({ accepted, because, at }) => !accepted && (because === undefined) === (at === undefined)).map(sentence)).toEqual([]);
});

test('no sentence stands for two rows', () => {
  const sentences = ROWS.map(sentence);
  expect(sentences.filter((text, index) => sentences.indexOf(text) !== index)).toEqual([]);
});

/** Whether a problem is that of the rule with the message at the place; `[]` stands for every index and `*` for every key. */
function blames(problem: string, place: string, message: string): boolean {
  const path = place.replaceAll('.', '\\.').replaceAll('[]', '\\[\\d+\\]').replaceAll('*', '[^:]+');
  const start = new RegExp(`^${path}${place === '' ? '' : ': '}`).exec(problem);
  return start !== null && problem.slice(start[0].length).startsWith(message);
}

test.each(RESOURCE_KINDS.map((kind) => [kind.kind, kind]))('every rule of %s refuses at least one row', (_name, kind) => {
  const refusals = ROWS.filter((row) => row.kind === kind.kind && !row.accepted)
    .flatMap(({ object, old }) => problemsWith(kind.kind as never, object, old));
  const idle = rulePlaces(objectSchema(kind)).filter(({ path, rule }) => !refusals.some((text) => blames(text, path, rule.message)));
  expect(idle.map(({ path, rule }) => `${path}: ${rule.rule}`)).toEqual([]);
});

test('every status field has one writer', () => {
  const fields = Object.fromEntries(RESOURCE_KINDS
    .filter(({ status }) => status !== undefined)
    .map(({ kind, status }) => [kind, Object.keys((status as { properties: object }).properties).sort()]));
  const written = Object.fromEntries(Object.entries(STATUS_WRITERS).map(([kind, writers]) => [kind, Object.keys(writers).sort()]));
  expect(written).toEqual(fields);
});

test('the broker writes revocations and nothing else', () => {
  const byBroker = Object.entries(STATUS_WRITERS).flatMap(([kind, writers]) => (
    Object.entries(writers).filter(([, writer]) => writer === 'broker').map(([field]) => `${kind}.${field}`)));
  expect(byBroker).toEqual(['HarnessRun.revokedLeases']);
});

test('an object of another group is refused', () => {
  const object = { apiVersion: 'v1', kind: 'Workspace', metadata: { name: 'a' }, spec: { storage: { size: 1 } } };
  expect(problemsWith('Workspace', object)).toEqual(['apiVersion: must be one of "paddock.dev/v1alpha1", got "v1"']);
});

test('metadata is left to the API server', () => {
  const metadata = { name: 'a', labels: { a: 'b' }, finalizers: ['x/y'], deletionTimestamp: '2030-01-01T00:00:00Z' };
  expect(problemsWith('Workspace', { apiVersion: 'paddock.dev/v1alpha1', kind: 'Workspace', metadata, spec: { storage: { size: 1 } } })).toEqual([]);
});

test.each(['HarnessRun', 'Workspace'] as const)('a %s whose name the API server makes up is accepted', (kind) => {
  const spec = { HarnessRun: { templateRef: { name: 'a' }, prompt: 'p' }, Workspace: { storage: { size: 1 } } }[kind];
  expect(problemsWith(kind, { apiVersion: 'paddock.dev/v1alpha1', kind, metadata: { generateName: 'a-' }, spec })).toEqual([]);
});

test.each([[undefined], [null], ['text'], [[]]])('%j is refused as an object', (value) => {
  expect(problemsWith('Workspace', value)).not.toEqual([]);
});
