import { auditVerifyMain } from './verify-main';

void auditVerifyMain(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
