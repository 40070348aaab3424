import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { CASES } from './cases';
import type { Sample } from './child';

/*
 * Time and memory of synth. The baseline is cdk8s itself with the same objects as plain JSON,
 * measured in the same run and in turns, so the ratio says what this library adds on any machine.
 */
const ROUNDS = 5;

const measures: { title: string; unit: string; of: (sample: Sample) => number }[] = [
  { title: 'synth', unit: 'ms', of: ({ synthMs }) => synthMs },
  { title: 'whole process', unit: 'ms', of: ({ processMs }) => processMs },
  { title: 'peak memory', unit: 'MiB', of: ({ peakRssMiB }) => peakRssMiB },
  { title: 'heap at the end', unit: 'MiB', of: ({ heapMiB }) => heapMiB },
];

/** Plain JavaScript inside the repository: a compiler in the measured process would be most of its memory. */
function prepare(): string {
  mkdirSync('.bench', { recursive: true });
  const folder = mkdtempSync(join('.bench', 'synth-'));
  for (const name of ['cases', 'child']) {
    const source = readFileSync(join(__dirname, `${name}.ts`), 'utf8');
    const options = { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, esModuleInterop: true };
    writeFileSync(join(folder, `${name}.js`), transpileModule(source, { compilerOptions: options }).outputText);
  }
  return folder;
}

function run(folder: string, kind: 'platform' | 'plain', name: string): Sample {
  const args = [join(folder, 'child.js'), kind, name, join(folder, `out-${kind}-${name}`), join(folder, `${name}.json`)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Sample;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function compare(folder: string, name: string): void {
  run(folder, 'platform', name); // writes the objects of the baseline and warms the disk cache
  const ours: Sample[] = [];
  const base: Sample[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(run(folder, 'platform', name));
    base.push(run(folder, 'plain', name));
  }
  console.log(`\n${CASES[name].title} (${ours[0].objects} objects, medians of ${ROUNDS})`);
  for (const { title, unit, of } of measures) {
    const [mine, plain] = [median(ours.map(of)), median(base.map(of))];
    const ratio = `${(mine / plain).toFixed(2)} x plain cdk8s`;
    console.log(`  ${title.padEnd(16)} ${ratio.padEnd(20)} ${mine.toFixed(0)} ${unit} against ${plain.toFixed(0)} ${unit}`);
  }
}

const folder = prepare();
try {
  console.log(`Synth on Node ${process.versions.node}. The baseline gives the same JSON to cdk8s as plain ApiObjects.`);
  for (const name of Object.keys(CASES)) compare(folder, name);
} finally {
  rmSync(folder, { recursive: true });
}
