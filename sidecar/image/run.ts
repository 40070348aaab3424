import { spawnSync } from 'node:child_process';

/** What a program is needed for and where it comes from, for the message when it is missing. */
const NEEDED: Readonly<Record<string, string>> = {
  'npm': 'which comes with Node',
  'apt-get': 'which fetches the C library of the image; it comes with Debian and Ubuntu',
  'apt-cache': 'which looks up package versions; it comes with Debian and Ubuntu',
  'dpkg-deb': 'which opens Debian packages; it comes with Debian and Ubuntu',
};

/**
 * Runs a program and gives its output.
 *
 * @throws Error that says which program is missing, or what it complained about.
 */
export function run(program: string, args: readonly string[], cwd?: string): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env: process.env, maxBuffer: 512 * 1024 * 1024 });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') throw new Error(`building the image needs ${program}, ${NEEDED[program]}`);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.at(0)} failed: ${stderr.toString().trim().slice(-2000)}`);
  return stdout;
}
