import { Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { Build, Effects, merged, platform, rows } from './build';
import { EphemeralWorkspaceOptions, ImagePullPolicy, RunOptions } from '../../src';

const runs = (options: RunOptions): Build => platform({ runs: options });

export const OPERATOR_EFFECTS: Effects = merged(
  rows('AgentPlatformProps', platform, {}, { runs: { enabled: false } }),
  rows('RunOptions', runs, {}, {
    aggregateRoles: false,
    allowedRegistries: ['registry.example.com/team/'],
    concurrency: 3,
    enabled: false,
    ephemeralWorkspace: { size: Size.gibibytes(7) },
    replicas: 3,
    resources: { cpu: { request: Cpu.millis(300) } },
    seedImage: 'example.com/git:1',
    seedImagePullPolicy: ImagePullPolicy.NEVER,
    ttlAfterFinished: Duration.hours(1),
  }),
  rows('EphemeralWorkspaceOptions', (ephemeralWorkspace: EphemeralWorkspaceOptions) => runs({ ephemeralWorkspace }), {}, { size: Size.gibibytes(7), storageClassName: 'fast' }),
);
