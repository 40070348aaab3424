import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, '..', 'dist', 'native');

/** Names of architectures as images have them, by Node's, with the prefix of their compilers. */
const ARCHITECTURES = { x64: { name: 'amd64', prefix: 'x86_64-linux-gnu-' }, arm64: { name: 'arm64', prefix: 'aarch64-linux-gnu-' } };

const WARNINGS = ['-Wall', '-Wextra', '-Werror', '-Wconversion', '-Wshadow'];
const HARDENING = ['-fstack-protector-strong', '-D_FORTIFY_SOURCE=2', '-Wl,-z,noexecstack'];

/** Static, so that it runs whatever C library an image has. */
const RELEASE = ['-static', '-O2', '-s', ...HARDENING];
/** Of their own library, which cannot be linked in whole. */
const SANITIZED = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];

/** The compiler for an architecture, or undefined when this machine has none. `CC` overrides it for the machine's own. */
export function compilerFor(architecture, env = process.env) {
  const own = ARCHITECTURES[process.arch]?.name === architecture;
  const { prefix } = Object.values(ARCHITECTURES).find(({ name }) => name === architecture);
  const candidates = own ? [env.CC, 'cc', 'gcc'] : [`${prefix}gcc`];
  return candidates.find((name) => name && spawnSync(name, ['--version']).status === 0);
}

/** This machine's architecture, as images name it. */
export const OWN_ARCHITECTURE = ARCHITECTURES[process.arch]?.name;

const OPTIONS = { arch: { type: 'string', default: OWN_ARCHITECTURE }, output: { type: 'string' } };

/**
 * Compiles the helper, or with `fuzz` the program that feeds its parser.
 *
 * @throws Error with what the compiler says.
 */
export function build({ compiler, output, sanitized = false, fuzz = false }) {
  mkdirSync(dirname(output), { recursive: true });
  const sources = fuzz ? ['fuzz.c', 'frame.c'] : readdirSync(HERE).filter((name) => name.endsWith('.c') && name !== 'fuzz.c').sort();
  const flags = ['-std=c11', '-D_GNU_SOURCE', ...WARNINGS, ...(sanitized ? SANITIZED : RELEASE)];
  const { status, stderr, error } = spawnSync(compiler, [...flags, '-o', output, ...sources], { cwd: HERE, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${compiler} failed: ${error?.message ?? stderr}`);
}

function main(args) {
  const { values: { arch, output = join(DIST, `session-helper-${arch}`) } } = parseArgs({ args, options: OPTIONS });
  if (!Object.values(ARCHITECTURES).some(({ name }) => name === arch)) throw new Error(`there is no session helper for ${arch}`);
  const compiler = compilerFor(arch);
  if (compiler === undefined) throw new Error(`building the session helper for ${arch} needs a C compiler, as Debian's gcc or gcc-aarch64-linux-gnu`);
  build({ compiler, output });
  console.log(`session-helper  ${arch}  ${output}`);
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
