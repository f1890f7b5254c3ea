// SPDX-License-Identifier: MIT
//
// The facets: they count, they narrow, they exclude, and they say what is chosen.
import { api, countSays, equal, truth } from "../browser.mjs";

const words = (n) => `${n.toLocaleString("en")} chain${n === 1 ? "" : "s"}`;

export default async function facets({ url, open }) {
	const all = (await api(url, "chains", { limit: 1 })).total;
	const { page } = await open(url);
	const only = (name) => page.locator("#facets .only", { hasText: name });
	const of = (n) => `${words(n)} of ${all.toLocaleString("en")}`;
	const errors = (await api(url, "chains", { filter: "verdict=error", limit: 1 })).total;
	await only("error").first().waitFor();
	equal((await only("error").first().locator(".number").innerText()), errors.toLocaleString("en"), "the facet's count");

	await only("error").first().click();
	await countSays(page, of(errors));
	equal(await page.inputValue("#filter"), "verdict=error", "the filter");
	await page.waitForSelector("#facets .only[aria-pressed=true]");

	const rule = "method-not-preserved";
	const both = (await api(url, "chains", { filter: `verdict=error and rule=${rule}`, limit: 1 })).total;
	await only(rule).first().click();
	await countSays(page, of(both));
	equal(await page.inputValue("#filter"), `verdict=error and rule=${rule}`, "the filter");
	equal(new URL(page.url()).searchParams.get("filter"), `verdict=error and rule=${rule}`, "the URL");

	await page.locator("#facets .only[aria-pressed=true]", { hasText: "error" }).first().click();
	await page.waitForFunction((filter) => document.getElementById("filter").value === filter, `rule=${rule}`);
	await page.locator("#facets .only[aria-pressed=true]", { hasText: rule }).first().click();
	await countSays(page, words(all));

	await page.locator("#facets li", { hasText: "error" }).first().hover();
	await page.locator("#facets li", { hasText: "error" }).first().locator(".without").click();
	await countSays(page, of(all - errors));
	equal(await page.inputValue("#filter"), "not verdict=error", "the filter");
	truth(errors > 0 && errors < all, "the traffic of this test must hold chains with errors, and others");
}
