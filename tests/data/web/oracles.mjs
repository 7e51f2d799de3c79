// Asks MDN HTTP Observatory and Google's CSP Evaluator about every case, in one process. In: JSON on standard input
// {packages, http, https, sites: [{name, host}], policies: [{name, policy}]}; out: JSON {sites: {name: …}, policies: {name: […]}}.
import { createRequire } from "node:module";
import net from "node:net";
import { pathToFileURL } from "node:url";

let text = "";
for await (const chunk of process.stdin) text += chunk;
const asked = JSON.parse(text);

// every name and both ports lead to the cases' server; nothing is looked up, nothing else is dialled
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...rest) {
  const options = Array.isArray(rest[0]) ? rest[0][0] : rest[0];
  const port = Number(options.port) === 443 ? asked.https : asked.http;
  const led = { ...options, host: "127.0.0.1", port, lookup: undefined };
  if (Array.isArray(rest[0])) rest[0][0] = led;
  else rest[0] = led;
  return connect.apply(this, rest);
};

const load = (path) => import(pathToFileURL(`${asked.packages}/${path}`));
const { scan } = await load("@mdn/mdn-http-observatory/src/scanner/index.js");
const sites = {};
const queue = [...asked.sites];
const worker = async () => {
  for (let site = queue.shift(); site; site = queue.shift()) {
    try {
      const { scan: summary, tests } = await scan(site.host);
      const results = Object.values(tests).map((test) => [
        test.constructor.name,
        { result: test.result, pass: test.pass, modifier: test.scoreModifier },
      ]);
      sites[site.name] = { score: summary.score, grade: summary.grade, tests: Object.fromEntries(results) };
    } catch (error) {
      sites[site.name] = { error: String(error.message ?? error) };
    }
  }
};
await Promise.all(Array.from({ length: 8 }, worker));

const require = createRequire(`${asked.packages}/`);
const { CspParser } = require("csp_evaluator/dist/parser.js");
const { CspEvaluator, DEFAULT_CHECKS, STRICTCSP_CHECKS } = require("csp_evaluator/dist/evaluator.js");
const { Type, Severity } = require("csp_evaluator/dist/finding.js");
const policies = {};
for (const { name, policy } of asked.policies) {
  const parsed = new CspParser(policy).csp;
  try {
    const found = new CspEvaluator(parsed).evaluate(undefined, [...DEFAULT_CHECKS, ...STRICTCSP_CHECKS]);
    policies[name] = found.map((finding) => ({
      type: Type[finding.type],
      severity: Severity[finding.severity],
      directive: finding.directive ?? "",
      value: finding.value ?? "",
    }));
  } catch (error) {
    policies[name] = [{ type: "FAILED", severity: "NONE", directive: "", value: String(error.message ?? error) }];
  }
}
process.stdout.write(JSON.stringify({ sites, policies }), () => process.exit(0));
