import { Duration } from 'cdk8s';
import { Build, Effects, emitted, rows } from './build';
import { DenialProbe, DenialProbeProps } from '../../src';

type Props = Omit<DenialProbeProps, 'platform'>;

const probe = (props: Props): Build => emitted(({ chart, platform }) => new DenialProbe(chart, 'probe', { ...props, platform }));
const BASE: Props = { serviceCidr: '10.96.0.0/16' };

export const PROBE_EFFECTS: Effects = {
  ...rows('DenialProbeProps', probe, BASE, {
    serviceCidr: '10.100.0.0/16',
    skipAddresses: 10,
    startTimeout: Duration.minutes(5),
    requireNodeIsolation: true,
    placement: { priorityClassName: 'low' },
  }),
  'DenialProbeProps.platform': [emitted(() => {}), probe(BASE)],
};
