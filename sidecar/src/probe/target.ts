import type { ProbeEdge, ProbeExpectation, ProbePlace } from '../../../src/protocol/probe';

/** An edge with the address and the port it has for this pod. */
export interface Target extends Omit<ProbeEdge, 'at' | 'port' | 'expectLinkLocal'> {
  readonly at: string;
  readonly port: number;
}

/** What only the pod itself knows about its surroundings. */
export interface Surroundings {
  readonly apiServer: { readonly address: string; readonly port: number };
  readonly hostIp: string;
  /** Address of the control, for whoever is not the control. */
  readonly control?: string;
  /** Text of `/etc/resolv.conf`. */
  readonly resolvConf: string;
}

/** The edges with addresses, and what keeps others from having one. */
export function targetsOf(edges: readonly ProbeEdge[], surroundings: Surroundings): { readonly targets: Target[]; readonly untold: string[] } {
  const targets: Target[] = [];
  const untold: string[] = [];
  for (const { expectLinkLocal, ...edge } of edges) {
    const found = typeof edge.at === 'string' ? { address: edge.at, port: edge.port } : placeOf(edge.at.place, surroundings);
    const port = edge.port ?? found?.port;
    if (found === undefined || port === undefined) untold.push(`${edge.to}: the pod does not know where it is`);
    else targets.push({ ...edge, at: found.address, port, expect: expectationAt(found.address, edge.expect, expectLinkLocal) });
  }
  return { targets, untold };
}

/** A link-local resolver runs on the pod's own node. */
function expectationAt(address: string, expect: ProbeExpectation, linkLocal: ProbeExpectation = expect): ProbeExpectation {
  return /^169\.254\.|^fe[89ab]/i.test(address) ? linkLocal : expect;
}

function placeOf(place: ProbePlace, { apiServer, hostIp, control, resolvConf }: Surroundings): { address: string; port?: number } | undefined {
  switch (place) {
    case 'api-server': return apiServer;
    case 'own-node': return { address: hostIp };
    case 'control': return control === undefined ? undefined : { address: control };
    case 'dns-server': {
      const address = /^nameserver[ \t]+(\S+)/m.exec(resolvConf)?.[1];
      return address === undefined ? undefined : { address };
    }
  }
}
