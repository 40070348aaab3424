import { buildSession } from './app';
import { BootstrapKeys, fixedKeys, followedKeys } from './bootstrap-keys';
import { baseEnvironment } from './execute/base-environment';
import { workRoutes } from './routes/work-routes';
import { Identity } from './state';
import { openWorkspace } from './workspace';
import { SESSION_ENV } from '../../../src/protocol/env';
import { parsePublicKeys } from '../crypto/public-keys';
import type { Config } from '../server/program/config';
import { Role, RoleContext, runRole, StartedRole } from '../server/program/lifecycle';
import { RequestMetrics } from '../server/telemetry/metrics';

type Environment = typeof SESSION_ENV;

/** Names of the variable with the bootstrap keys, the older one last. */
const KEY_VARIABLES = ['PICOD_BOOTSTRAP_PUBLIC_KEY', 'PICOD_AUTH_PUBLIC_KEY'] as const;

const SESSION: Role<Environment> = { role: 'session', table: SESSION_ENV, check: keyProblems, start };

async function start({ config, log, registry }: RoleContext<Environment>): Promise<StartedRole> {
  const clock = Date.now;
  const keys: BootstrapKeys = config.AGENT_TRUST_DIR === undefined ? fixedKeys(givenKeys(config)) : followedKeys(config.AGENT_TRUST_DIR, clock, log);
  const { beneath, processes, close } = await openWorkspace(config.SESSION_WORKSPACE, config.SESSION_HELPER_FD);
  const app = buildSession({
    identity: new Identity(),
    bootstrapKeys: keys.current,
    sessionId: config.PICOD_SESSION_ID,
    podUid: config.POD_UID,
    requireBootId: config.SESSION_REQUIRE_BOOT_ID,
    routes: [workRoutes({ processes, beneath, baseEnvironment: baseEnvironment(process.env), clock })],
    nativeHelper: processes.means === 'helper',
    clock,
    log,
  }, { metrics: new RequestMetrics(registry) });
  return { servers: [{ name: 'session', app, listen: config.SESSION_LISTEN }], unready: keys.unready, close: async () => close() };
}

/** The folder wins, so a key beside it may be anything. */
function keyProblems(config: Config<Environment>): readonly string[] {
  if (config.AGENT_TRUST_DIR !== undefined) return [];
  const name = KEY_VARIABLES.find((variable) => config[variable] !== undefined);
  if (name === undefined) return [`AGENT_TRUST_DIR or ${KEY_VARIABLES[0]} must be set: nobody could give the daemon its session`];
  try {
    return givenKeys(config).length > 0 ? [] : [`${name} holds no key`];
  } catch (error) {
    return [`${name} cannot be used: ${(error as Error).message}`];
  }
}

function givenKeys(config: Config<Environment>) {
  const [text = ''] = KEY_VARIABLES.map((variable) => config[variable]).filter((value) => value !== undefined);
  return parsePublicKeys(text);
}

void runRole(SESSION);
