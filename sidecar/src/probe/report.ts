import { MAX_TERMINATION_MESSAGE } from '../../../src/protocol/limits';
import type { ProbeOutcome, ProbeResult } from '../../../src/protocol/probe';

/** How a probe ended. */
export interface Report {
  /** 0 when all is as the flow table says, 1 when a connection differs, 2 when it cannot be told. */
  readonly exitCode: 0 | 1 | 2;
  /** One for each thing to know, the summary last. */
  readonly lines: readonly string[];
  /** The lines that fit a termination message, the summary first. */
  readonly message: string;
}

/** What pods found, in words. */
export function reportOf(self: string, results: readonly ProbeResult[]): Report {
  const wrong = results.flatMap((result) => result.wrong.map((outcome) => wrongLine(result.self, outcome)));
  const untold = results.flatMap((result) => result.untold.map((reason) => `unknown: ${result.self}: ${reason}`));
  const unpromised = results.flatMap((result) => result.unpromised.map((outcome) => `not promised: ${pathOf(result.self, outcome)} is open: ${outcome.because}`));
  const exitCode = wrong.length > 0 ? 1 : untold.length > 0 ? 2 : 0;
  const summary = `${self}: ${verdictOf(exitCode, results)}; client addresses are kept: ${keptOf(results)}`;
  const facts = [...wrong, ...untold, ...unpromised];
  const json = JSON.stringify({ probe: self, exitCode, keepsAddresses: kept(results), results });
  const lines = [...facts, json, summary].map(printable);
  return { exitCode, lines, message: shortened([summary, ...facts].map(printable)) };
}

/** Pods that stand in are told what to say by nobody but themselves: what they say may hold anything. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}

function verdictOf(exitCode: Report['exitCode'], results: readonly ProbeResult[]): string {
  const sum = (count: (result: ProbeResult) => number) => results.reduce((total, result) => total + count(result), 0);
  const pods = results.filter((result) => result.tried > 0).length;
  const tried = `${sum((result) => result.tried)} connections tried from ${pods} ${pods === 1 ? 'pod' : 'pods'}`;
  const differ = sum(({ wrong }) => wrong.length);
  switch (exitCode) {
    case 0: return `passed, ${tried}, all as the flow table says`;
    case 1: return `FAILED, ${tried}, ${differ} ${differ === 1 ? 'differs' : 'differ'} from the flow table`;
    case 2: return `UNKNOWN, ${tried}, ${sum(({ untold }) => untold.length)} questions have no answer`;
  }
}

function wrongLine(self: string, outcome: ProbeOutcome): string {
  const rows = outcome.rows.length === 0 ? 'no row of the flow table' : outcome.rows.join(', ');
  return `${outcome.open ? 'OPEN' : 'CLOSED'}: ${pathOf(self, outcome)}: expected ${outcome.expect} (${rows}), seen: ${outcome.because}`;
}

function pathOf(self: string, { to, at, port, protocol }: ProbeOutcome): string {
  return `${self} -> ${to}, ${at} ${protocol} ${port}`;
}

function kept(results: readonly ProbeResult[]): boolean | undefined {
  const told = results.flatMap(({ keepsAddresses }) => keepsAddresses ?? []);
  return told.length === 0 ? undefined : told.every(Boolean);
}

function keptOf(results: readonly ProbeResult[]): string {
  const answer = kept(results);
  return answer === undefined ? 'unknown' : answer ? 'yes' : 'no';
}

/** As many lines as the kubelet takes, and how many are left out. It counts bytes. */
function shortened(lines: readonly string[]): string {
  const rest = (count: number) => (count === 0 ? '' : `\n${count} more in the log`);
  for (let count = lines.length; count > 0; count--) {
    const text = `${lines.slice(0, count).join('\n')}${rest(lines.length - count)}`;
    if (Buffer.byteLength(text) <= MAX_TERMINATION_MESSAGE) return text;
  }
  // A character that is cut in half becomes one of three bytes.
  return Buffer.from(lines[0]).subarray(0, MAX_TERMINATION_MESSAGE - 2).toString('utf8');
}
