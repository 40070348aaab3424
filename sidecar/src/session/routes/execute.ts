import type { FastifyInstance, FastifyReply } from 'fastify';
import { readBodiesInTurn } from './bodies-in-turn';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { EVENT_STREAM, ExecuteEnd, ExecuteRequest, ExecuteResult, MAX_EXECUTE_BODY } from '../../../../src/protocol/session-work';
import { ApiError } from '../../server/http/errors';
import { AnswerWriter, departure } from '../client';
import type { Directory } from '../directory';
import { Admission } from '../execute/admission';
import { commandEnd, notStarted, timeoutText } from '../execute/command-end';
import { EventStream } from '../execute/event-stream';
import { KeptOutput } from '../execute/kept-output';
import { EXECUTE_BODY, wantedCommand, WantedCommand } from '../execute/wanted-command';
import { madeDirectory, namesOf } from '../files/folders';
import { CommandNotStarted, TakeOutput } from '../processes';
import { refusalOf, refusing } from '../refusal-of';
import { refusalBody, refuse } from '../refuse';
import { runCommand } from '../run-command';
import type { PinnedSession } from '../state';
import type { Work } from '../work-deps';

/** `POST /api/execute`: one command, answered when it has ended, or as a stream of events. */
export function executeRoute(api: FastifyInstance, work: Work, session: () => PinnedSession): void {
  const admission = new Admission(work);
  const clients = new Set<AbortController>();
  readBodiesInTurn(api, work);
  api.addHook('preClose', (done) => {
    clients.forEach((client) => client.abort());
    done();
  });

  api.post(SESSION_ROUTES.execute, { schema: { body: EXECUTE_BODY }, bodyLimit: MAX_EXECUTE_BODY }, async (request, reply) => {
    const wanted = wantedCommand(request.body as ExecuteRequest);
    const client = departure(reply);
    clients.add(client);
    return refusing(wanted.directory, async () => {
      const leave = await admission.enter(client.signal);
      try {
        const directory = await workingDirectory(work, wanted.directory);
        const started = { wanted, directory, session: session().environment, gone: client.signal };
        const run: Run = (maxOutput, onOutput) => ranCommand(work, { ...started, maxOutput, onOutput });
        try {
          return await (wantsEvents(request.headers.accept) ? streamed(work, wanted, reply, run) : answered(work, wanted, reply, run));
        } finally {
          directory.close();
        }
      } finally {
        leave();
      }
    }).finally(() => clients.delete(client));
  });
}

function wantsEvents(accept: string | undefined): boolean {
  return accept?.split(',').some((range) => range.split(';')[0].trim().toLowerCase() === EVENT_STREAM) === true;
}

/** In PicoD's words, where it is the client that is wrong. */
async function workingDirectory({ beneath }: Work, path: string): Promise<Directory> {
  try {
    return await madeDirectory(beneath, namesOf(path));
  } catch (error) {
    const refusal = refusalOf(error, path);
    const isTheirs = refusal instanceof ApiError && refusal.status === 400;
    throw isTheirs ? refuse('PATH_REFUSED', `Invalid working directory: ${refusal.message}`) : error;
  }
}

type Run = (maxOutput: number, onOutput: TakeOutput) => Promise<ExecuteEnd>;

interface Started {
  readonly wanted: WantedCommand;
  readonly directory: Directory;
  readonly session: Readonly<Record<string, string>>;
  readonly gone: AbortSignal;
  readonly maxOutput: number;
  readonly onOutput: TakeOutput;
}

/** Why a command failed to start, and that its time was over, is told by its stderr. */
async function ranCommand(work: Work, { wanted, directory, session, gone, maxOutput, onOutput }: Started): Promise<ExecuteEnd> {
  const { argv, input, timeoutMs } = wanted;
  const env = { ...work.baseEnvironment, ...session, ...wanted.env };
  const start = work.clock();
  try {
    const command = { argv, env, directory, input: input === undefined ? undefined : [input], maxOutput, onOutput };
    const result = await runCommand(work.processes, command, { timeoutMs, graceMs: work.limits.graceMs, cancelled: gone }, work.timer);
    if (result.cancelled) throw refuse('UNAVAILABLE', 'the daemon is stopping, or the client went away');
    if (result.timedOut) await onOutput('stderr', Buffer.from(timeoutText(timeoutMs)));
    return commandEnd(result, { start, end: work.clock() });
  } catch (error) {
    if (!(error instanceof CommandNotStarted)) throw error;
    await onOutput('stderr', Buffer.from(error.message));
    return notStarted({ start, end: work.clock() });
  }
}

async function answered(work: Work, { encoding }: WantedCommand, reply: FastifyReply, run: Run): Promise<ExecuteResult> {
  const kept = new KeptOutput(work.limits.maxKeptOutput, work.held);
  reply.raw.once('close', () => kept.release());
  const end = await run(work.limits.maxKeptOutput, (source, bytes) => kept.add(source, bytes));
  return {
    stdout: kept.text('stdout', encoding),
    stderr: kept.text('stderr', encoding),
    ...end,
    stdout_truncated: end.stdout_truncated || kept.isCut('stdout'),
    stderr_truncated: end.stderr_truncated || kept.isCut('stderr'),
  };
}

/** Once it has begun, also what goes wrong is an event. */
async function streamed({ limits, timer }: Work, { encoding }: WantedCommand, reply: FastifyReply, run: Run): Promise<void> {
  const events = new EventStream(reply, new AnswerWriter(reply.raw, limits.stalledMs, timer), encoding, { ms: limits.heartbeatMs, timer });
  try {
    await events.end('exit', await run(Number.MAX_SAFE_INTEGER, (source, bytes) => events.output(source, bytes)));
  } catch (thrown) {
    const error = refusalOf(thrown, '');
    const refusal = error instanceof ApiError ? error : refuse('INTERNAL', 'the request could not be served', { cause: error });
    reply.request.refusal = refusal;
    await events.end('error', refusalBody(refusal)).catch(() => undefined);
  } finally {
    events.close();
  }
}
