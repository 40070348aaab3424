import type { Duration } from 'cdk8s';

/** When an interactive run ends by itself. A limit that another one would cut short is refused; defaults are cut silently. */
export interface InteractiveLimits {
  /**
   * Time without a prompt, more than zero and at most `maxLifetime`.
   * @default - templates: Duration.minutes(30); runs: the template's value
   */
  readonly idleTimeout?: Duration;

  /**
   * Time without a prompt while nobody is attached, more than zero and at most `idleTimeout`.
   * @default - templates: Duration.minutes(15); runs: the template's value
   */
  readonly detachIdleTimeout?: Duration;

  /**
   * Time after the last viewer has left, more than zero and at most `maxLifetime`.
   * @default - templates: Duration.minutes(5); runs: the template's value
   */
  readonly detachTimeout?: Duration;

  /**
   * Time from start to end whatever happens, more than zero and at most 30 days.
   * @default - templates: Duration.hours(24); runs: the template's value
   */
  readonly maxLifetime?: Duration;
}
