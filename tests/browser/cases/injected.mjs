// SPDX-License-Identifier: MIT
//
// Attacks that came by real traffic: every chain is opened, with all that can be opened in it, and nothing but text has come
// of it.
import { api, truth, unharmed } from "../browser.mjs";

export default async function injected({ url, words, open }) {
	const { chains, total } = await api(url, "chains", { limit: 100 });
	truth(total >= 3, "the traffic of this test must hold chains");
	const guarded = await open(url);
	const { page } = guarded;
	await page.waitForSelector("#list .row:not(:has(.coming))");
	await page.waitForSelector("#facets .only");
	await unharmed(page, "the list");
	let seen = await page.innerText("body");
	for (const chain of chains) {
		await page.keyboard.press("j");
		await page.waitForFunction((id) => document.getElementById("chain").dataset.chain === String(id), chain.id);
		for (const summary of await page.$$("#chain summary"))
			await summary.click();
		for (const more of await page.$$("#chain .more"))
			await more.click();
		await unharmed(page, `chain ${chain.id}`);
		seen += await page.innerText("body");
	}
	await guarded.shot("injected");
	for (const word of words)
		truth(seen.includes(word), `${JSON.stringify(word)} was not shown`);
}
