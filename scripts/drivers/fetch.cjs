// SPDX-License-Identifier: MIT
// The fetch() that is built into Node. Before Node 22.21 it reads no proxy variables: there undici's agent is set.
//   hopaudit lab -- node scripts/drivers/fetch.cjs {method} {url} {bodyfile} {headerfile}
const fs = require('fs');

const [method, url, bodyFile, fieldFile] = process.argv.slice(2);
const headers = fs.readFileSync(fieldFile, 'ascii').split('\n').filter(Boolean).map((line) => line.split(/: (.*)/, 2));
const content = fs.readFileSync(bodyFile);

if (process.env.http_proxy && !process.execArgv.includes('--use-env-proxy')) {
	const { EnvHttpProxyAgent, ProxyAgent, setGlobalDispatcher } = require('undici');
	setGlobalDispatcher(EnvHttpProxyAgent ? new EnvHttpProxyAgent() : agentOf(ProxyAgent));
}

function agentOf(ProxyAgent) {
	const { username, origin } = new URL(process.env.http_proxy);
	return new ProxyAgent({ uri: origin, token: `Basic ${Buffer.from(`${username}:`).toString('base64')}` });
}

fetch(url, { method, headers, body: content.length > 0 ? new Blob([content]) : undefined })
	.then((answer) => answer.arrayBuffer())
	.then(
		() => process.exit(0),
		(error) => {
			console.error(error.cause ?? error);
			process.exit(1);
		},
	);
