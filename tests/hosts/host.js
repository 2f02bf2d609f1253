// A host for `agent serve` in 60 lines: node host.js agent.exe serve [options]
// Runs a build and streams its output, answers an approval, cancels a command; the last line counts its own checks.
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const readline = require("node:readline");
const agent = spawn(process.argv[2], process.argv.slice(3), { stdio: ["pipe", "pipe", "inherit"] });
const answers = new Map(), ends = new Map(), output = new Map();
let last = 0, passed = 0, failed = 0;

const call = (method, params = {}) => new Promise((resolve) => {
  answers.set(++last, resolve);
  agent.stdin.write(JSON.stringify({ jsonrpc: "2.0", id: last, method, params }) + "\n");
});

const notifications = {
  "exec.output": ({ commandId, stream, text, base64 }) => {
    const part = text ?? Buffer.from(base64, "base64").toString();
    output.set(commandId, (output.get(commandId) ?? "") + part);
    console.log(`  ${commandId} ${stream}: ${part.trimEnd()}`);
  },
  "approval.request": ({ approvalId, subject, reason }) => {
    console.log(`  approval: ${subject} (${reason})`);
    call("approval.answer", { approvalId, choice: "once", by: "the example host" });
  },
  "exec.exit": (end) => ends.get(end.commandId)({ ...end, output: output.get(end.commandId) ?? "" }),
};

readline.createInterface({ input: agent.stdout }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.method) return notifications[message.method]?.(message.params);
  const { commandId } = message.result ?? {};
  if (commandId) message.end = new Promise((resolve) => ends.set(commandId, resolve));
  answers.get(message.id)(message);
});

const run = async (argv, params, cancel) => {
  const { result, end } = await call("exec.start", { argv, ...params });
  if (cancel) await call("exec.kill", { commandId: result.commandId, now: true });
  return end;
};
const check = (name, held, what) => {
  held ? passed++ : failed++;
  console.log(`${held ? "ok" : "not ok"} ${passed + failed} - node: ${name}${held ? "" : "  # " + JSON.stringify(what)}`);
};

(async () => {
  const hello = await call("initialize", { protocolVersion: 1, clientInfo: { name: "host.js" } });
  check("initialize", hello.result?.protocolVersion === 1, hello);
  const build = await run(["cmd", "/c", "build.cmd"]);
  check("the build ran and its output was streamed", build.exitCode === 0 && /built/.test(build.output), build);
  const asked = await run(["cmd", "/c", "echo", "deployed"]);
  check("the approved command ran", asked.exitCode === 0 && asked.output.includes("deployed"), asked);
  const slow = await run(["cmd", "/c", "set", "/p", "x="], { stdin: "pipe" }, true);
  check("the cancelled command ends with 130", slow.exitCode === 130, slow);
  call("shutdown");
  const [code] = await once(agent, "exit");
  check("agent ends", code === 0, code);
  console.log(`${passed} passed, ${failed} failed, 0 skipped`);
  process.exit(failed ? 1 : 0);
})();
