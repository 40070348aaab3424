import { isIP } from 'node:net';
import type { Gate } from './leave';
import type { Question, Verdict, Verdicts } from './verdicts';
import { ApiError } from '../../server/http/errors';
import { validateRefusal } from '../broker/broker-refusal';
import { refuse } from '../refusals/refuse';
import type { WayOut } from '../upstream/dial';

export interface GateOptions {
  readonly verdicts: Pick<Verdicts, 'verdict'>;
  readonly way: WayOut;
}

export function openGate({ verdicts, way }: GateOptions): Gate {
  return {
    admit: async (question, heard) => {
      const { host, port } = question;
      // No grant names an address, so the broker takes none for a destination.
      if (isIP(host) !== 0) throw refuse('HOST_NOT_ALLOWED', 'no policy lets connections to addresses out, only to names');
      const verdict = await verdictOf(verdicts, question);
      heard(verdict);
      // Policy comes before DNS: a name may carry what an agent wants to tell.
      if (!verdict.allowed) throw refuse('HOST_NOT_ALLOWED', `no policy lets connections to ${host} port ${port} out`);
      await way.check(host);
      return { question, verdict, dial: () => way.dial(host, port) };
    },
  };
}

async function verdictOf(verdicts: GateOptions['verdicts'], question: Question): Promise<Verdict> {
  try {
    return await verdicts.verdict(question);
  } catch (error) {
    throw error instanceof ApiError ? error : validateRefusal(error);
  }
}
