import { javascript } from 'projen';

/** A room of the house: a folder whose files may import from one another and from the rooms listed. */
export interface ImportZone {
  /** Folder, from the repository root. A room inside another room is a room of its own. */
  readonly path: string;
  readonly mayImport: readonly string[];
}

/**
 * Who may import whom, by name of the room. ARCHITECTURE.md draws the same arrows; a test
 * compares the two. A server role gets a row with its folder, and never imports another role: they
 * talk over the wire. Only the operator may import `manifests`.
 */
export const IMPORT_ZONES: Readonly<Record<string, ImportZone>> = {
  protocol: { path: 'src/protocol', mayImport: [] },
  manifests: { path: 'src/manifests', mayImport: ['protocol'] },
  // Runs in browsers too.
  client: { path: 'src/client', mayImport: ['protocol'] },
  constructs: { path: 'src', mayImport: ['protocol', 'manifests'] },

  server: { path: 'sidecar/src/server', mayImport: ['protocol'] },
  crypto: { path: 'sidecar/src/crypto', mayImport: ['protocol', 'server'] },
  kube: { path: 'sidecar/src/kube', mayImport: ['protocol', 'server', 'crypto'] },
  store: { path: 'sidecar/src/store', mayImport: ['protocol', 'server'] },
  probe: { path: 'sidecar/src/probe', mayImport: ['protocol', 'server'] },
  fence: { path: 'sidecar/src/fence', mayImport: ['protocol', 'server'] },
  broker: { path: 'sidecar/src/broker', mayImport: ['protocol', 'server', 'crypto', 'kube'] },
  controller: { path: 'sidecar/src/controller', mayImport: ['protocol', 'server', 'crypto', 'kube', 'store'] },
  gateway: { path: 'sidecar/src/gateway', mayImport: ['protocol', 'server', 'crypto', 'store'] },
  egress: { path: 'sidecar/src/egress', mayImport: ['protocol', 'server', 'crypto', 'kube'] },
  operator: { path: 'sidecar/src/operator', mayImport: ['protocol', 'manifests', 'server', 'crypto', 'kube'] },
  retention: { path: 'sidecar/src/retention', mayImport: ['protocol', 'server', 'kube'] },
  // Both in one process, for development: the one room that imports roles.
  dev: { path: 'sidecar/src/dev', mayImport: ['protocol', 'server', 'crypto', 'kube', 'store', 'controller', 'gateway'] },
  session: { path: 'sidecar/src/session', mayImport: ['protocol', 'server', 'crypto'] },
  installRuntime: { path: 'sidecar/src/install-runtime', mayImport: ['protocol'] },
  cli: { path: 'sidecar/src/cli', mayImport: ['protocol'] },
};

/** Turns the table into lint: everything in the repository is closed to a room, except what its row opens and packages. */
export function restrictImports(eslint: javascript.Eslint): void {
  const zones = Object.entries(IMPORT_ZONES).map(([room, { path, mayImport }]) => ({
    target: path,
    from: '.',
    except: [path, ...mayImport.map((other) => IMPORT_ZONES[other].path), 'node_modules'],
    message: `${room} may import only ${[room, ...mayImport].join(', ')} (see ARCHITECTURE.md)`,
  }));
  eslint.addRules({ 'import/no-restricted-paths': ['error', { basePath: '.', zones }] });
}
