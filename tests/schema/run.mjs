// Real output against shared/schema, by a validator that is not ours (ajv).
//
//   node tests/schema/run.mjs PREFIX        PREFIX: a prefix of scripts/wine that is up (stock)
//
// Every kind of message is made by the programs themselves: results of `agent run` (ended, denied,
// not found, refused), the audit log, the policy, a whole session of `agent serve`. And each schema
// has to refuse what was spoiled: a key removed, a key added, a word changed.
import { spawnSync, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const build = path.resolve(root, process.env.BUILD || 'build');
const arch = process.env.ARCH || 'x86_64';
const prefix = process.argv[2];
let passed = 0, failed = 0;

function check(name, ok, detail) {
  if (ok) passed++;
  else { failed++; console.log(`FAILED ${name}${detail ? ': ' + String(detail).slice(0, 600) : ''}`); }
}
function summary(skipped = 0) {
  console.log(`schema: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed ? 1 : 0);
}

let Ajv;
try {
  Ajv = createRequire(path.join(build, 'npm/node_modules/'))('ajv');
} catch {
  console.log('skipped: ajv is not installed (scripts/bootstrap --npm; no network?)');
  summary(1);
}
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true, allErrors: false });
const schemas = {};
for (const name of fs.readdirSync(path.join(root, 'shared/schema'))) {
  const doc = JSON.parse(fs.readFileSync(path.join(root, 'shared/schema', name)));
  schemas[name] = doc;
  ajv.addSchema(doc, name);
}
const compiled = {};
function valid(schema, value) {
  const fn = compiled[schema] ||= ajv.getSchema(schema) || ajv.compile({ $ref: schema });
  return fn(value) ? '' : ajv.errorsText(fn.errors, { separator: '; ' }) || 'invalid';
}

// One change at a time: every required key removed, an unknown one added, at every depth.
function* spoiled(value, where = '') {
  if (Array.isArray(value)) {
    for (let i = 0; i < Math.min(value.length, 3); i++)
      for (const s of spoiled(value[i], `${where}[${i}]`))
        yield { where: s.where, value: value.map((v, k) => (k === i ? s.value : v)) };
  } else if (value && typeof value === 'object') {
    yield { where: `${where}.surprise`, value: { ...value, surprise: 1 } };
    for (const key of Object.keys(value))
      for (const s of spoiled(value[key], `${where}.${key}`)) yield { where: s.where, value: { ...value, [key]: s.value } };
  }
}
// Objects whose keys are free in the schema.
const free = /\.(message|answer|environment|clientInfo)\b|^\.policy\.environment/;
function good(name, schema, value) {
  const why = valid(schema, value);
  check(`${name} is as ${schema} says`, !why, why + ' ' + JSON.stringify(value).slice(0, 300));
  if (why) return;
  let missed = '';
  for (const s of spoiled(value)) if (!free.test(s.where) && !valid(schema, s.value)) missed ||= s.where;
  check(`${name}: ${schema} refuses an unknown key anywhere`, !missed, missed);
}

// --- the programs ------------------------------------------------------------------------------
const work = path.join(prefix, 'drive_c/schema');
fs.rmSync(work, { recursive: true, force: true });
for (const folder of ['bin', 'ws', 'more']) fs.mkdirSync(path.join(work, folder), { recursive: true });
for (const p of ['agent.exe', 'command-runner.exe']) fs.copyFileSync(path.join(build, arch, p), path.join(work, 'bin', p));
const file = (name, value) => {
  fs.writeFileSync(path.join(work, name), typeof value === 'string' ? value : JSON.stringify(value));
  return `C:\\schema\\${name}`;
};
const wineArgs = ['run', prefix, '--timeout', '60', '--cwd', path.join(work, 'ws')];
function agent(...args) {
  // files: what Wine starts along with a program keeps its standard error, and a pipe would wait for it
  const names = ['out', 'err'].map((n) => path.join(work, `${n}.txt`)), files = names.map((n) => fs.openSync(n, 'w'));
  const done = spawnSync(path.join(root, 'scripts/wine'), [...wineArgs, path.join(work, 'bin/agent.exe'), ...args],
    { stdio: ['ignore', ...files], timeout: 90000 });
  files.forEach((f) => fs.closeSync(f));
  const [out, err] = names.map((n) => fs.readFileSync(n, 'utf8').replaceAll('\r', ''));
  return { code: done.status, out, err };
}
const lines = (text) => text.split('\n').filter((l) => l.startsWith('{')).map((l) => JSON.parse(l));
const result = (done) => lines(done.err).findLast((m) => m.version === 1);

const policy = file('policy.json', {
  $schema: 'policy.schema.json',
  commands: [
    { match: ['cmd', '/c', 'echo', 'secret'], decision: 'deny', reason: 'no secrets' },
    { match: ['cmd', '/c', 'echo', 'ask'], decision: 'prompt', reason: 'ask first' },
  ],
  approvals: { network: 'deny' },
});
good('a policy file', 'policy.schema.json', JSON.parse(fs.readFileSync(path.join(work, 'policy.json'))));

const runs = {
  'a command that ended': [0, 'run', '--json', '--wine-unconfined', 'cmd', '/c', 'echo', 'A_TOKEN=hunter2'],
  'a command with a code': [7, 'run', '--json', '--wine-unconfined', 'cmd', '/c', 'exit 7'],
  'a time limit': [124, 'run', '--json', '--wine-unconfined', '--timeout', '0.5', 'cmd', '/c', 'for /l %i in (0,0,1) do @rem'],
  'a program that is not there': [127, 'run', '--json', '--wine-unconfined', 'no-such-program'],
  'a rule that denies': [126, 'run', '--json', '--policy', policy, 'cmd', '/c', 'echo', 'secret'],
  'a question nobody answers': [126, 'run', '--json', '--policy', policy, '--wine-unconfined', 'cmd', '/c', 'echo', 'ask'],
  'a policy that denies the network': [126, 'run', '--json', '--policy', policy, '--network', 'full', '--wine-unconfined', 'cmd', '/c', 'exit'],
  'a platform that proves nothing': [125, 'run', '--json', 'cmd', '/c', 'exit'],
};
for (const [name, [code, ...args]] of Object.entries(runs)) {
  const done = agent(...args);
  check(`${name}: exit code ${code}`, done.code === code, `${done.code} ${done.err.slice(0, 300)}`);
  const value = result(done);
  if (!value) check(`${name}: has a result`, false, done.err.slice(0, 300));
  else good(name, 'result.schema.json', value);
}
const open = file('open.json', { approvals: { desktop: 'allow' } });
done0('the user\'s desktop, nobody to ask', 126, '--desktop', 'interactive');
done0('the user\'s desktop, allowed by the policy', 0, '--desktop', 'interactive', '--policy', open);
done0('the user\'s desktop in the background', 125, '--desktop', 'interactive', '--background', '--policy', open);
function done0(name, code, ...args) {
  const run = agent('run', '--json', '--wine-unconfined', ...args, 'cmd', '/c', 'exit');
  check(`${name}: exit code ${code}`, run.code === code, `${run.code} ${run.err.slice(-400)}`);
}
const asked = result(agent('run', '--json', '--policy', policy, '--wine-unconfined', 'cmd', '/c', 'echo', 'ask'));
check('a denied approval is in the result', asked.approvals.length === 1 && asked.approvals[0].allowed === false &&
  asked.approvals[0].kind === 'command' && asked.error.message.includes('ask first'), JSON.stringify(asked.approvals));

const shown = JSON.parse(agent('policy', 'show', '--policy', policy).out);
good('policy show', 'policy.schema.json', shown.policy);

// --- policy test ---------------------------------------------------------------------------------
const rows = (list) => agent('policy', 'test', file('rows.json', { rows: list }), '--policy', policy, '--json');
let done = rows([
  { argv: ['cmd', '/c', 'echo', 'secret', 'x'], expect: 'deny', reason: 'no secrets' },
  { argv: ['CMD.EXE', '/c', 'echo', 'ask'], expect: 'prompt' },
  { argv: ['git'], expect: 'allow' },
  { kind: 'write', from: 'option', expect: 'allow' },
  { kind: 'write', from: 'parameter', expect: 'prompt' },
  { kind: 'desktop', expect: 'prompt' },
  { kind: 'network', from: 'option', expect: 'deny' },
]);
check('policy test: all rows as expected', done.code === 0 && JSON.parse(done.out).failed === 0, done.out + done.err);
done = rows([{ argv: ['cmd', '/c', 'echo', 'secret'], expect: 'allow' }, { argv: ['git'], expect: 'allow' }]);
check('policy test: a wrong row is named', done.code === 1 && JSON.parse(done.out).failures[0].row === 1, done.out + done.err);
for (const bad of [[{ argv: ['x'] }], [{ argv: [], expect: 'deny' }], [{ argv: ['x'], kind: 'write', expect: 'deny' }], [{ argv: ['x'], expect: 'no' }], 5]) {
  done = agent('policy', 'test', file('rows.json', { rows: bad }), '--policy', policy);
  check(`policy test: ${JSON.stringify(bad)} is refused`, done.code === 2, `${done.code} ${done.err}`);
}

// --- serve ---------------------------------------------------------------------------------------
async function session() {
  const host = spawn(path.join(root, 'scripts/wine'), [...wineArgs, '--stdin', path.join(work, 'bin/agent.exe'), 'serve', '--wine-unconfined'],
    { stdio: ['pipe', 'pipe', 'ignore'] });
  const got = [], sent = [];
  let rest = '', wake = () => {};
  host.stdout.on('data', (d) => {
    const parts = (rest + d).split('\n');
    rest = parts.pop();
    for (const p of parts) if (p.trim()) got.push(JSON.parse(p));
    wake();
  });
  host.on('close', () => wake());
  const send = (m) => { sent.push(m); host.stdin.write(JSON.stringify(m) + '\n'); };
  const until = async (test, what) => {
    const end = Date.now() + 40000;
    for (;;) {
      const found = got.find(test);
      if (found) return found;
      if (Date.now() > end || host.exitCode !== null) { check(`serve: ${what}`, false, JSON.stringify(got.at(-1))); return null; }
      await new Promise((r) => { wake = r; setTimeout(r, 500); });
    }
  };
  const call = (id, method, params) => { send({ jsonrpc: '2.0', id, method, ...(params && { params }) }); return until((m) => m.id === id, method); };
  await call(1, 'initialize', { protocolVersion: 1, clientInfo: { name: 'schema' } });
  const one = await call(2, 'exec.start', { argv: ['cmd', '/c', 'echo hello'] });
  await until((m) => m.method === 'exec.exit' && m.params.commandId === one?.result?.commandId, 'exec.exit');
  const ask = await call(3, 'exec.start', { argv: ['cmd', '/c', 'echo', 'ask'], policy: [policy] });
  const question = await until((m) => m.method === 'approval.request', 'approval.request');
  if (question) send({ jsonrpc: '2.0', method: 'approval.answer', params: { approvalId: question.params.approvalId, choice: 'once', by: 'schema test' } });
  const end = await until((m) => m.method === 'exec.exit' && m.params.commandId === ask?.result?.commandId, 'exec.exit of the approved one');
  check('serve: an approval that was answered is in the result', end?.params.result.approvals[0]?.by === 'schema test' && end.params.exitCode === 0,
    JSON.stringify(end?.params.result.approvals));
  // What a program asks for beyond the policy is asked about, too.
  const wide = await call(4, 'exec.start', { argv: ['cmd', '/c', 'exit'], allowWrite: ['C:\\schema\\more'] });
  const write = await until((m) => m.method === 'approval.request' && m.params.kind === 'write', 'approval.request for a directory');
  if (write) send({ jsonrpc: '2.0', method: 'approval.answer', params: { approvalId: write.params.approvalId, choice: 'deny', by: 'schema test' } });
  const refused = await until((m) => m.method === 'exec.exit' && m.params.commandId === wide?.result?.commandId, 'exec.exit of the denied one');
  check('serve: a denied directory refuses the command', refused?.params.exitCode === 126, JSON.stringify(refused?.params.result.error));
  await call(5, 'status');
  await call(6, 'policy.show');
  await call(7, 'no.such.method', {});
  await call(8, 'exec.wait', { commandId: 999 });
  await call(9, 'shutdown');
  host.stdin.end();
  const kinds = new Set();
  for (const m of got) {
    const kind = m.method || (m.error ? 'error' : 'result');
    if (!kinds.has(kind) || kind === 'result') good(`serve: ${kind}`, 'rpc.schema.json', m);
    else check(`serve: ${kind} again`, !valid('rpc.schema.json', m), valid('rpc.schema.json', m));
    kinds.add(kind);
  }
  for (const m of sent.filter((s) => s.method !== 'no.such.method')) check(`request ${m.method} is as the schema says`, !valid('rpc.schema.json#/definitions/request', m), valid('rpc.schema.json#/definitions/request', m));
}
await session();

// --- doctor -------------------------------------------------------------------------------------------
done = agent('doctor', '--json');
good('doctor', 'doctor.schema.json', JSON.parse(done.out));
check('doctor: the exit code says whether there is a fault', done.code === (JSON.parse(done.out).well ? 0 : 1), done.code + done.out.slice(0, 300));
fs.copyFileSync(path.join(build, arch, 'sandbox-probe.exe'), path.join(work, 'bin', 'sandbox-probe.exe'));
done = agent('doctor', '--calibrate', '--json');
check('doctor --calibrate: nothing to calibrate where nothing is confined', done.code === 125 && !done.out && lines(done.err).some((l) => l.event === 'error'), done.code + done.err);

// --- the audit log -------------------------------------------------------------------------------
const audit = agent('audit', 'show', '--json');
const records = lines(audit.out);
const actions = new Set(records.map((r) => r.event.action));
for (const action of actions) good(`audit: ${action}`, 'audit.schema.json', records.findLast((r) => r.event.action === action));
for (const r of records) if (valid('audit.schema.json', r)) check('audit: every record', false, valid('audit.schema.json', r) + JSON.stringify(r).slice(0, 300));
for (const action of ['run-started', 'run-ended', 'run-denied', 'approval-asked', 'approval-decided']) check(`audit: ${action} is there`, actions.has(action));
check('audit: no secret', audit.out.includes('A_TOKEN=[scrubbed]') && !audit.out.includes('hunter2'));
const verified = JSON.parse(agent('audit', 'verify', '--json').out);
check('audit: verifies', verified.ok && verified.records === records.length && verified.lastHash === records.at(-1).chain.hash, JSON.stringify(verified));
const users = path.join(prefix, 'drive_c/users');
for (const user of fs.readdirSync(users)) {
  const folder = path.join(users, user, 'AppData/Local/AgentSandbox/audit');
  if (!fs.existsSync(folder)) continue;
  const name = path.join(folder, fs.readdirSync(folder).filter((f) => /^audit-\d+\.jsonl$/.test(f)).sort()[0]);
  const bytes = fs.readFileSync(name);
  const at = bytes.indexOf('"outcome"') + 12;
  bytes[at] ^= 1;
  fs.writeFileSync(name, bytes);
  done = agent('audit', 'verify');
  check('audit: a changed byte is found and its record named', done.code === 1 && /DAMAGED: audit-\d+\.jsonl: line 1 /.test(done.out), done.out);
  bytes[at] ^= 1;
  fs.writeFileSync(name, bytes);
  check('audit: and the log is whole without it', agent('audit', 'verify').code === 0);
}
summary();
