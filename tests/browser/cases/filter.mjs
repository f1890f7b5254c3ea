// SPDX-License-Identifier: MIT
//
// The filter box: what matches is listed, what is wrong is shown at its column, fields and values are completed.
import { api, countSays, equal, truth } from "../browser.mjs";

const words = (n) => `${n.toLocaleString("en")} chain${n === 1 ? "" : "s"}`;

export default async function filter({ url, open }) {
	const all = (await api(url, "chains", { limit: 1 })).total;
	const guarded = await open(url);
	const { page } = guarded;
	await countSays(page, words(all));

	const bad = "rule=method-not-preserved";
	const some = (await api(url, "chains", { filter: bad, limit: 1 })).total;
	truth(some > 0 && some < all, "the traffic of this test must hold some chains with that rule, and others");
	await page.fill("#filter", bad);
	await page.press("#filter", "Enter");
	await countSays(page, `${words(some)} of ${all.toLocaleString("en")}`);
	equal(new URL(page.url()).searchParams.get("filter"), bad, "the URL");
	equal(await page.locator("#list .row").first().getAttribute("aria-setsize"), String(some), "rows");

	guarded.allow(/status of 400/); // what comes now is wrong
	await page.fill("#filter", "status=307 an host~shop");
	await page.press("#filter", "Enter");
	await page.waitForSelector("#filter-error p");
	const told = await page.innerText("#filter-error");
	truth(/Column 12:/.test(told), `the error is not at its column: ${told}`);
	equal(await page.getAttribute("#filter", "aria-invalid"), "true", "the box is marked");
	equal(await page.evaluate(() => document.getElementById("filter").selectionStart), 11, "the caret is where the error is");
	equal(await page.locator("#filter-error mark").innerText(), "a", "the character that is marked");
	await guarded.shot("filter-error");
	await guarded.accessible("with an error");
	equal(await page.locator("#list .row").first().getAttribute("aria-setsize"), String(some), "the old rows stay");

	await page.fill("#filter", "");
	await page.focus("#filter");
	await page.keyboard.type("verd");
	equal(await page.getAttribute("#filter", "aria-expanded"), "true", "completions are open");
	await guarded.shot("completion");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	equal(await page.inputValue("#filter"), "verdict=", "the field is completed");
	await page.keyboard.type("err");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Tab");
	equal(await page.inputValue("#filter"), "verdict=error ", "the value is completed");
	await page.keyboard.press("Enter");
	const errors = (await api(url, "chains", { filter: "verdict=error", limit: 1 })).total;
	await countSays(page, `${words(errors)} of ${all.toLocaleString("en")}`);
	equal(await page.innerText("#filter-error"), "", "no error is left");

	await page.fill("#filter", "host=nowhere.invalid");
	await page.press("#filter", "Enter");
	await page.waitForSelector("#empty:not([hidden])");
	truth((await page.innerText("#empty")).includes("No chain matches"), "what an empty list says");
	await page.click("#empty button");
	await countSays(page, words(all));
	equal(await page.inputValue("#filter"), "", "the box is empty");
}
