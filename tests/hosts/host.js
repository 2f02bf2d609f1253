// A host for `agent serve` in 60 lines: node host.js agent.exe serve [options]
//
// Runs a build and streams its output, answers an approval, cancels a command. The last line says how many of its own
// checks held.
const { spawn } = require("node:child_process");
const readline = require("node:readline");

const agent = spawn(process.argv[2], process.argv.slice(3), { stdio: ["pipe", "pipe", "inherit"] });
const answers = new Map(), ends = new Map(), output = new Map();
let last = 0, passed = 0, failed = 0;

const call = (method, params = {}) => new Promise((resolve) => {
  answers.set(++last, resolve);
  agent.stdin.write(JSON.stringify({ jsonrpc: "2.0", id: last, method, params }) + "\n");
});

const endOf = (id) => {
  if (!ends.has(id)) {
    const end = {};
    end.promise = new Promise((resolve) => (end.resolve = resolve));
    ends.set(id, end);
  }
  return ends.get(id);
};

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
  "exec.exit": (end) => endOf(end.commandId).resolve(end), // may come before anybody waits for it
};

readline.createInterface({ input: agent.stdout }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.method) return notifications[message.method]?.(message.params);
  answers.get(message.id)(message);
  answers.delete(message.id);
});

const run = async (params, meanwhile) => {
  const { result } = await call("exec.start", params);
  await meanwhile?.(result.commandId);
  return { ...(await endOf(result.commandId).promise), output: output.get(result.commandId) ?? "" };
};

const check = (name, held, what) => {
  held ? passed++ : failed++;
  console.log(`${held ? "ok" : "not ok"} ${passed + failed} - node: ${name}${held ? "" : "  # " + JSON.stringify(what)}`);
};

(async () => {
  const hello = await call("initialize", { protocolVersion: 1, clientInfo: { name: "host.js" } });
  check("initialize", hello.result?.protocolVersion === 1, hello);
  const build = await run({ argv: ["cmd", "/c", "build.cmd"] });
  check("the build ends with 0", build.exitCode === 0, build);
  check("its output was streamed", /compiling two[^]*built/.test(build.output), build);
  const asked = await run({ argv: ["cmd", "/c", "echo", "deployed"] });
  check("the approved command ran", asked.exitCode === 0 && asked.output.includes("deployed"), asked);
  const slow = await run({ argv: ["cmd", "/c", "set", "/p", "x="], stdin: "pipe" },
    (commandId) => call("exec.kill", { commandId, now: true }));
  check("the cancelled command ends with 130", slow.exitCode === 130, slow);
  agent.on("exit", (code) => {
    check("agent ends", code === 0, code);
    console.log(`${passed} passed, ${failed} failed, 0 skipped`);
    process.exit(failed ? 1 : 0);
  });
  call("shutdown");
})();
