// SPDX-License-Identifier: MIT
// The fetch() that is built into Node. Up to Node 22 it ignores the proxy variables; the documented way is a global
// dispatcher of the undici package (here Debian's node-undici): the one line below that names a proxy. Through a
// ProxyAgent it tunnels plain http as well.
const fs = require('fs');

const [method, url, ...rest] = process.argv.slice(2);
const headers = [];
let body;
let stream = false;
while (rest.length > 0) {
	const option = rest.shift();
	if (option === '--body') {
		// Not a Uint8Array: Node 20.20 detaches its memory and then fails to send it a second time.
		body = new Blob([fs.readFileSync(rest.shift())]);
		headers.push(['Content-Type', 'application/octet-stream']);
	} else if (option === '--header') {
		headers.push(rest.shift().split(/: (.*)/, 2));
	} else if (option === '--stream') {
		stream = true;
	} else {
		throw new Error(`what is ${option}?`);
	}
}

const proxy = process.env.http_proxy;
if (proxy) {
	const { ProxyAgent, setGlobalDispatcher } = require('undici');
	const { username, password, origin } = new URL(proxy);
	const token = username && 'Basic ' + Buffer.from(`${username}:${password}`).toString('base64');
	setGlobalDispatcher(new ProxyAgent({ uri: origin, ...(token && { token }) }));
}

async function main() {
	const init = { method, headers, body: stream ? body.stream() : body };
	const answer = await fetch(url, stream ? { ...init, duplex: 'half' } : init);
	await answer.arrayBuffer();
	console.log(answer.status, answer.url);
}

main().then(
	() => process.exit(0),
	(error) => {
		console.error(error.cause ?? error);
		process.exit(1);
	},
);
