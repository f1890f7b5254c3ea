// SPDX-License-Identifier: MIT
//
// Deep links hold filter, order and chain; the back button takes each step back; a link opened anew shows the same.
import { api, equal, truth } from "../browser.mjs";

export default async function links({ url, open }) {
	const { chains } = await api(url, "chains", { filter: "verdict=error", order: "oldest", limit: 2 });
	const first = await open(url);
	const { page } = first;
	await page.waitForSelector("#list .row");
	await page.fill("#filter", "verdict=error");
	await page.press("#filter", "Enter");
	await page.waitForURL(/filter=verdict%3Derror/);
	await page.selectOption("#order", "oldest");
	await page.waitForURL(/order=oldest/);
	await page.waitForFunction((method) => document.querySelector("#list .row")?.textContent.includes(method), chains[0].method);
	await page.locator("#list .row").first().click();
	await page.waitForURL(/chain=/);
	await page.waitForSelector(".hops");
	const link = new URL(page.url());
	equal(link.searchParams.get("filter"), "verdict=error", "filter in the link");
	equal(link.searchParams.get("order"), "oldest", "order in the link");
	equal(link.searchParams.get("chain"), String(chains[0].id), "chain in the link");
	const title = await page.innerText("#chain-title");

	const second = await open(url, { path: link.pathname + link.search });
	await second.page.waitForSelector(".hops");
	equal(await second.page.innerText("#chain-title"), title, "the chain of the link");
	equal(await second.page.inputValue("#filter"), "verdict=error", "the filter of the link");
	equal(await second.page.inputValue("#order"), "oldest", "the order of the link");
	await second.page.waitForSelector("#list .row[aria-selected=true]");

	await page.goBack();
	await page.waitForFunction(() => !document.querySelector(".hops"));
	truth(!page.url().includes("chain="), "back: without the chain");
	await page.goBack();
	await page.waitForFunction(() => document.getElementById("order").value === "newest");
	await page.goBack();
	await page.waitForFunction(() => document.getElementById("filter").value === "");
	equal(new URL(page.url()).search, "", "back: to the beginning");
	await page.goForward();
	await page.waitForFunction(() => document.getElementById("filter").value === "verdict=error");

	const missing = await open(url, { path: "/?chain=999999999999" });
	missing.allow(/status of 404/);
	await missing.page.waitForFunction(() => document.getElementById("chain").textContent.includes("not in the store"));
}
