import { cdk8s } from 'projen';

/**
 * CHANGELOG.md is written by a tool from the commits since the last tag. Versions live in
 * git tags only: `package.json` in git says 0.0.0, and the release task sets it for the build.
 */
export function addReleaseTasks(project: cdk8s.ConstructLibraryCdk8s): void {
  // A field and no .versionrc.json: the release task writes a file of that name, and deletes it.
  project.package.addField('commit-and-tag-version', {
    // Without files to bump the tool takes the version from the tags.
    packageFiles: [],
    bumpFiles: [],
    skip: { commit: true, tag: true },
    header: '# Changelog\n\nWritten from the commits by `npm run changelog`. Versions follow https://semver.org.\n',
    types: [
      { type: 'feat', section: 'Features' },
      { type: 'fix', section: 'Fixes' },
      { type: 'perf', section: 'Performance' },
    ],
  });
  project.addTask('changelog', {
    description: 'Add the commits since the last tag to CHANGELOG.md; takes --release-as x.y.z',
    exec: 'commit-and-tag-version',
    receiveArgs: true,
  });
}
