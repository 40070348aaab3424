import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App, Chart } from 'cdk8s';
import { AgentPlatform, HarnessRun, HarnessTemplate, PostureReport, RunPrompt, WorkerPool } from '../src';
import { API_SERVER, IMAGE } from './helpers/platform';
import { tempFolder } from './helpers/temp-folder';
import { postureProblems } from '../src/protocol/posture';

const folder = tempFolder();

function platformIn(outdir: string): AgentPlatform {
  const chart = new Chart(new App({ outdir }), 'agents');
  const platform = new AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER });
  const namespace = platform.addNamespace('team-a');
  new WorkerPool(chart, 'python', { namespace, image: 'example.com/python', env: { SETTING: 'planted-in-env' } });
  const template = new HarnessTemplate(chart, 'coder', { namespace, image: 'example.com/coder', command: ['/coder'] });
  new HarnessRun(chart, 'run', { namespace, template, prompt: RunPrompt.inline('planted-in-prompt') });
  return platform;
}

const platform = platformIn(join(folder, 'manifests'));
const report = new PostureReport(platform);

test('two files are written where they are asked for, and their paths are the answer', () => {
  const directory = join(folder, 'a', 'b');
  expect(report.write({ directory })).toEqual({ html: join(directory, 'posture.html'), json: join(directory, 'posture.json') });
  expect(readdirSync(directory).sort()).toEqual(['posture.html', 'posture.json']);
  expect(postureProblems(JSON.parse(readFileSync(join(directory, 'posture.json'), 'utf8')))).toEqual([]);
});

test('the files are what the two texts are', () => {
  const { html, json } = report.write({ directory: join(folder, 'texts') });
  expect([readFileSync(html, 'utf8'), readFileSync(json, 'utf8')]).toEqual([report.toHtml(), report.toJson()]);
});

test('the same app gives the same bytes, before and after synth and in another tree', () => {
  const other = platformIn(join(folder, 'other'));
  const before = new PostureReport(other).toJson();
  App.of(other).synth();
  expect(new PostureReport(other).toJson()).toBe(before);
  expect(report.toJson()).toBe(before);
  expect(new PostureReport(other).toHtml()).toBe(report.toHtml());
});

test('nothing is written before it is asked for', () => {
  const other = platformIn(join(folder, 'quiet'));
  new PostureReport(other);
  App.of(other).synth();
  expect(readdirSync(join(folder, 'quiet')).every((name) => name.endsWith('.yaml'))).toBe(true);
});

test('objects that are added later are in it', () => {
  const other = platformIn(join(folder, 'later'));
  const made = new PostureReport(other);
  other.addNamespace('team-b');
  expect(made.toJson()).toContain('team-b');
});

test('it holds neither values of variables, prompts nor construct paths', () => {
  const all = report.toJson() + report.toHtml();
  for (const text of ['planted-in-env', 'planted-in-prompt', 'agents/platform']) expect(all).not.toContain(text);
});

describe('a folder is refused', () => {
  const outdir = join(folder, 'manifests');

  test.each([
    ['the output folder itself', outdir],
    ['a folder inside it', join(outdir, 'posture')],
    ['a detour to it', join(outdir, '..', 'manifests', '.')],
  ])('when it is %s', (_, directory) => {
    expect(() => report.write({ directory })).toThrow(/^agents\/platform: directory of the posture report must not be the app's output folder '.*manifests' or inside it: .*posture\.json.*got '/);
    expect(existsSync(join(directory, 'posture.json'))).toBe(false);
  });

  test('when a link leads into it', () => {
    mkdirSync(outdir, { recursive: true });
    symlinkSync(outdir, join(folder, 'link'));
    expect(() => report.write({ directory: join(folder, 'link', 'posture') })).toThrow('must not be');
  });

  test('but not when it only has a name that begins alike, or holds the output folder', () => {
    expect(report.write({ directory: `${outdir}-posture` }).html).toBe(resolve(`${outdir}-posture`, 'posture.html'));
    expect(report.write({ directory: folder }).json).toBe(join(folder, 'posture.json'));
  });
});
