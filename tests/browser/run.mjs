// SPDX-License-Identifier: MIT
//
// Runs one case:  node tests/browser/run.mjs CASE [JSON]   with what the case wants to know as JSON. Without a case it lists
// them. Its exit status says whether the case holds; what is wrong it prints. tests/e2e/test_dashboard.py calls it.
import { readdir } from "node:fs/promises";

import { Guarded, startBrowser } from "./browser.mjs";

const folder = new URL("cases/", import.meta.url);
const [name, json] = process.argv.slice(2);

if (!name) {
	console.log((await readdir(folder)).map((file) => file.replace(/\.mjs$/, "")).sort().join("\n"));
	process.exit();
}

const { default: test } = await import(new URL(`${name}.mjs`, folder));
const given = json ? JSON.parse(json) : {};
let browser = null;
const opened = [];
let last = null;
try {
	await test({
		...given,
		open: async (origin, options) => {
			browser ??= await startBrowser();
			last = await Guarded.open(browser, origin, options);
			opened.push(last);
			return last;
		},
	});
	for (const page of opened)
		page.check();
} catch (error) {
	process.exitCode = 1;
	console.error(error.stack ?? error);
	for (const { problems } of opened)
		console.error([...new Set(problems)].join("\n"));
	await last?.shot(`failed-${name}`).catch(() => {});
} finally {
	await browser?.close();
}
