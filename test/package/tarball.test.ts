import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { pack, Tarball } from './tarball';

const PACKAGE = JSON.parse(readFileSync('package.json', 'utf8'));

let tarball: Tarball;
beforeAll(() => { tarball = pack(); });
afterAll(() => rmSync(tarball.folder, { recursive: true }));

/** What is published beside compiled code. */
const OTHER_FILES = [
  '.jsii', 'API.md', 'CHANGELOG.md', 'LICENSE', 'README.md', 'package.json',
  'sidecar/dist/audit-verify.mjs', 'sidecar/dist/broker.mjs', 'sidecar/dist/cli.mjs', 'sidecar/dist/controller.mjs', 'sidecar/dist/dev.mjs',
  'sidecar/dist/egress.mjs', 'sidecar/dist/fence.mjs', 'sidecar/dist/gateway.mjs', 'sidecar/dist/install-runtime.mjs', 'sidecar/dist/operator.mjs',
  'sidecar/dist/probe.mjs', 'sidecar/dist/retention.mjs', 'sidecar/dist/session.mjs',
];

test('the tarball holds each source file compiled, its types, and a short list of other files', () => {
  const compiled = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replaceAll('\\', '/').replace(/\.ts$/, ''))
    .flatMap((name) => [`lib/${name}.d.ts`, `lib/${name}.js`]);
  // What bundles share, or load late, has a hash of its content in its name.
  const chunks = tarball.paths.filter((path) => /^sidecar\/dist\/chunks\/(chunk|event-streams|self-made-certificate)-[A-Z0-9]{8}\.mjs(\.LEGAL\.txt)?$/.test(path));
  expect(chunks.length).toBeGreaterThan(0);
  expect(tarball.paths).toEqual([...OTHER_FILES, ...chunks, ...compiled].sort());
});

test('the tarball holds no tests, examples, sources or tools', () => {
  expect(tarball.paths.filter((path) => /^(src|test|examples|bench|projenrc|docs|\.ci|\.projen|node_modules)\/|tsconfig|eslint/.test(path))).toEqual([]);
});

test('every entry point is a file of the tarball', () => {
  const entries = Object.values(PACKAGE.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry as object)));
  expect(entries.length).toBeGreaterThan(3);
  const old = Object.values(PACKAGE.typesVersions['*']).flat().map((path) => `./${path}`);
  const bins = Object.values(PACKAGE.bin).map((path) => `./${path}`);
  const missing = [...entries, ...old, ...bins, `./${PACKAGE.main}`, `./${PACKAGE.types}`].filter((path) => !tarball.paths.includes(path.slice(2)));
  expect(missing).toEqual([]);
});

test('every entry point has types for both ways of resolution', () => {
  const typed = Object.entries<any>(PACKAGE.exports).filter(([, entry]) => entry.types !== undefined);
  const modern = typed.map(([name, { types }]) => [name, types.slice(2)]);
  const old = Object.entries<any>(PACKAGE.typesVersions['*']).map(([name, [types]]) => [name === '.' ? '.' : `./${name}`, types]);
  expect(old).toEqual(modern);
});

test('installing it runs no script and brings no dependency but the peers', () => {
  expect(PACKAGE.dependencies).toBeUndefined();
  expect(PACKAGE.bundledDependencies).toBeUndefined();
  expect(Object.keys(PACKAGE.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  expect(Object.keys(PACKAGE.peerDependencies).sort()).toEqual(['cdk8s', 'cdk8s-plus-28', 'constructs']);
});

test('development uses the oldest peers that are promised', () => {
  const promised = Object.entries<string>(PACKAGE.peerDependencies).map(([name, range]) => [name, range.replace(/^\^/, '')]);
  expect(promised.map(([name]) => [name, PACKAGE.devDependencies[name]])).toEqual(promised);
});

test('the lock file names no registry, so that any mirror will do', () => {
  expect(existsSync('package-lock.json')).toBe(true);
  expect(readFileSync('package-lock.json', 'utf8')).not.toContain('"resolved": "http');
});
