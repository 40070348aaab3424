import type { BundleFile } from './app-layer';
import { sha256 } from './integrity';
import type { Entry } from './tar';
import { PATHS, RUNTIME_FILES } from '../../src/protocol/paths';
import { RUNTIME_LIST, RUNTIME_MEBIBYTES, RuntimeList } from '../../src/protocol/runtime';

const FOLDER = `${PATHS.runtime.slice(1)}/`;

/**
 * What the folder that worker pods get a copy of has besides Node: the session daemon and its helper.
 *
 * @param roles Files of each role below the bundle folder, as the bundler writes them.
 * @throws Error when a file of the daemon is missing.
 */
export function runtimeEntries(roles: Readonly<Record<string, readonly string[]>>, files: readonly BundleFile[], helper: Uint8Array): Entry[] {
  const terms = (roles.session ?? []).map((path) => `${path}.LEGAL.txt`).filter((path) => files.some((file) => file.path === path));
  const bundle = [...roles.session ?? [], ...terms].map((path) => {
    const found = files.find((file) => file.path === path);
    if (found === undefined) throw new Error(`the bundle folder has no ${path}; run \`npm run bundle\` first`);
    return { path: `${FOLDER}${path}`, mode: 0o644, bytes: found.bytes };
  });
  if (!bundle.some(({ path }) => `/${path}` === RUNTIME_FILES.session)) throw new Error('the bundle folder has no session daemon; run `npm run bundle` first');
  return [...bundle, { path: RUNTIME_FILES.helper.slice(1), mode: 0o755, bytes: helper }];
}

/**
 * The list by which the copy in a worker pod is checked.
 *
 * @throws Error when worker pods have not enough room for the copy.
 */
export function runtimeList(entries: readonly Entry[]): Entry {
  const files = entries.filter(({ path }) => path.startsWith(FOLDER)).map(({ path, mode, bytes = EMPTY }) => (
    { path: path.slice(FOLDER.length), executable: (mode & 0o111) !== 0, size: bytes.length, sha256: sha256(bytes).replace('sha256:', '') }
  ));
  const mebibytes = files.reduce((sum, { size }) => sum + size, 0) / (1024 * 1024);
  if (mebibytes > RUNTIME_MEBIBYTES) throw new Error(`the runtime of sessions takes ${Math.ceil(mebibytes)} MiB, and workers have room for ${RUNTIME_MEBIBYTES}`);
  const list: RuntimeList = { files };
  return { path: RUNTIME_LIST.slice(1), mode: 0o644, bytes: Buffer.from(JSON.stringify(list)) };
}

const EMPTY = Buffer.alloc(0);
