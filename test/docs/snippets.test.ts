import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as cdk8s from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Block, blocks } from './blocks';
import { compileErrors, isWholeFile, transpiled } from './compile';
import * as library from '../../src';
import { API_SERVER, IMAGE } from '../helpers/platform';

const TYPESCRIPT = blocks('ts');
const named = (list: readonly Block[]) => list.map((block) => [block.where, block] as const);

const MODULES: Record<string, unknown> = { 'cdk8s': cdk8s, 'cdk8s-plus-28': kplus, 'cdk8s-agent-platform': library };

function requireModule(name: string): unknown {
  if (name in MODULES) return MODULES[name];
  throw new Error(`a page imports '${name}', allowed are ${Object.keys(MODULES).join(', ')}`);
}

describe('TypeScript on the pages', () => {
  test('there is some', () => {
    expect(TYPESCRIPT.length).toBeGreaterThan(5);
  });

  test('compiles, and the compiler would complain about a prop that does not exist', () => {
    const code = "new WorkerPool(chart, 'x', { namespace: team, image: 'a', colour: 'red' });";
    const planted = { where: 'planted', language: 'ts', code };
    expect(compileErrors([...TYPESCRIPT, planted])).toEqual([expect.stringContaining("planted: Object literal may only specify known properties, and 'colour'")]);
  });
});

describe('whole programs on the pages', () => {
  const programs = TYPESCRIPT.filter((block) => isWholeFile(block) && block.code.includes('app.synth()'));
  const outdir = mkdtempSync(join(tmpdir(), 'snippets-'));
  afterAll(() => rmSync(outdir, { recursive: true }));
  afterEach(() => delete process.env.CDK8S_OUTDIR);

  test.each(named(programs))('%s writes objects', (where, program) => {
    process.env.CDK8S_OUTDIR = join(outdir, where.replace(/\W/g, '-'));
    new Function('require', 'exports', transpiled(program))(requireModule, {});
    expect(readdirSync(process.env.CDK8S_OUTDIR).some((name) => name.endsWith('.yaml'))).toBe(true);
  });
});

describe('lines from the middle of a program', () => {
  const fragments = TYPESCRIPT.filter((block) => !isWholeFile(block));

  /** Runs the lines on a new platform, unless they make one, and synthesizes. */
  function run(block: Block): unknown[] {
    const app = new cdk8s.App({ outdir: mkdtempSync(join(tmpdir(), 'snippet-')) });
    const chart = new cdk8s.Chart(app, 'page');
    const makesOne = /new AgentPlatform\(/.test(block.code);
    const platform = makesOne ? undefined : new library.AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER });
    const team = makesOne ? undefined : platform!.addNamespace('team-a', { managedElsewhere: true });
    const context = { app, chart, platform, team, ...cdk8s, ...kplus, ...library };
    try {
      new Function(...Object.keys(context), `{ ${transpiled(block)} }`)(...Object.values(context));
      return cdk8s.Testing.synth(chart);
    } finally {
      rmSync(app.outdir, { recursive: true, force: true });
    }
  }

  test.each(named(fragments.filter(({ code }) => !code.includes('// throws: '))))('%s makes objects', (_, block) => {
    expect(run(block).length).toBeGreaterThan(0);
  });

  test.each(named(fragments.filter(({ code }) => code.includes('// throws: '))))('%s throws what it says', (_, block) => {
    expect(() => run(block)).toThrow(block.code.split('// throws: ')[1].trim().replace(/^\.\.\./, ''));
  });
});

describe('commands on the pages', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const commands = blocks('sh', 'console').flatMap(({ where, code }) => code.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => line.replace(/^\$ /, '').split(/ && | \| /))
    .map((command) => [where, command.trim()]));

  test.each(commands)('%s: `%s` is one that exists', (_, command) => {
    const [program, first, second] = command.split(' ');
    expect(['npm', 'npx', 'node', 'kubectl', 'git', '.ci/run']).toContain(program);
    if (program === 'npm') expect(first === 'run' ? Object.keys(scripts) : ['ci', 'test', 'install', 'pack']).toContain(first === 'run' ? second : first);
    if (program === 'node') expect(readFileSync('sidecar/bundle.mjs', 'utf8')).toContain(`'${basename(first, '.mjs')}': 'sidecar/src/`);
    if (program === 'npx') expect(first in JSON.parse(readFileSync('package.json', 'utf8')).bin || existsSync(join('node_modules/.bin', first))).toBe(true);
  });
});
