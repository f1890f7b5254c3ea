// SPDX-License-Identifier: MIT
//
// Screenshots in one dress, without serious violations; nothing sticks out of the screen.
import { api, equal, truth } from "../browser.mjs";

const DRESSES = {
	light: { options: { colorScheme: "light" } },
	dark: { options: { colorScheme: "dark" } },
	middle: { options: { viewport: { width: 1024, height: 768 } } },
	narrow: { options: { viewport: { width: 360, height: 740 }, hasTouch: true } },
	"narrow-dark": { options: { viewport: { width: 360, height: 740 }, hasTouch: true, colorScheme: "dark" } },
};

const sticksOut = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

export default async function looks({ url, dress, open }) {
	const { chains } = await api(url, "chains", { filter: "rule=method-not-preserved", limit: 1 });
	const guarded = await open(url, DRESSES[dress]);
	const { page } = guarded;
	await page.waitForSelector("#list .row");
	await page.waitForFunction(() => document.querySelector("#facets .only"));
	equal(await sticksOut(page), 0, "pixels that stick out of the list");
	await guarded.accessible("the list");
	await guarded.shot(`${dress}-list`);
	if (dress.startsWith("narrow")) {
		await page.click("#facets-toggle");
		await guarded.shot(`${dress}-facets`);
		await guarded.accessible("the facets");
		await page.click("#facets-toggle");
	}
	await page.goto(`${url}/?chain=${chains[0].id}`);
	await page.waitForSelector(".hops");
	await page.waitForSelector("#list .row", { state: "attached" });
	equal(await sticksOut(page), 0, "pixels that stick out of the chain");
	await guarded.accessible("a chain");
	await guarded.shot(`${dress}-chain`);
	if (dress.startsWith("narrow")) {
		truth(await page.locator("#chains").isHidden(), "a narrow screen shows the chain alone");
		await page.click(".back");
		await page.waitForFunction(() => !location.search.includes("chain="));
		truth(await page.locator("#chain").isHidden() && await page.locator("#chains").isVisible(), "and then the list alone");
	}
}
