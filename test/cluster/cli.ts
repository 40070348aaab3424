import { spawnSync } from 'node:child_process';
import { Emitted } from '../helpers/manifests';

/** How `kubectl` ended. */
export interface CommandResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kubectl` against the cluster of KUBECONFIG, with objects as input where they are given. */
export function kubectl(args: readonly string[], objects?: readonly object[]): CommandResult {
  const input = objects === undefined ? undefined : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const { status, stdout, stderr, error } = spawnSync('kubectl', args, { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (error !== undefined) throw error;
  return { ok: status === 0, stdout, stderr };
}

/** Milliseconds in which the API server has to serve what it was just told of. */
const SERVED = 60_000;

/** Waits until the API server serves the definitions and says so, which is a moment after they are established. */
function served(definitions: readonly Emitted[]): void {
  const missing = () => {
    const { stdout } = kubectl(['api-resources', '--cached=false', '--no-headers', '-o', 'name']);
    return definitions.map(({ metadata }) => metadata.name).filter((name) => !stdout.split('\n').includes(name));
  };
  for (const end = Date.now() + SERVED; missing().length > 0;) if (Date.now() > end) throw new Error(`not served: ${missing().join()}`);
}

/** Applies objects server-side, also over what an earlier test has changed by hand; definitions first, because nothing can be mapped to them before. */
export function apply(objects: readonly Emitted[]): void {
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  if (definitions.length > 0) {
    must(['apply', '--server-side', '-f', '-'], definitions);
    must(['wait', '--for=condition=Established', '--timeout=120s', ...definitions.map(({ metadata }) => `crd/${metadata.name}`)]);
    served(definitions);
  }
  must(['apply', '--server-side', '--force-conflicts', '--validate=strict', '-f', '-'], objects.filter((object) => !definitions.includes(object)));
}

export function must(args: readonly string[], objects?: readonly object[]): string {
  const answer = kubectl(args, objects);
  if (!answer.ok) throw new Error(`kubectl ${args.join(' ')}: ${answer.stderr}`);
  return answer.stdout;
}
