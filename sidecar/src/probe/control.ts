import { isIP } from 'node:net';
import type { Dial } from './dial';
import type { Answer } from './listeners';
import type { Time } from './measure';
import { untold } from './subject';
import { PROBE_MEASURE_SECONDS } from '../../../src/protocol/limits';
import { PORTS } from '../../../src/protocol/ports';
import type { ProbeConfig, ProbeReply, ProbeRequest, ProbeResult, ProbeSubject } from '../../../src/protocol/probe';

/** What the control needs of the world. */
export interface ControlDeps {
  readonly config: ProbeConfig;
  readonly dial: Dial;
  readonly listen: (ports: readonly number[], answer: Answer) => Promise<{ close(): void }>;
  readonly measure: () => Promise<ProbeResult>;
  readonly time: Time;
  /** Addresses of the pod. */
  readonly ownIps: readonly string[];
  /** Tells this control from others that may be about. */
  readonly run: string;
}

/** Milliseconds between two rounds of questions. */
const PAUSE = 1000;

/**
 * Begins when every listener of every subject has answered, so that silence afterwards means
 * denial. Gives what each subject found, and what the control found itself.
 */
export async function runControl(deps: ControlDeps): Promise<ProbeResult[]> {
  const { config: { self, listen, subjects = [], startSeconds }, time, run } = deps;
  const listeners = await deps.listen(listen, (_, { address }) => ({ as: self, seen: address }));
  try {
    const startBy = time.now() + startSeconds * 1000;
    const silent = await untilNone(subjects, (subject) => silenceOf(subject, deps), startBy, time);
    if (silent.length > 0) return [untold(self, ...silent)];
    const other = await untilNone(subjects, (subject) => begin(subject, deps), startBy, time);
    if (other.length > 0) return [untold(self, ...other)];
    const own = await deps.measure();
    const results = new Map<string, ProbeResult>();
    const late = await untilNone(subjects, async (subject) => {
      const reply = await say(subject, PORTS.probe, { say: 'result', run }, deps.dial);
      if (typeof reply === 'string') return reply;
      if (reply.run !== run) return `${subject.title}: another control told it to begin`;
      if (reply.result === undefined) return `${subject.title}: it is not done`;
      results.set(subject.title, reply.result);
      return undefined;
    }, time.now() + PROBE_MEASURE_SECONDS * 1000, time);
    const inOrder = subjects.flatMap(({ title }) => results.get(title) ?? []);
    return [own, ...inOrder, ...(late.length === 0 ? [] : [untold(self, ...late)])];
  } finally {
    await Promise.all(subjects.map((subject) => say(subject, PORTS.probe, { say: 'stop', run }, deps.dial)));
    listeners.close();
  }
}

/** Asks again those who had a problem, until nobody has or the time is over; gives the problems that stay. */
async function untilNone(
  subjects: readonly ProbeSubject[], problemOf: (subject: ProbeSubject) => Promise<string | undefined>, end: number, time: Time,
): Promise<string[]> {
  for (let open = [...subjects]; ;) {
    const problems = await Promise.all(open.map(problemOf));
    open = open.filter((_, index) => problems[index] !== undefined);
    const left = problems.filter((problem) => problem !== undefined);
    if (left.length === 0 || time.now() + PAUSE > end) return left;
    await time.sleep(PAUSE);
  }
}

/** The control edges: each port has a listener that says who it is. */
async function silenceOf(subject: ProbeSubject, { dial }: ControlDeps): Promise<string | undefined> {
  const replies = await Promise.all(subject.ports.map((port) => say(subject, port, { say: 'hello' }, dial)));
  return replies.find((reply) => typeof reply === 'string');
}

async function begin(subject: ProbeSubject, { dial, run, ownIps }: ControlDeps): Promise<string | undefined> {
  const control = ownIps.find((ip) => isIP(ip) === isIP(subject.address)) ?? ownIps[0];
  const reply = await say(subject, PORTS.probe, { say: 'go', run, control }, dial);
  if (typeof reply === 'string') return reply;
  return reply.run === run ? undefined : `${subject.title}: another control told it to begin`;
}

/** What a subject replies, or why it does not. */
async function say({ title, address }: ProbeSubject, port: number, request: ProbeRequest, dial: Dial): Promise<ProbeReply | string> {
  const { because, reply } = await dial({ at: address, port, protocol: 'TCP' }, request);
  if (reply?.as === title) return reply;
  return `${title}: its listener at ${address} TCP ${port} did not answer: ${because}`;
}
