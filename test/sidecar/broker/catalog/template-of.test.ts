import fc from 'fast-check';
import { storedTemplate } from '../../../../sidecar/src/broker/catalog/template-of';
import type { HarnessTemplateSpec } from '../../../../src/protocol/resources';
import { interactiveTimeouts, timeoutMilliseconds } from '../../../../src/protocol/resources/template-defaults';
import { templateOf, TemplateUser } from '../../../../src/protocol/run-template';

const some = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const durations = some('1m', '90s', '2h');
const names = fc.option(fc.uniqueArray(fc.constantFrom('A', 'B', 'C')).map((list) => list.map((name) => ({ name }))), { nil: undefined });
const long = fc.option(fc.constant(Array.from({ length: 256 }, () => 'y'.repeat(4090))), { nil: undefined });

/** Templates as the API server has them: no member is there without a value. */
const specs: fc.Arbitrary<HarnessTemplateSpec> = fc.record({
  baseTemplateRef: some({ name: 'base' }, { name: 'nowhere' }),
  harness: some('coder'),
  image: some('coder:1', `coder@sha256:${'a'.repeat(64)}`),
  command: long,
  args: long,
  defaults: fc.option(fc.record({ timeout: durations, model: some('m') }), { nil: undefined }),
  requires: fc.option(fc.record({ credentials: names, egress: some([{ host: 'a.example.com' }]) }), { nil: undefined }),
  workspace: some({ required: false }),
  pod: some({ nodeSelector: { a: 'b' } }),
  interactive: fc.option(fc.record({ idleTimeout: durations, maxLifetime: durations }), { nil: undefined }),
}).map((spec) => JSON.parse(JSON.stringify(spec)) as HarnessTemplateSpec);

test('what is kept of templates says of a run all that the whole templates say', () => {
  const answer = (run: TemplateUser, own?: HarnessTemplateSpec, cluster?: HarnessTemplateSpec, base?: HarnessTemplateSpec) => {
    const found = templateOf(run, { own: () => own, cluster: (name) => (name === 'base' ? base : cluster) });
    return found && {
      identity: found.identity,
      credentials: found.spec.requires?.credentials ?? [],
      timeout: timeoutMilliseconds(found.spec, { templateRef: { name: 'coder' } }),
      interactive: interactiveTimeouts(found.spec),
    };
  };
  const maybe = fc.option(specs, { nil: undefined });
  fc.assert(fc.property(maybe, maybe, maybe, some('HarnessTemplate', 'ClusterHarnessTemplate'), (own, cluster, base, kind) => {
    const run = { namespace: 'team-a', templateRef: { name: 'coder', ...(kind && { kind }) } };
    const kept = (spec?: HarnessTemplateSpec) => spec && storedTemplate(spec);
    expect(answer(run, kept(own), kept(cluster), kept(base))).toEqual(answer(run, own, cluster, base));
  }), { numRuns: 300 });
});

test('nothing else is kept, however long it is', () => {
  fc.assert(fc.property(specs, (spec) => {
    expect(JSON.stringify(storedTemplate(spec)).length).toBeLessThan(500);
  }));
  expect(storedTemplate({ image: 'coder:1', command: ['/coder'], defaults: { model: 'm' }, requires: { egress: [] } })).toEqual({ image: 'coder:1' });
});
