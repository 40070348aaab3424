import { SESSION_ENV } from '../../../../src/protocol/env';
import { RESERVED_ENV_PREFIX } from '../../../../src/protocol/reserved-env';

/** What is the daemon's own: its settings, how its Node runs, and where its loader looks. */
const WITHHELD = new Set<string>([...Object.keys(SESSION_ENV), 'NODE_OPTIONS', 'LD_PRELOAD', 'LD_LIBRARY_PATH']);

/** Set by the kubelet about a cluster that commands cannot reach. */
const CLUSTER = /^KUBERNETES_/;

const DEFAULTS = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/** The environment of every command: that of the image and its pool, as the daemon was started with it, without what is the daemon's own. */
export function baseEnvironment(daemon: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const passed = Object.entries(daemon).filter((entry): entry is [string, string] => entry[1] !== undefined && isPassedOn(entry[0]));
  return { ...DEFAULTS, ...Object.fromEntries(passed) };
}

function isPassedOn(name: string): boolean {
  return !WITHHELD.has(name) && !CLUSTER.test(name) && !name.startsWith(RESERVED_ENV_PREFIX);
}
