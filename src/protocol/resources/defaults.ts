import { PATHS } from '../paths';

/** What holds where a template, its base and the run say nothing. The schemas have no defaults: they could not tell "not set" from "inherit". */
export const DEFAULTS = {
  timeout: '30m',
  terminationGracePeriodSeconds: 60,
  /** Interactive runs write their conversation out when they stop. */
  interactiveGracePeriodSeconds: 300,
  workspaceRequired: true,
  mountPath: PATHS.workspace,
  imagePullPolicy: 'IfNotPresent',
  mode: 'per-prompt-process',
  idleTimeout: '30m',
  detachIdleTimeout: '15m',
  detachTimeout: '5m',
  maxLifetime: '24h',
  maxRecentEvents: 50,
} as const;
