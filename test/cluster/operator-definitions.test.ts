import { Answer, eventually } from './api-server';
import { must } from './cli';
import { LeaseBook } from './lease-book';
import { admin, clear, deploy, OpenOperator, openHere, over, podsOf, RUNS, submit, TEAM } from './operator-world';
import { PretendKubelet } from './pretend-kubelet';
import { customResourceDefinitions } from '../../src/manifests/crds';

/* eslint-disable @typescript-eslint/no-explicit-any */

const LACKS = '.status.attempt: field not declared in schema';
const APPLY = `${RUNS}/from-before/status?fieldManager=test&dryRun=All`;

const current = customResourceDefinitions('runs-platform').find(({ metadata }) => metadata.name === 'harnessruns.paddock.dev')!;

let kubelet: PretendKubelet;
let operator: OpenOperator | undefined;

/** The definition of runs, and that it counts by now. */
async function define(definition: object, counts: (answer: Answer) => boolean): Promise<Answer> {
  must(['apply', '--server-side', '--force-conflicts', '-f', '-'], [definition]);
  const object = { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name: 'from-before' }, status: { attempt: 0 } };
  return eventually(() => admin.call('PATCH', APPLY, object, 'application/apply-patch+yaml'), counts);
}

const isTaken = ({ status }: Answer): boolean => status === 200;

function withoutAttempt(): object {
  const copy = structuredClone(current) as any;
  delete copy.spec.versions[0].schema.openAPIV3Schema.properties.status.properties.attempt;
  return copy;
}

beforeAll(async () => {
  deploy();
  await submit('from-before');
  kubelet = new PretendKubelet(admin, TEAM, () => 0);
});

afterAll(async () => {
  await operator?.close();
  await define(current, isTaken);
  await clear();
  await kubelet.close();
  admin.close();
});

test('before definitions that lack a field of the status the operator is not ready, says what to do and hands nothing out; with its own it goes on', async () => {
  const refusal = await define(withoutAttempt(), ({ body }) => body.message?.includes(LACKS) === true);
  expect(refusal.status).toBe(500);
  const book = new LeaseBook();
  operator = openHere({ broker: book });
  const problem = 'the definitions in the cluster are of another version: they lack .status.attempt; apply those of this version';
  await eventually(() => Promise.resolve(operator!.operator.problem()), (said) => said === problem);
  expect(operator.log()).toContain('"level":50');
  expect(operator.log()).toContain(`"object":"HarnessRun ${TEAM}/from-before"`);
  expect(operator.log()).toContain(`"msg":"its status cannot be written: ${problem}"`);
  expect([await podsOf('from-before'), book.issued.size]).toEqual([[], 0]);

  await define(current, isTaken);
  // What has failed is tried again at ever longer intervals.
  expect((await over('from-before', 120)).status.phase).toBe('Succeeded');
});
