// The official TypeScript SDK's client, unmodified, against `agent mcp`: node client.mjs agent.exe mcp [options]
// Run with the SDK's node_modules beside this file or in NODE_PATH's folder (tests/mcp/run copies it there).
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

let passed = 0, failed = 0;
const check = (name, held, got) => {
  held ? passed++ : failed++;
  console.log(`${held ? "ok" : "not ok"} ${passed + failed} - sdk: ${name}` + (held ? "" : `  # ${JSON.stringify(got)?.slice(0, 600)}`));
};

const connect = async (capabilities, answer, args = process.argv.slice(3)) => {
  const client = new Client({ name: "sdk-test", version: "1" }, { capabilities });
  if (answer) client.setRequestHandler(ElicitRequestSchema, answer);
  await client.connect(new StdioClientTransport({
    command: process.argv[2], args, cwd: process.cwd(), env: process.env, stderr: "inherit" }));
  return client;
};
const run = (client, argv, options, more) =>
  client.callTool({ name: "run", arguments: { argv, ...more } }, undefined, { timeout: 120000, ...options });

const asked = [];
const client = await connect({ elicitation: {} }, async (request) => {
  asked.push(request.params);
  return { action: "accept", content: { choice: "once" } };
});
const { tools } = await client.listTools(); // the SDK compiles every output schema here
check("lists run, why, status", tools.map((t) => t.name).join() === "run,why,status", tools);
check("annotations", tools[0].annotations?.destructiveHint === true && tools[1].annotations?.readOnlyHint === true, tools);

const hello = await run(client, ["cmd", "/c", "echo hello& echo oops 1>&2& exit 3"]);
check("run: exit code and output", hello.structuredContent?.exitCode === 3 && hello.structuredContent.stdout.includes("hello") &&
  hello.structuredContent.stderr.includes("oops") && !hello.isError, hello);
check("run: the text says the same", hello.content[0].text.includes("hello") && hello.content[0].text.includes("exit code 3"), hello);

const many = await Promise.all([1, 2, 3, 4].map((i) => run(client, ["cmd", "/c", `echo number ${i}`])));
check("four at once", many.every((r, i) => r.structuredContent.stdout.trim() === `number ${i + 1}`), many);

const progress = [];
await run(client, ["cmd", "/c", "for /l %i in (1,1,5) do @echo step %i"], { onprogress: (p) => progress.push(p) });
check("progress grows", progress.length > 0 && progress.every((p, i) => !i || p.progress > progress[i - 1].progress), progress);

const big = await run(client, ["cmd", "/c", "for /l %i in (1,1,30000) do @echo line %i 0123456789"]);
check("long output: begin and end, and what is missing", big.structuredContent.stdout.startsWith("line 1 ") &&
  big.structuredContent.stdout.trimEnd().endsWith("line 30000 0123456789") && big.structuredContent.leftOutBytes > 0, big.structuredContent?.leftOutBytes);

const missing = await run(client, ["no-such-program"]);
check("a missing program is an error the model can read", missing.isError && missing.content[0].text.includes("no-such-program"), missing);
const wrong = await client.callTool({ name: "run", arguments: { argv: ["cmd"], allowWrite: ["C:\\"] } });
check("a model cannot give itself rights", wrong.isError && wrong.content[0].text.includes("allowWrite"), wrong);
const late = await run(client, ["cmd", "/c", "set", "/p", "x="], {}, { timeoutSeconds: 1, input: undefined });
check("input is none unless given", late.structuredContent.ended !== "failed", late.structuredContent);

const sleep = ["C:\\sandbox\\probe.exe", "sleep", "30000"];
const short = await run(client, sleep, {}, { timeoutSeconds: 1 });
check("a model may ask for a shorter time", short.structuredContent?.ended === "timeout", short);
const limited = await connect({}, undefined, process.argv.slice(3).map((a) => a.replace("policy.json", "one-second.json")));
const longer = await run(limited, sleep, {}, { timeoutSeconds: 60 });
check("and gets no longer one than the policy's", longer.structuredContent?.ended === "timeout", longer);
await limited.close();

const abort = new AbortController();
setTimeout(() => abort.abort("enough"), 1500);
const cancelled = await run(client, ["C:\\sandbox\\probe.exe", "sleep", "60000"], { signal: abort.signal }).catch((e) => e);
check("cancelled", cancelled instanceof Error, cancelled);
let running = 1;
for (let i = 0; i < 100 && running; i++) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  running = (await client.callTool({ name: "status", arguments: {} })).structuredContent.running;
}
check("and gone", running === 0, running);

const approved = await run(client, ["cmd", "/c", "echo", "deployed"]);
check("approved through elicitation", approved.structuredContent?.stdout?.includes("deployed") && asked.length === 1 &&
  asked[0].message.includes("deploying is asked about"), [approved, asked]);

const why = await client.callTool({ name: "why", arguments: { path: "C:\\windows\\x", op: "write" } });
check("why", typeof why.structuredContent?.allowed === "boolean", why);
await client.close();

const refuses = await connect({ elicitation: {} }, async () => ({ action: "decline" }));
const declined = await run(refuses, ["cmd", "/c", "echo", "deployed"]);
check("declined: does not run", declined.isError && declined.structuredContent?.stdout === "", declined);
await refuses.close();

const plain = await connect({});
const denied = await run(plain, ["cmd", "/c", "echo", "deployed"]);
check("without elicitation: denied with the rule's reason", denied.isError && denied.structuredContent?.stdout === "" &&
  denied.content[0].text.includes("deploying is asked about"), denied);
await plain.close();
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
