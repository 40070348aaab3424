import { isLoaderVariable } from './loader-variables';
import { SESSION_ENV } from '../../../../src/protocol/env';
import { RESERVED_ENV_PREFIX } from '../../../../src/protocol/reserved-env';

/** The settings of the daemon. */
const WITHHELD = new Set<string>(Object.keys(SESSION_ENV));

/** Set by the kubelet about a cluster that commands cannot reach. */
const CLUSTER = /^KUBERNETES_/;

const DEFAULTS = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/** The environment of every command: that of the image and its pool, as the daemon was started with it, without what is the daemon's own. */
export function baseEnvironment(daemon: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const passed = Object.entries(daemon).filter((entry): entry is [string, string] => entry[1] !== undefined && isPassedOn(entry[0]));
  return { ...DEFAULTS, ...Object.fromEntries(passed) };
}

function isPassedOn(name: string): boolean {
  return !WITHHELD.has(name) && !isLoaderVariable(name) && !CLUSTER.test(name) && !name.startsWith(RESERVED_ENV_PREFIX);
}
