import { join } from 'node:path';
import { FollowedFile } from './followed-file';
import { PATHS } from '../../../src/protocol/paths';
import type { Clock } from '../server/time/clock';

/** Content that never changes, or that follows a file. */
export type Material = { content(): Buffer; look?(): void };

/** Where the API server is and how to speak to it. */
export interface Connection {
  /** Always https. */
  readonly server: URL;
  /** Name in the server's certificate, where it differs from the host. */
  readonly serverName?: string;
  /** Without it the certificates that Node trusts. */
  readonly ca?: Material;
  /** Bearer token. */
  readonly token?: Material;
  readonly certificate?: { readonly cert: Material; readonly key: Material };
}

/** A configuration that cannot be used. The text names file and field, never a credential. */
export class ConnectionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConnectionError';
  }
}

/** What the kubelet tells every container. */
export interface ClusterAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * The API server of the pod's own cluster, with the mounted token.
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
 */
export function inCluster({ host, port }: ClusterAddress, clock: Clock, folder: string = PATHS.apiToken): Connection {
  const server = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`);
  return { server, ca: followed(join(folder, 'ca.crt'), clock), token: followed(join(folder, 'token'), clock) };
}

/** A file that is followed; throws, with its name, when it is not there. */
export function followed(file: string, clock: Clock): Material {
  try {
    return new FollowedFile(file, clock);
  } catch (error) {
    throw new ConnectionError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`);
  }
}

export function fixed(content: Buffer): Material {
  return { content: () => content };
}
