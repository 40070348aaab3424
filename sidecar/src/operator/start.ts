import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { brokerClient } from './broker-client';
import { OperatorMetrics } from './metrics';
import { openOperator } from './operator';
import type { OperatorSettings } from './operator-deps';
import type { OPERATOR_ENV } from '../../../src/protocol/env';
import { OBJECTS } from '../../../src/protocol/objects';
import { OPERATOR_MANAGER } from '../../../src/protocol/runs';
import { KubeClient } from '../kube/client';
import { apiServerProblems, configuredConnection } from '../kube/configured-connection';
import { EventRecorder } from '../kube/event-recorder';
import { LeaderLease } from '../kube/leader-lease';
import type { Config } from '../server/program/config';
import type { RoleContext, StartedRole } from '../server/program/role';
import { steadyClock } from '../server/time/clock';
import { after } from '../server/time/timers';

export type OperatorConfig = Config<typeof OPERATOR_ENV>;

/** What is wrong with an environment, over several variables. */
export function operatorProblems(config: OperatorConfig): string[] {
  const { BROKER_URL } = config;
  const isHttps = URL.canParse(BROKER_URL) && new URL(BROKER_URL).protocol === 'https:';
  return [...apiServerProblems(config, 'the operator'), ...(isHttps ? [] : ['BROKER_URL must be an https URL'])];
}

const wait = (milliseconds: number, signal?: AbortSignal): Promise<unknown> => sleep(milliseconds, undefined, { signal, ref: false });

/** All replicas follow what is there, one acts. What others have to bring, as the broker, may come later. */
export function startOperator({ config, log, registry }: RoleContext<typeof OPERATOR_ENV>): Promise<StartedRole> {
  const clock = Date.now;
  const random = Math.random;
  const client = new KubeClient(configuredConnection(config, clock));
  const { BROKER_URL: url, BROKER_CA_FILE: caFile, BROKER_TOKEN_FILE: tokenFile } = config;
  const lease = new LeaderLease({
    client,
    namespace: config.POD_NAMESPACE,
    name: OBJECTS.operatorLease,
    identity: `${config.POD_NAME}_${randomUUID()}`,
    clock,
    steady: steadyClock,
    random,
    wait,
    failed: (err) => log.warn({ err }, 'the lease could not be had or renewed; it is tried again'),
  });
  const events = new EventRecorder({ client, component: OPERATOR_MANAGER, instance: config.POD_NAME, clock, log });
  const operator = openOperator({
    client,
    broker: brokerClient({ url, caFile, tokenFile }),
    settings: settingsOf(config),
    namespaces: config.RUN_NAMESPACES,
    isLeader: () => lease.isLeader(),
    workers: config.RECONCILES,
    metrics: new OperatorMetrics(registry),
    events,
    clock,
    steady: steadyClock,
    after,
    random,
    wait,
    log,
  });
  return Promise.resolve({
    servers: [],
    unready: () => operator.problem(),
    close: async () => {
      await operator.close();
      await events.settled();
      await lease.close();
      client.close();
    },
  });
}

function settingsOf(config: OperatorConfig): OperatorSettings {
  const { SEED_IMAGE_PULL_POLICY: seedImagePullPolicy, WORKSPACE_STORAGE_CLASS: workspaceStorageClass } = config;
  const { TTL_SECONDS_AFTER_FINISHED: ttlSecondsAfterFinished } = config;
  return {
    platform: config.POD_NAMESPACE,
    sidecar: { image: config.SIDECAR_IMAGE, pinned: config.SIDECAR_IMAGE_PINNED },
    pullSecrets: config.PULL_SECRETS,
    seedImage: config.SEED_IMAGE,
    ...(seedImagePullPolicy === undefined ? {} : { seedImagePullPolicy }),
    workspaceSize: config.WORKSPACE_SIZE,
    ...(workspaceStorageClass === undefined ? {} : { workspaceStorageClass }),
    ...(ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished }),
    podSecurityVersion: config.POD_SECURITY_VERSION,
  };
}
