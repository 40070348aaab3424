import { Duration } from 'cdk8s';
import { durationText } from './render';
import { parseDuration } from '../protocol/duration';
import type { InteractiveTimeouts } from '../protocol/resources/template-defaults';

/** The limits of interactive runs as a template or a run states them. */
export interface LimitTexts {
  readonly idleTimeout?: string;
  readonly detachIdleTimeout?: string;
  readonly detachTimeout?: string;
  readonly maxLifetime?: string;
}

type Limit = keyof LimitTexts;

/** Each limit, its name among the resolved ones, and the limit that may not be shorter. */
const LIMITS: readonly { readonly limit: Limit; readonly resolved: keyof InteractiveTimeouts; readonly bound?: Limit }[] = [
  { limit: 'idleTimeout', resolved: 'idle', bound: 'maxLifetime' },
  { limit: 'detachIdleTimeout', resolved: 'detachIdle', bound: 'idleTimeout' },
  { limit: 'detachTimeout', resolved: 'detach', bound: 'maxLifetime' },
  { limit: 'maxLifetime', resolved: 'maxLifetime' },
];

/**
 * Limits that are written down but would be cut silently, because the template, its base or a default
 * has a shorter one. The schema compares those that are written down together.
 */
export function cutProblems(written: LimitTexts, holding: InteractiveTimeouts): string[] {
  return LIMITS.flatMap(({ limit, resolved, bound }) => {
    const text = written[limit];
    if (text === undefined || !isLonger(text, holding[resolved])) return [];
    const foundBySchema = bound !== undefined && written[bound] !== undefined && isLonger(text, parseDuration(written[bound]));
    const longest = durationText(Duration.millis(holding[resolved]));
    return foundBySchema ? [] : [`${limit} must be at most ${longest}, where its template or a default cuts it, got ${text}`];
  });
}

/** False also for what is no duration: the schema says so. */
function isLonger(text: string, milliseconds = NaN): boolean {
  return (parseDuration(text) ?? NaN) > milliseconds;
}
