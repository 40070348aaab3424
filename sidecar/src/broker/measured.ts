import type { FastifyInstance } from 'fastify';
import type { Audit } from './audit/audit-event';
import type { BrokerMetrics, RouteName } from './metrics';
import { BROKER_ROUTES, type BrokerCode } from '../../../src/protocol/broker-api';

/** An audit that counts what it records, and what it cannot. */
export function measuredAudit(audit: Audit, metrics: Pick<BrokerMetrics, 'decided' | 'auditFailed'>): Audit {
  return {
    unready: () => audit.unready(),
    close: () => audit.close(),
    write: async (record) => {
      const auditId = await audit.write(record).catch((error: unknown) => {
        metrics.auditFailed();
        throw error;
      });
      metrics.decided(record);
      return auditId;
    },
  };
}

const ENDPOINTS = new Map<string | undefined, RouteName>(Object.entries(BROKER_ROUTES).map(([name, url]) => [url, name as RouteName]));

/** Counts answers by endpoint and code. A request that no route takes is none of any endpoint. */
export function measureRequests(app: FastifyInstance, metrics: Pick<BrokerMetrics, 'answered'>): void {
  app.addHook('onResponse', (request, _reply, done) => {
    const endpoint = ENDPOINTS.get(request.is404 ? undefined : request.routeOptions.url);
    if (endpoint !== undefined) metrics.answered(endpoint, (request.refusal?.code as BrokerCode | undefined) ?? 'ok');
    done();
  });
}
