import { ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(__dirname, '..', '..');

/** Bundles the broker into a folder, as the image carries it. By the command, as esbuild cannot run inside jest. */
export function bundleBroker(folder: string): string {
  const outfile = join(folder, 'broker.mjs');
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  execFileSync(join(ROOT, 'node_modules', '.bin', 'esbuild'), [
    join(ROOT, 'sidecar', 'src', 'broker', 'main.ts'), '--bundle', '--platform=node', '--format=esm', '--log-level=error', `--banner:js=${banner}`, `--outfile=${outfile}`,
  ]);
  return outfile;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A broker in a process of its own, with everything that it printed. */
export class BrokerProcess {
  public output = '';
  /** Where it listens, by name, once it is ready. */
  public addresses: Readonly<Record<string, string>> = {};
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly ended: Promise<unknown>;

  constructor(bundle: string, env: Environment, args: readonly string[] = []) {
    this.child = spawn(process.execPath, [bundle, ...args], { env: { PATH: process.env.PATH, ...env } });
    this.ended = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (chunk) => { this.output += String(chunk); });
  }

  public get pid(): number {
    return this.child.pid!;
  }

  /** Resolves when it says that it is ready; rejects when it ends before. */
  async ready(): Promise<this> {
    for await (const line of createInterface({ input: this.child.stdout })) {
      const entry = line.startsWith('{') ? JSON.parse(line) : {};
      if (entry.msg !== 'ready') continue;
      this.addresses = entry.listen;
      // The reader of lines has paused it.
      setImmediate(() => this.child.stdout.resume());
      return this;
    }
    throw new Error(`the broker ended: ${this.output}`);
  }

  async exitCode(): Promise<number | null> {
    await this.ended;
    return this.child.exitCode;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    this.child.kill(signal);
    return this.exitCode();
  }
}
