import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { checkPodSecurity, PodSecurityLevel, podSecurityProblems } from '../../src/manifests/pod-security';

/** The pods of kubernetes/pod-security-admission, which lie beside the repository where somebody put them. */
const FOLDER = join(__dirname, '../../../shared/conformance/pod-security');

/** Rules whose name in the files is not a part of ours. */
const RULES: Readonly<Record<string, RegExp>> = {
  allowprivilegeescalation: /restricted\/privilege-escalation/,
  apparmorprofile: /baseline\/apparmor/,
  capabilities_baseline: /baseline\/capabilities/,
  capabilities_restricted: /restricted\/capabilities/,
  hostnamespaces: /baseline\/host-namespaces/,
  hostpathvolumes: /baseline\/host-path-volumes/,
  hostports: /baseline\/host-ports/,
  hostprobesandhostlifecycle: /baseline\/probe-and-hook-hosts/,
  privileged: /baseline\/privileged/,
  procmount: /baseline\/proc-mount/,
  restrictedvolumes: /restricted\/volume-types/,
  runasnonroot: /restricted\/run-as-non-root/,
  runasuser: /restricted\/run-as-user/,
  seccompprofile_baseline: /baseline\/seccomp/,
  seccompprofile_restricted: /restricted\/seccomp/,
  selinuxoptions: /baseline\/selinux/,
  sysctls: /baseline\/sysctls/,
  windowshostprocess: /baseline\/windows-host-process/,
};

function files(level: PodSecurityLevel, verdict: 'pass' | 'fail'): { version: string; file: string }[] {
  return readdirSync(join(FOLDER, level)).flatMap((version) => (
    readdirSync(join(FOLDER, level, version, verdict)).map((file) => ({ version, file }))
  ));
}

function problemsOf(level: PodSecurityLevel, version: string, verdict: string, file: string): string[] {
  return podSecurityProblems(checkPodSecurity(parse(readFileSync(join(FOLDER, level, version, verdict, file), 'utf8')), { level, version }));
}

for (const level of ['baseline', 'restricted'] as const) {
  if (!existsSync(join(FOLDER, level))) {
    for (const verdict of ['pass', 'fail']) test.skip(`the pods of Kubernetes that ${verdict} ${level}: ${FOLDER} is not there`, () => undefined);
    continue;
  }

  test.each(files(level, 'pass'))(`$file of $version passes ${level}`, ({ version, file }) => {
    expect(problemsOf(level, version, 'pass', file)).toEqual([]);
  });

  test.each(files(level, 'fail'))(`$file of $version fails ${level}, by the rule it is named after`, ({ version, file }) => {
    const found = problemsOf(level, version, 'fail', file);
    expect(found).not.toEqual([]);
    expect(found.join('\n')).toMatch(RULES[file.replace(/\d*\.yaml$/, '')]);
  });
}
