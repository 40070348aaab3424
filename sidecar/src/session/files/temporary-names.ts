import { randomBytes } from 'node:crypto';

const PREFIX = '.agent-platform-upload-';
const PATTERN = new RegExp(`^${PREFIX.replace('.', '\\.')}([0-9a-f]{16})-[0-9a-z]+$`);

/** Names of files that are being written, which tell by which run of the daemon. */
export class TemporaryNames {
  private readonly run = randomBytes(8).toString('hex');
  private count = 0;

  next(): string {
    this.count += 1;
    return `${PREFIX}${this.run}-${this.count.toString(36)}`;
  }

  /** Whether the name was given by another run, which has ended. */
  isAbandoned(name: string): boolean {
    const run = PATTERN.exec(name)?.[1];
    return run !== undefined && run !== this.run;
  }
}
