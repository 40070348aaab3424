import { ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a broker is told that reads `catalog` and `callers.json` of a folder and keeps its state there. */
export function brokerEnvironment(folder: string): Environment {
  return {
    BROKER_LISTEN: '127.0.0.1:0',
    ADMIN_LISTEN: '127.0.0.1:0',
    CATALOG: 'directory',
    CATALOG_DIR: join(folder, 'catalog'),
    CALLERS_FILE: join(folder, 'callers.json'),
    STATE_DIR: join(folder, 'state'),
    LOG_LEVEL: 'trace',
  };
}

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
