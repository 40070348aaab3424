import { credentialName, RUNS, writeDocuments } from './documents';
import { load, median } from './load';
import { endServer, Server, startBroker } from './servers';
import { brokerWorks, ECHO, issueAll } from './works';

const CREDENTIALS = 25;
const CONNECTIONS = 10;
const TARGET = 0.95;

/** The rate of issue with 50,000 live leases against that with few, each in units of the echo beside it. */
export async function measureLeases(folder: string, compiled: string, echo: Server, rounds: number, seconds: number): Promise<string[]> {
  const broker = await startBroker(compiled, writeDocuments(folder, { credentials: CREDENTIALS }));
  try {
    const work = (await brokerWorks(broker.url)).find(({ name }) => name === 'issue')!;
    const rates = async (): Promise<{ relative: number; perSecond: number; failed: number }> => {
      const samples = [];
      for (let round = 0; round < rounds; round++) {
        const sample = await load(broker, work.requests, CONNECTIONS, seconds);
        samples.push({ ...sample, relative: sample.perSecond / (await load(echo, ECHO, CONNECTIONS, seconds)).perSecond });
      }
      const failed = samples.reduce((sum, sample) => sum + sample.failed, 0);
      return { relative: median(samples.map(({ relative }) => relative)), perSecond: median(samples.map(({ perSecond }) => perSecond)), failed };
    };
    await load(broker, work.requests, CONNECTIONS, seconds);
    const before = await rates();
    for (let index = 1; index < CREDENTIALS; index++) await issueAll(broker.url, credentialName(index));
    const after = await rates();
    const ratio = after.relative / before.relative;
    const live = (RUNS * CREDENTIALS).toLocaleString('en');
    return [
      `issue, ${live} live leases`,
      `  rate         ${ratio.toFixed(2)} x that with ${RUNS.toLocaleString('en')}     ${after.perSecond.toFixed(0)}/s against ${before.perSecond.toFixed(0)}/s     target ${TARGET}: ${ratio >= TARGET ? 'reached' : 'missed'}`,
      ...(before.failed + after.failed > 0 ? [`  ${before.failed + after.failed} requests failed: the figures above are not to be relied on`] : []),
    ];
  } finally {
    await endServer(broker);
  }
}
