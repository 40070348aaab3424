import { egressProblems, startEgress } from '../../sidecar/src/egress/start';
import { connected } from '../../sidecar/src/egress/upstream/dial';
import { runRole } from '../../sidecar/src/server/program/lifecycle';
import { after } from '../../sidecar/src/server/time/timers';
import { EGRESS_ENV } from '../../src/protocol/env';

/*
 * The egress proxy as it is, but for the network: nobody is led to loopback, so names get a public address, which is checked
 * as ever, and what is dialled in its place is an upstream of the benchmark. `UPSTREAM_PORTS={"<host>:<port>": <port on loopback>}`
 */
const PORTS = JSON.parse(process.env.UPSTREAM_PORTS!) as Readonly<Record<string, number>>;
const PUBLIC = { addresses: ['93.184.215.14'], ttl: 60 };

void runRole({
  role: 'egress',
  table: EGRESS_ENV,
  check: egressProblems,
  start: (context) => startEgress(context, {
    lookup: async () => PUBLIC,
    way: (resolver) => ({
      check: async (host) => void await resolver.resolve(host),
      dial: async (host, port) => {
        await resolver.resolve(host);
        return connected(host, ['127.0.0.1'], PORTS[`${host}:${port}`], after);
      },
    }),
  }),
});
