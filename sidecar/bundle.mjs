import { builtinModules } from 'node:module';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** What is built: a file for each role, and the commands that go with it. */
export const ENTRIES = {
  'broker': 'sidecar/src/broker/main.ts',
  'audit-verify': 'sidecar/src/broker/audit/verification/verify-cli.ts',
  'controller': 'sidecar/src/controller/main.ts',
  'gateway': 'sidecar/src/gateway/main.ts',
  'egress': 'sidecar/src/egress/main.ts',
  'operator': 'sidecar/src/operator/main.ts',
  'retention': 'sidecar/src/retention/main.ts',
  'dev': 'sidecar/src/dev/main.ts',
  'cli': 'sidecar/src/cli/main.ts',
  'probe': 'sidecar/src/probe/main.ts',
  'fence': 'sidecar/src/fence/main.ts',
  'session': 'sidecar/src/session/main.ts',
  'install-runtime': 'sidecar/src/install-runtime/main.ts',
};

/**
 * What may be in the bundle of a role: folders of sidecar/src, folders of src, and packages by name that
 * may not. A pod that is broken into holds no more code than its role needs.
 */
export const RULES = {
  'audit-verify': { sidecar: ['broker', 'server'], src: ['protocol'], without: ['fastify', 'jose', '@kubernetes/client-node', '@redis/client'] },
  broker: { sidecar: ['broker', 'server', 'crypto', 'kube'], src: ['protocol'], without: [] },
  egress: { sidecar: ['egress', 'server', 'crypto', 'kube'], src: ['protocol'], without: ['@kubernetes/client-node', '@redis/client'] },
  cli: { sidecar: ['cli'], src: ['protocol'], without: ['fastify', 'jose', '@kubernetes/client-node', '@redis/client'] },
  controller: { sidecar: ['controller', 'server', 'crypto', 'kube', 'store'], src: ['protocol'], without: [] },
  fence: { sidecar: ['fence', 'server'], src: ['protocol'], without: ['fastify', 'jose', '@kubernetes/client-node', '@redis/client'] },
  gateway: { sidecar: ['gateway', 'server', 'crypto', 'store'], src: ['protocol'], without: ['@kubernetes/client-node'] },
  dev: { sidecar: ['dev', 'controller', 'gateway', 'server', 'crypto', 'kube', 'store'], src: ['protocol'], without: [] },
  'install-runtime': { sidecar: ['install-runtime'], src: ['protocol'], without: ['fastify', 'jose', '@kubernetes/client-node', '@redis/client'] },
  operator: { sidecar: ['operator', 'server', 'crypto', 'kube'], src: ['protocol', 'manifests'], without: ['@redis/client'] },
  probe: { sidecar: ['probe', 'server'], src: ['protocol'], without: ['fastify', 'jose', '@kubernetes/client-node', '@redis/client'] },
  retention: { sidecar: ['retention', 'server', 'kube'], src: ['protocol'], without: ['fastify', 'jose', '@kubernetes/client-node', '@redis/client'] },
  session: { sidecar: ['session', 'server', 'crypto'], src: ['protocol'], without: ['@kubernetes/client-node', '@redis/client'] },
};

/** In no bundle: what synthesizes, and what builds and tests. */
const NEVER = ['cdk8s', 'cdk8s-plus-28', 'constructs', 'projen', 'jest', 'esbuild', 'typescript', 'fast-check', 'autocannon', 'kubernetes-types'];

/**
 * Bundles ESM that runs on Node 20 and newer: one file for each entry, `<role>.mjs`, and chunks they share.
 * Packages in CommonJS call `require`, which ESM does not have, hence the banner.
 * https://esbuild.github.io/api/
 */
export async function bundle({ entries, outdir, rules = RULES, root = ROOT }) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    splitting: true,
    // Its main is CommonJS, of which nothing can be left out.
    alias: { '@smithy/signature-v4': '@smithy/signature-v4/dist-es/index.js' },
    minify: true,
    // Node quotes the line of an uncaught error.
    lineLimit: 240,
    charset: 'utf8',
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    legalComments: 'linked',
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    define: { 'process.env.NODE_ENV': '"production"' },
    tsconfig: join(ROOT, 'sidecar/tsconfig.json'),
    metafile: true,
    logLevel: 'silent',
  });
  const roles = Object.keys(entries).map((role) => describe(role, metafile, outdir, root));
  return { metafile, roles, problems: roles.flatMap((role) => problemsOf(role, rules[role.role])) };
}

/** The files that a role loads, at start or later, and what they are made of. */
function describe(role, { outputs }, outdir, root) {
  // The metafile names files from the root.
  const entry = relative(root, resolve(root, outdir, `${role}.mjs`)).replaceAll('\\', '/');
  const files = new Set([entry]);
  for (const file of files) outputs[file].imports.filter(({ external }) => !external).forEach(({ path }) => files.add(path));
  const inputs = [...new Set([...files].flatMap((file) => Object.keys(outputs[file].inputs)))].sort();
  const external = [...new Set([...files].flatMap((file) => outputs[file].imports.filter((one) => one.external).map(({ path }) => path)))].sort();
  return { role, files: [...files], inputs, external, bytes: [...files].reduce((sum, file) => sum + outputs[file].bytes, 0) };
}

/** What a bundle holds that it may not. */
/** What packages load only when asked to, and do without when it is not there. */
const OPTIONAL = ['@node-rs/xxhash', '@opentelemetry/api'];

function problemsOf({ role, inputs, external }, rule) {
  if (rule === undefined) return [`${role}: there are no rules for the bundle`];
  const without = [...NEVER, ...rule.without];
  return [
    ...inputs.filter((input) => !isAllowed(input, rule, without)).map((input) => `${role}: ${input} may not be in the bundle`),
    ...external.filter((name) => !isBuiltin(name) && !OPTIONAL.includes(name)).map((name) => `${role}: ${name} is not in the bundle, and the image has no packages`),
  ];
}

function isAllowed(input, { sidecar, src }, without) {
  const name = packageOf(input);
  if (name !== undefined) return !without.includes(name);
  return sidecar.some((folder) => input.startsWith(`sidecar/src/${folder}/`)) || src.some((folder) => input.startsWith(`src/${folder}/`));
}

/** The package that a file belongs to; the innermost, when packages carry their own. */
function packageOf(input) {
  const parts = input.split('/');
  const at = parts.lastIndexOf('node_modules');
  if (at < 0) return undefined;
  return parts[at + 1].startsWith('@') ? `${parts[at + 1]}/${parts[at + 2]}` : parts[at + 1];
}

function isBuiltin(name) {
  return name.startsWith('node:') || builtinModules.includes(name);
}

async function main() {
  const outdir = join(ROOT, 'sidecar/dist');
  await mkdir(outdir, { recursive: true });
  // Only what an earlier run has left here: images lie in the same folder.
  const old = (await readdir(outdir)).filter((name) => name === 'chunks' || /\.mjs(\.LEGAL\.txt)?$/.test(name));
  await Promise.all(old.map((name) => rm(join(outdir, name), { recursive: true })));
  const entries = Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, join(ROOT, file)]));
  const { roles, problems } = await bundle({ entries, outdir });
  // The image copies the files of one role to a place of their own.
  const filesOf = ({ role, files }) => [role, files.map((file) => relative(outdir, resolve(ROOT, file)).replaceAll('\\', '/')).sort()];
  await writeFile(join(outdir, 'roles.json'), `${JSON.stringify(Object.fromEntries(roles.map(filesOf)), undefined, 2)}\n`);
  for (const { role, bytes, files } of roles) console.log(`${role}.mjs  ${Math.ceil(bytes / 1024)} KiB in ${files.length} ${files.length === 1 ? 'file' : 'files'}`);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) await main();
