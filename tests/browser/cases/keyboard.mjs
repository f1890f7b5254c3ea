// SPDX-License-Identifier: MIT
//
// Without a mouse: everything can be reached, the focus is seen, and it is never lost.
import { api, equal, truth } from "../browser.mjs";

const focused = (page) => page.evaluate(() => document.activeElement?.id || document.activeElement?.className || document.activeElement?.tagName);

export default async function keyboard({ url, open }) {
	const { chains, total } = await api(url, "chains", { limit: 3 });
	truth(total >= 3, "the traffic of this test must hold three chains");
	const guarded = await open(url);
	const { page } = guarded;
	await page.waitForSelector("#list .row");

	await page.keyboard.press("Tab");
	equal(await page.evaluate(() => document.activeElement.className), "skip", "the first stop");
	await page.keyboard.press("Enter");
	await page.keyboard.press("j");
	await page.waitForFunction((id) => location.search.includes(`chain=${id}`), chains[0].id);
	await page.keyboard.press("j");
	await page.keyboard.press("ArrowDown"); // the list has the focus
	await page.waitForFunction((id) => location.search.includes(`chain=${id}`), chains[2].id);
	await page.keyboard.press("k");
	await page.waitForFunction((id) => location.search.includes(`chain=${id}`), chains[1].id);
	equal(await page.getAttribute("#list", "aria-activedescendant"), "row-1", "the list tells the row");
	equal(await page.getAttribute("#row-1", "aria-selected"), "true", "the row is selected");
	await page.waitForSelector(".hops");

	await page.focus("#list");
	const outline = await page.evaluate(() => getComputedStyle(document.getElementById("list")).outlineStyle);
	await page.keyboard.press("Home");
	await page.waitForFunction((id) => location.search.includes(`chain=${id}`), chains[0].id);
	truth(outline === "solid", `the focus on the list is not seen: ${outline}`);
	await page.keyboard.press("Enter");
	await page.waitForFunction(() => document.activeElement?.id === "chain-title");
	await page.keyboard.press("Tab");
	truth(await page.evaluate(() => document.getElementById("chain").contains(document.activeElement)), "Tab goes on in the chain");
	await page.keyboard.press("Escape");
	equal(await focused(page), "list", "Escape leads back to the list");
	await page.keyboard.press("Escape");
	await page.waitForFunction(() => !location.search.includes("chain="));
	equal(await focused(page), "list", "and stays there");

	await page.keyboard.press("/");
	equal(await focused(page), "filter", "/ leads to the filter");
	await page.keyboard.type("jk?");
	equal(await page.inputValue("#filter"), "jk?", "keys in the filter are text");
	await page.keyboard.press("Escape"); // completions, if there are any
	await page.keyboard.press("Escape");
	equal(await focused(page), "list", "Escape leaves the filter");
	await page.keyboard.press("?");
	await page.waitForSelector("#help[open]");
	await guarded.shot("help");
	await guarded.accessible("the help");
	await page.keyboard.press("Escape");
	await page.waitForSelector("#help:not([open])", { state: "attached" });

	// Every stop of Tab is one that can be seen.
	await page.focus("#filter");
	for (let i = 0; i < 25; i++) {
		await page.keyboard.press("Tab");
		const seen = await page.evaluate(() => {
			const node = document.activeElement;
			if (!node || node === document.body)
				return true;
			const { width, height } = node.getBoundingClientRect();
			const style = getComputedStyle(node);
			return width > 0 && height > 0 && style.outlineStyle !== "none" && style.opacity !== "0";
		});
		truth(seen, `the focus is not seen at ${await page.evaluate(() => document.activeElement.outerHTML.slice(0, 200))}`);
	}
}
