import { devFiles, DevFiles, GivenFiles } from './dev-files';
import { CONTROLLER_ENV, DEV_ENV, EnvTable, GATEWAY_ENV } from '../../../src/protocol/env';
import { Config, readEnvironment } from '../server/program/config';
import { listenOn } from '../server/program/listen';
import type { Role, RoleContext, StartedRole } from '../server/program/role';
import { createRegistry } from '../server/telemetry/metrics';
import { OpenStore, openStore } from '../store/open-store';

/** Starts a role over a store that is open already. */
type StartOver<Table extends EnvTable> = (context: RoleContext<Table>, given: { readonly store: OpenStore }) => Promise<StartedRole>;

export interface DevParts {
  readonly startController: StartOver<typeof CONTROLLER_ENV>;
  readonly startGateway: StartOver<typeof GATEWAY_ENV>;
  /** The session daemon beside this program. */
  readonly sessionProgram: string;
  /** Shows a line to whoever has started the process. Not the log: what is said is secret. */
  readonly say: (line: string) => void;
}

type Environment = typeof DEV_ENV;

/** Where the store is; the parts get it opened. */
const STORE_URL = 'memory:';

/** Controller and gateway in one process, so that the store may be its memory. */
export function devRole(parts: DevParts): Role<Environment> {
  return { role: 'dev', table: DEV_ENV, start: (context) => start(parts, context) };
}

async function start(parts: DevParts, { config, log, registry }: RoleContext<Environment>): Promise<StartedRole> {
  const files = devFiles(config as GivenFiles);
  const store = openStore({ kind: 'memory' }, { clock: Date.now });
  // The last one that was started ends first.
  const ends: (() => Promise<unknown> | void)[] = [() => files.remove(), () => store.close()];
  const endAll = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const controllerConfig = controllerConfigOf(files, config.SESSION_PROGRAM ?? parts.sessionProgram);
    const controller = await parts.startController({ config: controllerConfig, log, registry: createRegistry('controller') }, { store });
    ends.push(() => controller.close?.());
    const [{ app, listen }] = controller.servers;
    ends.push(() => app.close());
    const address = await listenOn(app, listen);

    const gatewayConfig = gatewayConfigOf(files, `http://${address}`);
    const gateway = await parts.startGateway({ config: { ...gatewayConfig, GATEWAY_LISTEN: config.GATEWAY_LISTEN }, log, registry }, { store });
    ends.push(() => gateway.close?.());
    if (files.apiKey !== undefined) parts.say(`API key of this process: ${files.apiKey}`);
    return {
      servers: gateway.servers,
      unready: () => controller.unready?.() ?? gateway.unready?.(),
      close: endAll,
    };
  } catch (error) {
    await endAll();
    throw error;
  }
}

/** Anybody on this machine may connect, and nobody gets further without the token. */
function controllerConfigOf({ stateDir, poolsFile, callersFile }: DevFiles, sessionProgram: string): Config<typeof CONTROLLER_ENV> {
  return readEnvironment(CONTROLLER_ENV, {
    CONTROLLER_LISTEN: '127.0.0.1:0',
    PROVIDER: 'process',
    POOLS_FILE: poolsFile,
    AUTH: 'file',
    CALLERS_FILE: callersFile,
    STATE_DIR: stateDir,
    SESSION_PROGRAM: sessionProgram,
    STORE_URL,
  });
}

function gatewayConfigOf({ stateDir, tokenFile, apiKeysFile }: DevFiles, controller: string): Config<typeof GATEWAY_ENV> {
  return readEnvironment(GATEWAY_ENV, {
    API_KEYS_FILE: apiKeysFile, CONTROLLER_URL: controller, CONTROLLER_TOKEN_FILE: tokenFile, SESSION_KEYS_DIR: `${stateDir}/session-keys`, STORE_URL,
  });
}
