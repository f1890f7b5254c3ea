// SPDX-License-Identifier: MIT
// axios (Debian's node-axios). By itself it asks an http proxy for https URLs by absolute-form, without a tunnel, which
// proxies refuse; its documentation's way is an agent that tunnels (node-https-proxy-agent): the line that names a proxy.
const fs = require('fs');
const axios = require('axios');

const [method, url, ...rest] = process.argv.slice(2);
const config = { method, url, headers: {}, validateStatus: null };
while (rest.length > 0) {
	const option = rest.shift();
	if (option === '--body') {
		config.data = fs.readFileSync(rest.shift());
		config.headers['Content-Type'] = 'application/octet-stream';
	} else if (option === '--header') {
		const [name, value] = rest.shift().split(/: (.*)/, 2);
		config.headers[name] = value;
	} else {
		throw new Error(`what is ${option}?`);
	}
}

const proxy = process.env.https_proxy;
if (proxy) {
	const createAgent = require('https-proxy-agent');
	Object.assign(config, { proxy: false, httpsAgent: createAgent(proxy) });
}

axios(config).then(
	(answer) => console.log(answer.status, answer.request.res.responseUrl),
	(error) => {
		console.error(error.cause ?? error.message);
		process.exitCode = 1;
	},
);
