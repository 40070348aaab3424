import { constants } from 'node:os';

const ERRORS = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));
const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]));

/** The name of an error number, as `ENOENT`. */
export function errorName(number: number): string {
  return ERRORS.get(number) ?? `E${number}`;
}

/** The name of a signal number. Signals without a name are told as SIGKILL: the real-time ones, which end a process as hard. */
export function signalName(number: number): NodeJS.Signals {
  return SIGNALS.get(number) ?? 'SIGKILL';
}
