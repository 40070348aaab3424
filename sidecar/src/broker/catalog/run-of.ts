import type { CatalogRun, CatalogTemplate } from './catalog';
import type { CheckedObject } from './object-check';
import { runUid } from './run-uid';
import type { HarnessRunSpec, HarnessRunStatus } from '../../../../src/protocol/resources';
import { interactiveTimeouts, timeoutMilliseconds } from '../../../../src/protocol/resources/template-defaults';

/** A run and what its deadline is worked out from, once its template is known. */
export interface StoredRun {
  readonly run: CatalogRun;
  /** Milliseconds since 1970; undefined before the start. */
  readonly startedAt?: number;
  readonly limits: Pick<HarnessRunSpec, 'mode' | 'timeout' | 'interactiveOverrides' | 'templateRef'>;
}

/** What the broker keeps of a run; its events are not among it, nor is a prompt, but the name of the Secret that holds it. */
export function storedRun({ namespace, name, uid, object }: Extract<CheckedObject, { object: unknown }>): StoredRun {
  const { templateRef, mode, timeout, interactiveOverrides, promptFrom } = object.spec as HarnessRunSpec;
  const { phase = 'Pending', revokedLeases = {}, issuedLeases = [], podUID, podIPs, template, startTime } = (object.status ?? {}) as HarnessRunStatus;
  const expiries = issuedLeases.flatMap(({ leaseID, expiresAt }) => (expiresAt === undefined ? [] : [[leaseID, Date.parse(expiresAt)] as const]));
  return {
    run: {
      namespace,
      name,
      uid: uid ?? runUid(namespace, name),
      phase,
      templateRef,
      revokedLeases: Object.keys(revokedLeases),
      ...(promptFrom?.secretKeyRef === undefined ? {} : { promptSecret: promptFrom.secretKeyRef.name }),
      ...(podUID === undefined ? {} : { podUid: podUID }),
      ...(podIPs === undefined ? {} : { podIps: podIPs }),
      ...(template === undefined ? {} : { template }),
      ...(expiries.length === 0 ? {} : { leaseExpiries: new Map(expiries) }),
    },
    ...(startTime === undefined ? {} : { startedAt: Date.parse(startTime) }),
    limits: { templateRef, mode, timeout, interactiveOverrides },
  };
}

/** Runs that were worked out, for the template they were asked for with last. */
const ended = new WeakMap<StoredRun, { readonly template: CatalogTemplate; readonly run: CatalogRun }>();

/** The run with the time at which it ends at the latest: counted from its start, so none before. */
export function withDeadline(stored: StoredRun, template: CatalogTemplate | undefined): CatalogRun {
  if (stored.startedAt === undefined || template === undefined) return stored.run;
  const known = ended.get(stored);
  if (known?.template === template) return known.run;
  const run = endedRun(stored, stored.startedAt, template);
  ended.set(stored, { template, run });
  return run;
}

function endedRun({ run, limits }: StoredRun, startedAt: number, template: CatalogTemplate): CatalogRun {
  const longest = limits.mode === 'Interactive'
    ? interactiveTimeouts(template.spec, limits.interactiveOverrides).maxLifetime
    : timeoutMilliseconds(template.spec, limits);
  return { ...run, deadline: startedAt + longest };
}
