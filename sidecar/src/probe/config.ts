import { isIP } from 'node:net';
import { PROBE_PLACES, ProbeConfig, ProbeEdge, ProbeExpectation, ProbeSubject } from '../../../src/protocol/probe';

/** Reads what the pod is told. Throws with what is wrong: half a configuration would leave connections untried. */
export function readProbeConfig(text: string): ProbeConfig {
  const config = JSON.parse(text) as ProbeConfig;
  const { self, listen, edges, subjects = [], startSeconds } = config;
  const problem = [
    typeof self === 'string' && self !== '' ? undefined : 'self must be a text',
    isListOf(listen, isPort) ? undefined : 'listen must be a list of ports',
    Number.isInteger(startSeconds) && startSeconds > 0 ? undefined : 'startSeconds must be a whole number above 0',
    isListOf(edges, isEdge) && edges.length > 0 ? undefined : 'edges must be a list of edges, and not empty',
    isListOf(subjects, isSubject) ? undefined : 'subjects must be a list of subjects',
  ].find((found) => found !== undefined);
  if (problem !== undefined) throw new Error(problem);
  return config;
}

const EXPECTATIONS: readonly unknown[] = ['allow', 'deny', 'unpromised'] satisfies ProbeExpectation[];

function isListOf<T>(value: unknown, test: (one: T) => boolean): boolean {
  return Array.isArray(value) && value.every((one) => one !== null && test(one as T));
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
}

function isEdge({ to, at, port, protocol, expect, expectLinkLocal = expect, rows, listener }: ProbeEdge): boolean {
  const located = typeof at === 'string' ? isIP(at) !== 0 && isPort(port) : PROBE_PLACES.includes(at?.place) && (port === undefined || isPort(port));
  return located && typeof to === 'string' && ['TCP', 'UDP'].includes(protocol) && [expect, expectLinkLocal].every((one) => EXPECTATIONS.includes(one))
    && Array.isArray(rows) && typeof listener === 'boolean';
}

function isSubject({ title, address, ports }: ProbeSubject): boolean {
  return typeof title === 'string' && isIP(address) !== 0 && isListOf(ports, isPort);
}
