import { readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { ApiObject, ApiObjectProps, App, Chart } from 'cdk8s';

/** What one process reports. Times in milliseconds, sizes in MiB. */
export interface Sample {
  readonly objects: number;
  readonly synthMs: number;
  readonly processMs: number;
  readonly peakRssMiB: number;
  readonly heapMiB: number;
}

/**
 * Measures one synth in a process of its own: `child.js platform|plain <case> <outdir> <json file>`.
 * `platform` writes what it makes to the file; `plain` gives the same objects to cdk8s, and is the baseline.
 */
async function main([, , kind, name, outdir, file]: string[]): Promise<void> {
  const build = kind === 'platform' ? await platform(name) : plain(file);
  const start = performance.now();
  const app = new App({ outdir });
  const chart = new Chart(app, 'bench');
  build(chart);
  app.synth();
  const end = performance.now();
  const heap = process.memoryUsage().heapUsed;
  const peak = process.resourceUsage().maxRSS;
  const manifests: unknown[] = chart.toJson();
  if (kind === 'platform') writeFileSync(file, JSON.stringify(manifests));
  const sample: Sample = { objects: manifests.length, synthMs: end - start, processMs: end, peakRssMiB: peak / 1024, heapMiB: heap / 1024 / 1024 };
  process.stdout.write(JSON.stringify(sample));
}

/** Loads the library only here: the baseline must not pay for it. */
async function platform(name: string): Promise<(chart: Chart) => void> {
  const { buildPlatform, CASES } = await import('./cases.js');
  return (chart) => buildPlatform(chart, CASES[name]);
}

function plain(file: string): (chart: Chart) => void {
  const manifests = JSON.parse(readFileSync(file, 'utf8')) as ApiObjectProps[];
  return (chart) => manifests.forEach((manifest, index) => new ApiObject(chart, `object-${index}`, manifest));
}

main(process.argv).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
