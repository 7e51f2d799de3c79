// A TLS server of Node's, whose OpenSSL is newer than the system's: `node server.mjs ADDRESS PORT CHAIN KEY OPTIONS`,
// OPTIONS being a JSON object for tls.createServer (minVersion, ciphers, ecdhCurve …).
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const [address, port, chain, key, options] = process.argv.slice(2);
const settings = { cert: readFileSync(chain), key: readFileSync(key), ...JSON.parse(options) };
const server = createServer(settings, (_, response) => response.end("ok\n"));
// most of who comes here asks for what is not there
server.on("tlsClientError", () => {});
server.listen(Number(port), address);
